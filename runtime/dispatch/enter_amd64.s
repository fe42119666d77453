#include "textflag.h"
#include "go_asm.h"

// Host registers at the boundaries of units (see runtime/abi, UnitArgs):
//   call:   BX instruction count, R12 State+bias, BP sp, R15 guest PC, DI a0, SI a1,
//           DX entry index
//   return: BX instruction count, BP sp, DI v0, SI the PC to go on at

// Floating-point exceptions: Go masks all, native code only inexact, so that what
// else happens faults.
DATA goMXCSR<>+0(SB)/4, $0x1f80
GLOBL goMXCSR<>(SB), RODATA|NOPTR, $4

// SETGS points GS to the window of the address space, if that is to be done here.
#define SETGS \
	MOVQ const_offGSBase(R12), AX \
	TESTQ AX, AX \
	JZ 2(PC) \
	WRGSBASEQ AX

// KERNELSTACK sets R8 to the host address of the kernel stack at CX, or goes to not
// if that is not plain, aligned RAM.
#define KERNELSTACK(not) \
	MOVQ CX, R8 \
	ADDQ const_offCheckedBias(R12), R8 \
	RORQ $3, R8 \
	CMPQ R8, const_offCheckedLimit(R12) \
	JCC  not \
	MOVQ CX, R8 \
	ADDQ const_offCheckedDelta(R12), R8

// CALLED ends a CALL_PAL.
#define CALLED \
	MOVQ $0, const_offLockFlag(R12) \
	MOVQ $0, const_offExitCode(R12) \
	INCQ BX

// func enter(s *abi.State)
// Enters EnterHost at EnterIndex and follows the jump cache until there is a
// reason to go back to Go; then PC holds the guest PC with its two low bits.
// If native code waits in a thunk instead, ExitCode is ExitHelper.
TEXT ·enter(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ s+0(FP), R12
	ADDQ $const_bias, R12
	MOVQ BP, const_offGoBP(R12)
	MOVQ SP, const_offGoSP(R12)
	MOVQ const_offStack(R12), SP
	MOVQ const_offIcount(R12), BX
	MOVQ const_offPC(R12), R15
	MOVQ const_offEnterIndex(R12), DX
	MOVQ const_offEnterHost(R12), R14
	SETGS
	LDMXCSR const_offMXCSR(R12)
go:
	MOVQ const_offR30(R12), BP
	MOVQ const_offR16(R12), DI
	MOVQ const_offR17(R12), SI
	CALL R14
	TESTQ $3, SI
	JNZ  pal
next:
	CMPQ BX, const_offLimit(R12)
	JGE  out
	MOVQ SI, R15
	MOVQ SI, R13
	SHLQ $3, R13
	ANDQ $const_jumpMask, R13
	MOVQ SI, AX
	XORQ const_offJumpKey(R12), AX
	CMPQ AX, const_offJump(R12)(R13*1)
	JNE  out
	MOVQ (const_offJump+8)(R12)(R13*1), R14
	MOVQ (const_offJump+16)(R12)(R13*1), DX
	JMP  go
	// CALL_PAL callsys and rti, where nothing special happens (palstubs/osf has all
	// of it). Nothing is changed before it is clear that they can be done here; they
	// are instructions, so not behind the limit.
pal:
	MOVQ SI, AX
	ANDQ $3, AX
	CMPQ AX, $1 // abi.PCExit
	JNE  out
	CMPQ const_offExitCode(R12), $const_exitCallPAL
	JNE  out
	CMPQ const_offFastPAL(R12), $0
	JEQ  out
	CMPQ BX, const_offLimit(R12)
	JGE  out
	CMPQ const_offExitArg(R12), $const_palCallsys
	JEQ  callsys
	CMPQ const_offExitArg(R12), $const_palRTI
	JNE  out
	TESTQ $const_psUser, const_offPS(R12)
	JNZ  out
	MOVQ const_offR30(R12), CX
	KERNELSTACK(out)
	MOVQ 0(R8), AX // new PS
	MOVQ AX, R9    // new IPL
	ANDQ $7, R9
	TESTQ $const_psUser, AX
	JZ   2(PC)
	XORQ R9, R9
	CMPQ const_offIRQLevel(R12), R9
	JHI  out
	MOVQ 16(R8), R10
	MOVQ R10, const_offR29(R12)
	MOVQ 24(R8), R10
	MOVQ R10, const_offR16(R12)
	MOVQ 32(R8), R10
	MOVQ R10, const_offR17(R12)
	MOVQ 40(R8), R10
	MOVQ R10, const_offR18(R12)
	ADDQ $48, CX
	XORQ R11, R11 // jump key
	TESTQ $const_psUser, AX
	JZ   left
	MOVQ $const_psUser, R9
	MOVQ CX, const_offKSP(R12)
	MOVQ const_offUSP(R12), CX
	MOVQ const_offASN(R12), R11
	SHLQ $const_jumpKeyASN, R11
	MOVQ const_offJumpGen(R12), R10
	SHLQ $const_jumpKeyGen, R10
	ORQ  R10, R11
	MOVQ $const_jumpKeyUser, R10
	ORQ  R10, R11
left:
	MOVQ CX, const_offR30(R12)
	MOVQ R9, const_offPS(R12)
	MOVQ R11, const_offJumpKey(R12)
	MOVQ 8(R8), SI
	ANDQ $~3, SI
	MOVQ $0, const_offIntrFlag(R12)
	INCQ const_offFastRTI(R12)
	TESTQ R9, const_offGSStale(R12)
	JZ   called
	CALLED
	JMP  out
callsys:
	MOVQ const_offPS(R12), AX
	TESTQ $const_psUser, AX
	JZ   out
	MOVQ const_offKSP(R12), CX
	SUBQ $48, CX
	KERNELSTACK(out)
	MOVQ AX, 0(R8)
	ANDQ $~3, SI
	ADDQ $4, SI
	MOVQ SI, 8(R8)
	MOVQ const_offR29(R12), R9
	MOVQ R9, 16(R8)
	MOVQ const_offR30(R12), R9
	MOVQ R9, const_offUSP(R12)
	MOVQ CX, const_offR30(R12)
	ANDQ $7, AX
	MOVQ AX, const_offPS(R12)
	MOVQ $0, const_offJumpKey(R12)
	MOVQ const_offKGP(R12), R9
	MOVQ R9, const_offR29(R12)
	MOVQ const_offEntSys(R12), SI
	INCQ const_offFastSys(R12)
called:
	CALLED
	JMP  next
out:
	LDMXCSR goMXCSR<>(SB)
	MOVQ BX, const_offIcount(R12)
	MOVQ SI, const_offPC(R12)
	MOVQ const_offGoSP(R12), SP
	MOVQ const_offGoBP(R12), BP
	RET

// func resume(s *abi.State)
// Goes back into the thunk that native code waits in.
TEXT ·resume(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ s+0(FP), R12
	ADDQ $const_bias, R12
	MOVQ BP, const_offGoBP(R12)
	MOVQ SP, const_offGoSP(R12)
	MOVQ const_offNativeSP(R12), SP
	SETGS
	LDMXCSR const_offMXCSR(R12)
	MOVOU 0x0(SP), X0
	MOVOU 0x10(SP), X1
	MOVOU 0x20(SP), X2
	MOVOU 0x30(SP), X3
	MOVOU 0x40(SP), X4
	MOVOU 0x50(SP), X5
	MOVOU 0x60(SP), X6
	MOVOU 0x70(SP), X7
	MOVOU 0x80(SP), X8
	MOVOU 0x90(SP), X9
	MOVOU 0xa0(SP), X10
	MOVOU 0xb0(SP), X11
	MOVOU 0xc0(SP), X12
	MOVOU 0xd0(SP), X13
	MOVOU 0xe0(SP), X14
	MOVOU 0xf0(SP), X15
	MOVQ  0x100(SP), R15
	MOVQ  0x108(SP), R14
	MOVQ  0x110(SP), R13
	MOVQ  0x118(SP), R11
	MOVQ  0x120(SP), R10
	MOVQ  0x128(SP), R9
	MOVQ  0x130(SP), R8
	MOVQ  0x138(SP), DI
	MOVQ  0x140(SP), SI
	MOVQ  0x148(SP), BP
	MOVQ  0x150(SP), BX
	MOVQ  0x158(SP), DX
	MOVQ  0x160(SP), CX
	LEAQ  0x168(SP), SP
	MOVQ const_offHelperVal(R12), AX
	BTQ  $0, const_offHelperFlt(R12)
	RET

// helper leaves native code for Go with HelperOp set. The stack holds the return
// address into native code; all registers but AX are kept there for resume.
TEXT helper<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ AX, const_offHelperVA(R12)
	MOVQ CX, const_offHelperVal(R12)
	LEAQ  -0x168(SP), SP
	MOVQ  R15, 0x100(SP)
	MOVQ  R14, 0x108(SP)
	MOVQ  R13, 0x110(SP)
	MOVQ  R11, 0x118(SP)
	MOVQ  R10, 0x120(SP)
	MOVQ  R9, 0x128(SP)
	MOVQ  R8, 0x130(SP)
	MOVQ  DI, 0x138(SP)
	MOVQ  SI, 0x140(SP)
	MOVQ  BP, 0x148(SP)
	MOVQ  BX, 0x150(SP)
	MOVQ  DX, 0x158(SP)
	MOVQ  CX, 0x160(SP)
	MOVOU X0, 0x0(SP)
	MOVOU X1, 0x10(SP)
	MOVOU X2, 0x20(SP)
	MOVOU X3, 0x30(SP)
	MOVOU X4, 0x40(SP)
	MOVOU X5, 0x50(SP)
	MOVOU X6, 0x60(SP)
	MOVOU X7, 0x70(SP)
	MOVOU X8, 0x80(SP)
	MOVOU X9, 0x90(SP)
	MOVOU X10, 0xa0(SP)
	MOVOU X11, 0xb0(SP)
	MOVOU X12, 0xc0(SP)
	MOVOU X13, 0xd0(SP)
	MOVOU X14, 0xe0(SP)
	MOVOU X15, 0xf0(SP)
	MOVQ SP, const_offNativeSP(R12)
	MOVQ $const_exitHelper, const_offExitCode(R12)
	LDMXCSR goMXCSR<>(SB)
	MOVQ const_offGoSP(R12), SP
	MOVQ const_offGoBP(R12), BP
	RET

// PROBE looks AX up in the soft TLB of the current mode, at table offset table
// and with alignment mask mask, and turns it into a host address; CX and DX are
// kept on the stack. It goes to slow on a miss, and if the window missed the page,
// so that Go may map it.
#define PROBE(table, mask) \
	PUSHQ CX \
	PUSHQ DX \
	CMPQ const_offWindowMiss(R12), $0 \
	JNE  slow \
	MOVQ const_offPS(R12), CX \
	ANDQ $8, CX \
	SHLQ $const_modeShift, CX \
	ADDQ R12, CX \
	MOVQ AX, DX \
	SHRQ $const_tlbShift, DX \
	ANDQ $const_tlbMask, DX \
	ADDQ DX, CX \
	MOVQ AX, DX \
	ANDQ $(const_pageMask+mask), DX \
	XORQ const_offASNTag(R12), DX \
	CMPQ DX, table(CX) \
	JNE  slow

// REFILL ends a thunk whose probe has missed: once more if the page tables say that
// the access may go to RAM, else by Go. CX and DX are on the stack.
#define REFILL(access, mask, op) \
	MOVQ $access, CX \
	MOVQ $mask, DX \
	CALL refill<>(SB) \
	POPQ DX \
	POPQ CX \
	JCC  again \
	MOVQ $op, const_offHelperOp(R12) \
	JMP  helper<>(SB)

// LEVEL goes from the table at physical address R9 to the next one (see mmu.walk), by
// the bits of AX from shift on.
#define LEVEL(shift) \
	MOVQ AX, R10 \
	SHRQ $shift, R10 \
	ANDQ $const_levelMask, R10 \
	LEAQ (R9)(R10*8), R9 \
	CMPQ R9, const_offRAMLimit(R12) \
	JCC  fail \
	ADDQ const_offRAMBase(R12), R9 \
	MOVQ (R9), R9

// TABLE makes the physical address in R9 of the page table that the entry in R9 is of.
#define TABLE \
	MOVQ R9, R10 \
	ANDQ $const_pteTable, R10 \
	CMPQ R10, $const_pteTable \
	JNE  fail \
	SHRQ $32, R9 \
	SHLQ $const_pageShift, R9

// refill enters the page of AX into the soft TLB of the current mode for access CX,
// with alignment mask DX, if it is a user address and the page tables allow a plain
// access to RAM; the carry flag tells if not. It changes CX and DX.
TEXT refill<>(SB), NOSPLIT|NOFRAME, $0
	LEAQ -24(SP), SP
	MOVQ R9, 0(SP)
	MOVQ R10, 8(SP)
	MOVQ R11, 16(SP)
	TESTQ DX, AX
	JNZ  fail
	CMPQ const_offWindowMiss(R12), $0
	JNE  fail
	TESTQ $const_fastRefill, const_offFastPAL(R12)
	JZ   fail
	MOVQ AX, R9
	SHRQ $const_windowBits, R9
	JNZ  fail
	MOVQ const_offPTBR(R12), R9
	SHLQ $const_pageShift, R9
	LEVEL(33)
	TABLE
	LEVEL(23)
	TABLE
	LEVEL(13)
	MOVQ const_offPS(R12), DX
	SHRQ $3, DX
	ANDQ $1, DX // mode
	// Wanted: valid, and the enable bit of mode and access; not wanted: the fault bit.
	SHLQ $2, CX
	ADDQ DX, CX
	MOVQ $const_pteEnable, R10
	SHLQ CX, R10
	SUBQ DX, CX
	SHRQ $2, CX
	ORQ  $1, R10
	MOVQ $2, R11
	SHLQ CX, R11
	ORQ  R10, R11
	ANDQ R9, R11
	CMPQ R11, R10
	JNE  fail
	SHRQ $32, R9
	SHLQ $const_pageShift, R9
	CMPQ R9, const_offRAMLimit(R12)
	JCC  fail
	SHLQ $const_modeStrideShift, DX
	SHLQ $const_accessShift, CX
	ADDQ CX, DX
	MOVQ AX, CX
	SHRQ $const_tlbShift, CX
	ANDQ $const_tlbMask, CX
	ADDQ DX, CX
	ADDQ R12, CX
	MOVQ AX, R10
	ANDQ $const_pageMask, R10
	ADDQ const_offRAMBase(R12), R9
	SUBQ R10, R9
	XORQ const_offASNTag(R12), R10
	MOVQ R10, const_offTLB(CX)
	MOVQ R9, (const_offTLB+8)(CX)
	MOVQ 0(SP), R9
	MOVQ 8(SP), R10
	MOVQ 16(SP), R11
	LEAQ 24(SP), SP
	CLC
	RET
fail:
	MOVQ 0(SP), R9
	MOVQ 8(SP), R10
	MOVQ 16(SP), R11
	LEAQ 24(SP), SP
	STC
	RET

#define LOAD_THUNK(mask, op, MOVE) \
again: \
	PROBE(const_offTLB, mask) \
	ADDQ (const_offTLB+8)(CX), AX \
	MOVE (AX), AX \
	POPQ DX \
	POPQ CX \
	CLC \
	RET \
slow: \
	REFILL(0, mask, op)

// A store keeps AX, so the host address goes to DX.
#define STORE_THUNK(mask, op, MOVE, SRC) \
again: \
	PROBE(const_offTLBWrite, mask) \
	MOVQ (const_offTLBWrite+8)(CX), DX \
	ADDQ AX, DX \
	MOVQ 8(SP), CX \
	MOVE SRC, (DX) \
	POPQ DX \
	POPQ CX \
	CLC \
	RET \
slow: \
	REFILL(1, mask, op)

// LDx_L and STx_C: see lowerLoadLocked and lowerStoreCond of translator/llvm.
#define LOAD_LOCKED_THUNK(mask, op, MOVE) \
again: \
	PROBE(const_offTLB, mask) \
	ADDQ (const_offTLB+8)(CX), AX \
	MOVQ AX, DX \
	SUBQ const_offRAMBase(R12), DX \
	MOVQ DX, const_offLockPA(R12) \
	MOVQ $1, const_offLockFlag(R12) \
	MOVE (AX), AX \
	MOVQ AX, const_offLockValue(R12) \
	POPQ DX \
	POPQ CX \
	CLC \
	RET \
slow: \
	REFILL(0, mask, op)

#define STORE_COND_THUNK(mask, op, CMPXCHG) \
again: \
	PROBE(const_offTLBWrite, mask) \
	MOVQ (const_offTLBWrite+8)(CX), DX \
	ADDQ AX, DX \
	MOVQ DX, CX \
	SUBQ const_offRAMBase(R12), CX \
	MOVQ const_offLockFlag(R12), AX \
	MOVQ $0, const_offLockFlag(R12) \
	TESTQ AX, AX \
	JEQ  done \
	XORL AX, AX \
	CMPQ CX, const_offLockPA(R12) \
	JNE  done \
	MOVQ const_offLockValue(R12), AX \
	MOVQ 8(SP), CX \
	LOCK \
	CMPXCHG CX, (DX) \
	SETEQ AL \
	MOVBLZX AL, AX \
done: \
	POPQ DX \
	POPQ CX \
	CLC \
	RET \
slow: \
	REFILL(1, mask, op)

// Where memory may be both read and written: DX and CX are as PROBE leaves them.
#define ATOMIC_THUNK(mask, op) \
again: \
	PROBE(const_offTLB, mask) \
	CMPQ DX, const_offTLBWrite(CX) \
	JNE  write \
	ADDQ (const_offTLBWrite+8)(CX), AX \
	POPQ DX \
	POPQ CX \
	CLC \
	RET \
slow: \
	REFILL(0, mask, op) \
write: \
	REFILL(1, mask, op)

TEXT load0<>(SB), NOSPLIT|NOFRAME, $0
	LOAD_THUNK(0, const_thunkLoad0, MOVBLZX)
TEXT load1<>(SB), NOSPLIT|NOFRAME, $0
	LOAD_THUNK(1, const_thunkLoad1, MOVWLZX)
TEXT load2<>(SB), NOSPLIT|NOFRAME, $0
	LOAD_THUNK(3, const_thunkLoad2, MOVL)
TEXT load3<>(SB), NOSPLIT|NOFRAME, $0
	LOAD_THUNK(7, const_thunkLoad3, MOVQ)
TEXT store0<>(SB), NOSPLIT|NOFRAME, $0
	STORE_THUNK(0, const_thunkStore0, MOVB, CX)
TEXT store1<>(SB), NOSPLIT|NOFRAME, $0
	STORE_THUNK(1, const_thunkStore1, MOVW, CX)
TEXT store2<>(SB), NOSPLIT|NOFRAME, $0
	STORE_THUNK(3, const_thunkStore2, MOVL, CX)
TEXT store3<>(SB), NOSPLIT|NOFRAME, $0
	STORE_THUNK(7, const_thunkStore3, MOVQ, CX)

#define GO_THUNK(op) \
	MOVQ $op, const_offHelperOp(R12) \
	JMP  helper<>(SB)

TEXT loadL2<>(SB), NOSPLIT|NOFRAME, $0
	LOAD_LOCKED_THUNK(3, const_thunkLoadL2, MOVL)
TEXT loadL3<>(SB), NOSPLIT|NOFRAME, $0
	LOAD_LOCKED_THUNK(7, const_thunkLoadL3, MOVQ)
TEXT storeC2<>(SB), NOSPLIT|NOFRAME, $0
	STORE_COND_THUNK(3, const_thunkStoreC2, CMPXCHGL)
TEXT storeC3<>(SB), NOSPLIT|NOFRAME, $0
	STORE_COND_THUNK(7, const_thunkStoreC3, CMPXCHGQ)
TEXT atomic2<>(SB), NOSPLIT|NOFRAME, $0
	ATOMIC_THUNK(3, const_thunkAtomic2)
TEXT atomic3<>(SB), NOSPLIT|NOFRAME, $0
	ATOMIC_THUNK(7, const_thunkAtomic3)
TEXT rpcc<>(SB), NOSPLIT|NOFRAME, $0
	GO_THUNK(const_thunkRPCC)
TEXT fpop<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ DX, const_offHelperInst(R12)
	GO_THUNK(const_thunkFPOp)

// func thunkTable(t *[abi.NumThunks]uint64)
// Fills t with the addresses of the thunks, in the order of abi.ThunkXxx.
#define ADDR(n, sym) \
	LEAQ sym<>(SB), AX \
	MOVQ AX, (n*8)(DI)

TEXT ·thunkTable(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ t+0(FP), DI
	ADDR(const_thunkLoad0, load0)
	ADDR(const_thunkLoad1, load1)
	ADDR(const_thunkLoad2, load2)
	ADDR(const_thunkLoad3, load3)
	ADDR(const_thunkStore0, store0)
	ADDR(const_thunkStore1, store1)
	ADDR(const_thunkStore2, store2)
	ADDR(const_thunkStore3, store3)
	ADDR(const_thunkLoadL2, loadL2)
	ADDR(const_thunkLoadL3, loadL3)
	ADDR(const_thunkStoreC2, storeC2)
	ADDR(const_thunkStoreC3, storeC3)
	ADDR(const_thunkAtomic2, atomic2)
	ADDR(const_thunkAtomic3, atomic3)
	ADDR(const_thunkRPCC, rpcc)
	ADDR(const_thunkFPOp, fpop)
	RET

// Offsets in the ucontext of a signal (asm/ucontext.h, asm/sigcontext.h).
#define UC_RSP 160
#define UC_RIP 168
#define UC_FPSTATE 224
#define FP_MXCSR 24

// hostFault is the handler of SIGSEGV and SIGFPE: DI signal, SI siginfo, DX
// ucontext, on the signal stack. If the instruction is in a fault table it goes on
// where that says, after a SIGSEGV with WindowMiss set, after a SIGFPE rounding to
// nearest; else the handler before it decides.
TEXT hostFault<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ UC_RIP(DX), AX
	LEAQ ·faultRegions(SB), R8
	MOVQ ·faultCount(SB), R9
region:
	TESTQ R9, R9
	JZ   other
	CMPQ AX, 0(R8)
	JCS  next
	CMPQ AX, 8(R8)
	JCC  next
	SUBQ 0(R8), AX
	MOVQ 16(R8), R10 // table
	XORQ BX, BX      // first row that may be it
	MOVQ 24(R8), CX  // first row that is not
search:
	CMPQ BX, CX
	JCC  other
	LEAQ (BX)(CX*1), R11
	SHRQ $1, R11
	MOVL (R10)(R11*8), R13
	CMPQ AX, R13
	JEQ  found
	JCS  below
	LEAQ 1(R11), BX
	JMP  search
below:
	MOVQ R11, CX
	JMP  search
found:
	MOVL 4(R10)(R11*8), R13
	ADDQ 0(R8), R13
	MOVQ R13, UC_RIP(DX)
	CMPL DI, $const_sigSEGV
	JNE  float
	MOVQ UC_RSP(DX), R12
	ANDQ $-const_stackBytes, R12
	MOVQ const_pageBytes(R12), R12 // see makeStack
	MOVQ $1, const_offWindowMiss(R12)
	RET
float:
	// The instruction may have rounded in another way; what comes now rounds to nearest.
	MOVQ UC_FPSTATE(DX), R11
	ANDL $~0x6000, FP_MXCSR(R11)
	RET
next:
	ADDQ $32, R8
	DECQ R9
	JMP  region
other:
	LEAQ ·next(SB), R8
	CMPL DI, $const_sigSEGV
	JEQ  2(PC)
	ADDQ $8, R8
	MOVQ (R8), AX
	JMP  AX

// func hostFaultHandler() uint64
TEXT ·hostFaultHandler(SB), NOSPLIT|NOFRAME, $0-8
	LEAQ hostFault<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET
