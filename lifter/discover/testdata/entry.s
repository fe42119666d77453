# Hand-written code as in the kernel's entry.S.
.locals
.gp 0xfffffc0000318000
.entry entSys
.text 0xfffffc0000310000
.func entSys
	lda sp,-64(sp)
	ldq t12,0(t0)
	jsr ra,(t12),0x0
	ldgp $26
	blt v0,syscall_error
.global ret_from_sys_call
	ldq t0,8(t8)
	bne t0,work_pending
restore_all:
	bsr t0,undo_switch_stack       # returns to t0
	lda sp,64(sp)
	call_pal 0x3f                  # rti
work_pending:
	br zero,restore_all
.end
syscall_error:
	br zero,ret_from_sys_call
undo_switch_stack:
	ret zero,(t0),0x1
.global ret_from_fork
	jsr_coroutine ra,(t12),0x0
	br zero,ret_from_sys_call
lonely:
	call_pal 0x36
	ret zero,(ra),0x1
	.fill 3
.global text_end
	nop
