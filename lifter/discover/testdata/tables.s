# Jump tables that are harder to see.
.gp 0x120028000
.text 0x120000000
.entry biased
.func biased                      # the check is on a0-3, the index is a0
	ldgp $27
	lda t0,-3(a0)
	cmpult t0,2,t1
	bne t1,b_in
	ret zero,(ra),0x1
b_in:
	ldah t2,%hi(table)(gp)
	lda t2,%lo(table)(t2)
	s4addq a0,t2,t3
	ldl t3,-12(t3)
	addq t3,gp,t3
	jmp zero,(t3),0x0
b0:
	nop
b1:
	ret zero,(ra),0x1
.end
.func loop                        # the table's address was computed before the loop, a byte is the index
	ldgp $27
	ldah s2,%hi(table2)(gp)
	lda s2,%lo(table2)(s2)
again:
	ldq_u t0,0(s0)
	extbl t0,s0,t1
	cmpule t1,1,t1
	lda s0,1(s0)
	beq t1,again
	bsr ra,callee                  # $11 survives
	lda s0,-1(s0)
	extbl t0,s0,t0
	and t0,1,t0
	s4addq t0,s2,t0
	ldl t0,0(t0)
	addq gp,t0,t0
	jmp zero,(t0),0x0
l0:
	br zero,again
l1:
	ret zero,(ra),0x1
.end
.func spilled                     # the table's address was spilled
	ldgp $27
	ldah t0,%hi(table3)(gp)
	lda t0,%lo(table3)(t0)
	stq t0,0(sp)
	bsr ra,callee
	ldq t0,0(sp)
	cmpule a0,3,t1
	beq t1,s3
	s4addq a0,t0,t0
	ldl t0,0(t0)
	addq gp,t0,t0
	jmp zero,(t0),0x0
s0:
	nop
s1:
	nop
s2:
	nop
s3:
	ret zero,(ra),0x1
.end
.func goto                        # computed goto
	ldgp $27
	ldah t2,%hi(labels)(gp)
	lda t2,%lo(labels)(t2)
	s8addq a0,t2,t0
	ldq t0,0(t0)
	jmp zero,(t0),0x0
g0:
	s8addq a1,t2,t0
	ldq t0,0(t0)
	jmp zero,(t0),0x0
g1:
	ret zero,(ra),0x1
g2:
	jmp zero,(a5),0x0              # unresolved: what data points at may follow
.end
.func offsets                     # computed goto in position-independent code
	ldgp $27
	ldah t1,%hi(o0)(gp)
	lda t1,%lo(o0)(t1)
	ldah t2,%hi(offs)(gp)
	lda t2,%lo(offs)(t2)
	zapnot a0,0xf,a0
	cmpult a0,2,t3
	beq t3,o1
	s4addq a0,t2,t2
	ldl t2,0(t2)
	addq t1,t2,t1
	jmp zero,(t1),0x0
o0:
	nop
o1:
	ret zero,(ra),0x1
.end
.func callee
	ret zero,(ra),0x1
.end
.rodata 0x120020000
table:
	.gprel32 b0
	.gprel32 b1
table2:
	.gprel32 l0
	.gprel32 l1
table3:
	.gprel32 s0
	.gprel32 s1
	.gprel32 s2
	.gprel32 s3
offs:
	.diff32 o0 o0
	.diff32 o1 o0
labels:
	.quad g0
	.quad g1
	.quad g2
	.long 7
