# What gcc makes of a switch, of calls, and of tail calls.
.gp 0xfffffc0000318000
.entry main
.text 0xfffffc0000310000
.func main
	ldgp $27
	lda sp,-16(sp)
	cmpule a0,4,t1
	stq ra,0(sp)
	mov a0,t0
	beq t1,default
	ldah t1,%hi(table)(gp)
	lda t1,%lo(table)(t1)
	s4addq t0,t1,t0
	ldl t0,0(t0)
	addq gp,t0,t0
	jmp zero,(t0),0x0
case0:
	ldq t12,%gp(got_leaf)(gp)
	jsr ra,(t12),0x0
	ldgp $26
	br zero,default
case1:
	bsr ra,helper.ng           # relaxed: skips the callee's ldgp
	br zero,default
case2:
	lda s0,3(zero)
loop:
	subq s0,1,s0
	bne s0,loop
default:
	ldq ra,0(sp)
	lda sp,16(sp)
	ret zero,(ra),0x1
case3:
	call_pal 0x81              # BUG(): line, file
	.long 0x123
	.long 0x4567
	.long 0xfffffc00
case4:
	ldq t12,%gp(got_die)(gp)
	jsr ra,(t12),0x0           # does not return
.end
	unop
.func helper
	ldgp $27
helper.ng:
	call_pal 0x36              # rdps
	ldq t12,%gp(got_leaf)(gp)
	jmp zero,(t12),0x0         # tail call
.end
.func leaf
	beq a0,inside
	br zero,main
.end
.func other
	nop
inside:
	ldq t0,0(a0)
	jmp zero,(t0),0x0          # not to be known
.end
.func die
	br zero,die
.end
.rodata 0xfffffc0000314000
table:
	.gprel32 case0
	.gprel32 case1
	.gprel32 case2
	.gprel32 case3
	.gprel32 case4
.long 0x10
.rodata 0xfffffc0000316000
got_leaf:
	.quad leaf
got_die:
	.quad die
