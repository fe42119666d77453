# A stripped program: functions come from prologues, calls, pointers and gaps.
.nosyms
.gp 0x120018000
.text 0x120000000
.entry start
start:
	br gp,next                     # how crt1.o begins
next:
	ldgp $29
	bsr ra,called
	call_pal 0x0
	unop
called:
	ret zero,(ra),0x1
prologue:                          # nobody calls it
	ldgp $27
	bsr ra,relaxed.ng
	ret zero,(ra),0x1
relaxed:
	ldgp $27
relaxed.ng:
	ret zero,(ra),0x1
pointed:                           # data points here
	addq a0,1,v0
	ret zero,(ra),0x1
	unop
gap:                               # nothing points here
	addq a0,2,v0
	ret zero,(ra),0x1
	.long 0x04000000               # no instruction
.data 0x120010000
	.quad pointed
