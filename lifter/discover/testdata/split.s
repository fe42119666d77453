# A function that is too long for one unit, and a block that is.
.options max=12
.gp 0x120018000
.entry long
.text 0x120000000
.func long
	lda sp,-16(sp)
top:
	addq t0,1,t0
	.fill 4
	bsr ra,sub
	.fill 6
	bne t0,top
	.fill 3
	bsr ra,sub
	bne t0,top2
	.fill 2
top2:
	ret zero,(ra),0x1
.end
.func straight
	.fill 30
	ret zero,(ra),0x1
.end
.func sub
	ret zero,(ra),0x1
.end
