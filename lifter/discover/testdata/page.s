# Units that stay within a page of 8 KiB.
.options page hint=hinted
.gp 0x120018000
.entry crossing
.text 0x120001fe0
.func crossing
	lda sp,-16(sp)
back:
	addq t0,1,t0
	beq t0,far
	addq t0,2,t0
	ldq t1,0(sp)
hinted:
	addq t0,4,t0
	addq t0,5,t0
	bsr ra,sub                     # the last word of the page: its return site starts the next
	addq t0,6,t0
	bne t0,back
far:
	ret zero,(ra),0x1
.end
.func sub
	ret zero,(ra),0x1
.end
