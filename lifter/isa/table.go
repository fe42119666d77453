package isa

// row is one line of the table: one encoding, qualifier forms included.
type row struct {
	op       Op
	opcode   uint8  // bits 31:26
	fn       uint16 // function code where the format has one; FormatFPOp: that of the unqualified form
	name     string
	format   Format
	operands operands
	quals    qualSet
	class    Class
	ext      Ext
	size     uint8 // bytes of the memory access
	faults   Faults
	section  string // Alpha Architecture Handbook
}

const (
	fmtM = FormatMem
	fmtF = FormatMemFunc
	fmtB = FormatBranch
	fmtJ = FormatJump
	fmtO = FormatOpr
	fmtP = FormatFPOp

	fltByte = FaultMem
	fltMem  = FaultMem | FaultAlign
	fltFMem = FaultMem | FaultAlign | FaultFEN
	fltFP   = FaultArith | FaultFEN
	fltFEN  = FaultFEN
)

// table is the Alpha architecture. Order: opcode, then function code.
var table = [...]row{
	{OpCALLPAL, 0x00, 0x000, "call_pal", FormatPAL, opndPAL, qNone, ClassPAL, ExtBase, 0, FaultPAL, "4.11.2"},

	{OpLDA, 0x08, 0x000, "lda", fmtM, opndAddr, qNone, ClassAddr, ExtBase, 0, 0, "4.2.1"},
	{OpLDAH, 0x09, 0x000, "ldah", fmtM, opndAddr, qNone, ClassAddr, ExtBase, 0, 0, "4.2.1"},
	{OpLDBU, 0x0a, 0x000, "ldbu", fmtM, opndLoad, qNone, ClassLoad, ExtBWX, 1, fltByte, "4.2.2"},
	{OpLDQU, 0x0b, 0x000, "ldq_u", fmtM, opndLoad, qNone, ClassLoad, ExtBase, 8, fltByte, "4.2.3"},
	{OpLDWU, 0x0c, 0x000, "ldwu", fmtM, opndLoad, qNone, ClassLoad, ExtBWX, 2, fltMem, "4.2.2"},
	{OpSTW, 0x0d, 0x000, "stw", fmtM, opndStore, qNone, ClassStore, ExtBWX, 2, fltMem, "4.2.6"},
	{OpSTB, 0x0e, 0x000, "stb", fmtM, opndStore, qNone, ClassStore, ExtBWX, 1, fltByte, "4.2.6"},
	{OpSTQU, 0x0f, 0x000, "stq_u", fmtM, opndStore, qNone, ClassStore, ExtBase, 8, fltByte, "4.2.7"},

	{OpADDL, 0x10, 0x000, "addl", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.1"},
	{OpS4ADDL, 0x10, 0x002, "s4addl", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.2"},
	{OpSUBL, 0x10, 0x009, "subl", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.13"},
	{OpS4SUBL, 0x10, 0x00b, "s4subl", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.14"},
	{OpCMPBGE, 0x10, 0x00f, "cmpbge", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.1"},
	{OpS8ADDL, 0x10, 0x012, "s8addl", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.2"},
	{OpS8SUBL, 0x10, 0x01b, "s8subl", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.14"},
	{OpCMPULT, 0x10, 0x01d, "cmpult", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.6"},
	{OpADDQ, 0x10, 0x020, "addq", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.3"},
	{OpS4ADDQ, 0x10, 0x022, "s4addq", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.4"},
	{OpSUBQ, 0x10, 0x029, "subq", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.15"},
	{OpS4SUBQ, 0x10, 0x02b, "s4subq", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.16"},
	{OpCMPEQ, 0x10, 0x02d, "cmpeq", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.5"},
	{OpS8ADDQ, 0x10, 0x032, "s8addq", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.4"},
	{OpS8SUBQ, 0x10, 0x03b, "s8subq", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.16"},
	{OpCMPULE, 0x10, 0x03d, "cmpule", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.6"},
	{OpADDLV, 0x10, 0x040, "addl/v", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, FaultIOV, "4.4.1"},
	{OpSUBLV, 0x10, 0x049, "subl/v", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, FaultIOV, "4.4.13"},
	{OpCMPLT, 0x10, 0x04d, "cmplt", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.5"},
	{OpADDQV, 0x10, 0x060, "addq/v", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, FaultIOV, "4.4.3"},
	{OpSUBQV, 0x10, 0x069, "subq/v", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, FaultIOV, "4.4.15"},
	{OpCMPLE, 0x10, 0x06d, "cmple", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.4.5"},

	{OpAND, 0x11, 0x000, "and", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.5.1"},
	{OpBIC, 0x11, 0x008, "bic", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.5.1"},
	{OpCMOVLBS, 0x11, 0x014, "cmovlbs", fmtO, opndCMov, qNone, ClassCMov, ExtBase, 0, 0, "4.5.2"},
	{OpCMOVLBC, 0x11, 0x016, "cmovlbc", fmtO, opndCMov, qNone, ClassCMov, ExtBase, 0, 0, "4.5.2"},
	{OpBIS, 0x11, 0x020, "bis", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.5.1"},
	{OpCMOVEQ, 0x11, 0x024, "cmoveq", fmtO, opndCMov, qNone, ClassCMov, ExtBase, 0, 0, "4.5.2"},
	{OpCMOVNE, 0x11, 0x026, "cmovne", fmtO, opndCMov, qNone, ClassCMov, ExtBase, 0, 0, "4.5.2"},
	{OpORNOT, 0x11, 0x028, "ornot", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.5.1"},
	{OpXOR, 0x11, 0x040, "xor", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.5.1"},
	{OpCMOVLT, 0x11, 0x044, "cmovlt", fmtO, opndCMov, qNone, ClassCMov, ExtBase, 0, 0, "4.5.2"},
	{OpCMOVGE, 0x11, 0x046, "cmovge", fmtO, opndCMov, qNone, ClassCMov, ExtBase, 0, 0, "4.5.2"},
	{OpEQV, 0x11, 0x048, "eqv", fmtO, opndRRR, qNone, ClassInt, ExtBase, 0, 0, "4.5.1"},
	{OpAMASK, 0x11, 0x061, "amask", fmtO, opndRR, qNone, ClassInt, ExtBase, 0, 0, "4.11.1"},
	{OpCMOVLE, 0x11, 0x064, "cmovle", fmtO, opndCMov, qNone, ClassCMov, ExtBase, 0, 0, "4.5.2"},
	{OpCMOVGT, 0x11, 0x066, "cmovgt", fmtO, opndCMov, qNone, ClassCMov, ExtBase, 0, 0, "4.5.2"},
	{OpIMPLVER, 0x11, 0x06c, "implver", fmtO, opndImplver, qNone, ClassInt, ExtBase, 0, 0, "4.11.6"},

	{OpMSKBL, 0x12, 0x002, "mskbl", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.4"},
	{OpEXTBL, 0x12, 0x006, "extbl", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.2"},
	{OpINSBL, 0x12, 0x00b, "insbl", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.3"},
	{OpMSKWL, 0x12, 0x012, "mskwl", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.4"},
	{OpEXTWL, 0x12, 0x016, "extwl", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.2"},
	{OpINSWL, 0x12, 0x01b, "inswl", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.3"},
	{OpMSKLL, 0x12, 0x022, "mskll", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.4"},
	{OpEXTLL, 0x12, 0x026, "extll", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.2"},
	{OpINSLL, 0x12, 0x02b, "insll", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.3"},
	{OpZAP, 0x12, 0x030, "zap", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.6"},
	{OpZAPNOT, 0x12, 0x031, "zapnot", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.6"},
	{OpMSKQL, 0x12, 0x032, "mskql", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.4"},
	{OpSRL, 0x12, 0x034, "srl", fmtO, opndRRR, qNone, ClassShift, ExtBase, 0, 0, "4.5.3"},
	{OpEXTQL, 0x12, 0x036, "extql", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.2"},
	{OpSLL, 0x12, 0x039, "sll", fmtO, opndRRR, qNone, ClassShift, ExtBase, 0, 0, "4.5.3"},
	{OpINSQL, 0x12, 0x03b, "insql", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.3"},
	{OpSRA, 0x12, 0x03c, "sra", fmtO, opndRRR, qNone, ClassShift, ExtBase, 0, 0, "4.5.4"},
	{OpMSKWH, 0x12, 0x052, "mskwh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.4"},
	{OpINSWH, 0x12, 0x057, "inswh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.3"},
	{OpEXTWH, 0x12, 0x05a, "extwh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.2"},
	{OpMSKLH, 0x12, 0x062, "msklh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.4"},
	{OpINSLH, 0x12, 0x067, "inslh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.3"},
	{OpEXTLH, 0x12, 0x06a, "extlh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.2"},
	{OpMSKQH, 0x12, 0x072, "mskqh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.4"},
	{OpINSQH, 0x12, 0x077, "insqh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.3"},
	{OpEXTQH, 0x12, 0x07a, "extqh", fmtO, opndRRR, qNone, ClassByte, ExtBase, 0, 0, "4.6.2"},

	{OpMULL, 0x13, 0x000, "mull", fmtO, opndRRR, qNone, ClassMul, ExtBase, 0, 0, "4.4.10"},
	{OpMULQ, 0x13, 0x020, "mulq", fmtO, opndRRR, qNone, ClassMul, ExtBase, 0, 0, "4.4.11"},
	{OpUMULH, 0x13, 0x030, "umulh", fmtO, opndRRR, qNone, ClassMul, ExtBase, 0, 0, "4.4.12"},
	{OpMULLV, 0x13, 0x040, "mull/v", fmtO, opndRRR, qNone, ClassMul, ExtBase, 0, FaultIOV, "4.4.10"},
	{OpMULQV, 0x13, 0x060, "mulq/v", fmtO, opndRRR, qNone, ClassMul, ExtBase, 0, FaultIOV, "4.4.11"},

	{OpITOFS, 0x14, 0x004, "itofs", fmtP, opndIntToFP, qNone, ClassFPMove, ExtFIX, 0, fltFEN, "4.10.19"},
	{OpITOFF, 0x14, 0x014, "itoff", fmtP, opndIntToFP, qNone, ClassFPMove, ExtFIX, 0, fltFEN, "4.10.19"},
	{OpITOFT, 0x14, 0x024, "itoft", fmtP, opndIntToFP, qNone, ClassFPMove, ExtFIX, 0, fltFEN, "4.10.19"},
	{OpSQRTF, 0x14, 0x08a, "sqrtf", fmtP, opndFF, qVAX, ClassFPOp, ExtFIX, 0, fltFP, "4.10.22"},
	{OpSQRTS, 0x14, 0x08b, "sqrts", fmtP, opndFF, qIEEE, ClassFPOp, ExtFIX, 0, fltFP, "4.10.23"},
	{OpSQRTG, 0x14, 0x0aa, "sqrtg", fmtP, opndFF, qVAX, ClassFPOp, ExtFIX, 0, fltFP, "4.10.22"},
	{OpSQRTT, 0x14, 0x0ab, "sqrtt", fmtP, opndFF, qIEEE, ClassFPOp, ExtFIX, 0, fltFP, "4.10.23"},

	{OpADDF, 0x15, 0x080, "addf", fmtP, opndFFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.5"},
	{OpSUBF, 0x15, 0x081, "subf", fmtP, opndFFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.24"},
	{OpMULF, 0x15, 0x082, "mulf", fmtP, opndFFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.20"},
	{OpDIVF, 0x15, 0x083, "divf", fmtP, opndFFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.16"},
	{OpCVTDG, 0x15, 0x09e, "cvtdg", fmtP, opndFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.11"},
	{OpADDG, 0x15, 0x0a0, "addg", fmtP, opndFFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.5"},
	{OpSUBG, 0x15, 0x0a1, "subg", fmtP, opndFFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.24"},
	{OpMULG, 0x15, 0x0a2, "mulg", fmtP, opndFFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.20"},
	{OpDIVG, 0x15, 0x0a3, "divg", fmtP, opndFFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.16"},
	{OpCMPGEQ, 0x15, 0x0a5, "cmpgeq", fmtP, opndFFF, qVAXCmp, ClassFPOp, ExtVAX, 0, fltFP, "4.10.7"},
	{OpCMPGLT, 0x15, 0x0a6, "cmpglt", fmtP, opndFFF, qVAXCmp, ClassFPOp, ExtVAX, 0, fltFP, "4.10.7"},
	{OpCMPGLE, 0x15, 0x0a7, "cmpgle", fmtP, opndFFF, qVAXCmp, ClassFPOp, ExtVAX, 0, fltFP, "4.10.7"},
	{OpCVTGF, 0x15, 0x0ac, "cvtgf", fmtP, opndFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.11"},
	{OpCVTGD, 0x15, 0x0ad, "cvtgd", fmtP, opndFF, qVAX, ClassFPOp, ExtVAX, 0, fltFP, "4.10.11"},
	{OpCVTGQ, 0x15, 0x0af, "cvtgq", fmtP, opndFF, qVAXInt, ClassFPOp, ExtVAX, 0, fltFP, "4.10.9"},
	{OpCVTQF, 0x15, 0x0bc, "cvtqf", fmtP, opndFF, qVAXFrom, ClassFPOp, ExtVAX, 0, fltFP, "4.10.10"},
	{OpCVTQG, 0x15, 0x0be, "cvtqg", fmtP, opndFF, qVAXFrom, ClassFPOp, ExtVAX, 0, fltFP, "4.10.10"},

	{OpADDS, 0x16, 0x080, "adds", fmtP, opndFFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.6"},
	{OpSUBS, 0x16, 0x081, "subs", fmtP, opndFFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.25"},
	{OpMULS, 0x16, 0x082, "muls", fmtP, opndFFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.21"},
	{OpDIVS, 0x16, 0x083, "divs", fmtP, opndFFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.17"},
	{OpADDT, 0x16, 0x0a0, "addt", fmtP, opndFFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.6"},
	{OpSUBT, 0x16, 0x0a1, "subt", fmtP, opndFFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.25"},
	{OpMULT, 0x16, 0x0a2, "mult", fmtP, opndFFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.21"},
	{OpDIVT, 0x16, 0x0a3, "divt", fmtP, opndFFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.17"},
	{OpCMPTUN, 0x16, 0x0a4, "cmptun", fmtP, opndFFF, qIEEECmp, ClassFPOp, ExtBase, 0, fltFP, "4.10.8"},
	{OpCMPTEQ, 0x16, 0x0a5, "cmpteq", fmtP, opndFFF, qIEEECmp, ClassFPOp, ExtBase, 0, fltFP, "4.10.8"},
	{OpCMPTLT, 0x16, 0x0a6, "cmptlt", fmtP, opndFFF, qIEEECmp, ClassFPOp, ExtBase, 0, fltFP, "4.10.8"},
	{OpCMPTLE, 0x16, 0x0a7, "cmptle", fmtP, opndFFF, qIEEECmp, ClassFPOp, ExtBase, 0, fltFP, "4.10.8"},
	{OpCVTTS, 0x16, 0x0ac, "cvtts", fmtP, opndFF, qIEEE, ClassFPOp, ExtBase, 0, fltFP, "4.10.15"},
	{OpCVTTQ, 0x16, 0x0af, "cvttq", fmtP, opndFF, qIEEEInt, ClassFPOp, ExtBase, 0, fltFP, "4.10.12"},
	{OpCVTQS, 0x16, 0x0bc, "cvtqs", fmtP, opndFF, qFromInt, ClassFPOp, ExtBase, 0, fltFP, "4.10.13"},
	{OpCVTQT, 0x16, 0x0be, "cvtqt", fmtP, opndFF, qFromInt, ClassFPOp, ExtBase, 0, fltFP, "4.10.13"},
	{OpCVTST, 0x16, 0x2ac, "cvtst", fmtP, opndFF, qCVTST, ClassFPOp, ExtBase, 0, fltFP, "4.10.14"},

	{OpCVTLQ, 0x17, 0x010, "cvtlq", fmtP, opndFF, qNone, ClassFPOp, ExtBase, 0, fltFEN, "4.10.2"},
	{OpCPYS, 0x17, 0x020, "cpys", fmtP, opndFFF, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.1"},
	{OpCPYSN, 0x17, 0x021, "cpysn", fmtP, opndFFF, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.1"},
	{OpCPYSE, 0x17, 0x022, "cpyse", fmtP, opndFFF, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.1"},
	{OpMTFPCR, 0x17, 0x024, "mt_fpcr", fmtP, opndToFPCR, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.4"},
	{OpMFFPCR, 0x17, 0x025, "mf_fpcr", fmtP, opndFromFPCR, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.4"},
	{OpFCMOVEQ, 0x17, 0x02a, "fcmoveq", fmtP, opndFCMov, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.3"},
	{OpFCMOVNE, 0x17, 0x02b, "fcmovne", fmtP, opndFCMov, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.3"},
	{OpFCMOVLT, 0x17, 0x02c, "fcmovlt", fmtP, opndFCMov, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.3"},
	{OpFCMOVGE, 0x17, 0x02d, "fcmovge", fmtP, opndFCMov, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.3"},
	{OpFCMOVLE, 0x17, 0x02e, "fcmovle", fmtP, opndFCMov, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.3"},
	{OpFCMOVGT, 0x17, 0x02f, "fcmovgt", fmtP, opndFCMov, qNone, ClassFPMove, ExtBase, 0, fltFEN, "4.10.3"},
	{OpCVTQL, 0x17, 0x030, "cvtql", fmtP, opndFF, qCVTQL, ClassFPOp, ExtBase, 0, fltFP, "4.10.2"},

	{OpTRAPB, 0x18, 0x000, "trapb", fmtF, opndNone, qNone, ClassBarrier, ExtBase, 0, 0, "4.11.9"},
	{OpEXCB, 0x18, 0x400, "excb", fmtF, opndNone, qNone, ClassBarrier, ExtBase, 0, 0, "4.11.4"},
	{OpMB, 0x18, 0x4000, "mb", fmtF, opndNone, qNone, ClassBarrier, ExtBase, 0, 0, "4.11.7"},
	{OpWMB, 0x18, 0x4400, "wmb", fmtF, opndNone, qNone, ClassBarrier, ExtBase, 0, 0, "4.11.12"},
	{OpFETCH, 0x18, 0x8000, "fetch", fmtF, opndCacheBlock, qNone, ClassMisc, ExtBase, 0, 0, "4.11.5"},
	{OpFETCHM, 0x18, 0xa000, "fetch_m", fmtF, opndCacheBlock, qNone, ClassMisc, ExtBase, 0, 0, "4.11.5"},
	{OpRPCC, 0x18, 0xc000, "rpcc", fmtF, opndRPCC, qNone, ClassMisc, ExtBase, 0, 0, "4.11.8"},
	{OpRC, 0x18, 0xe000, "rc", fmtF, opndFlag, qNone, ClassMisc, ExtBase, 0, 0, "4.12.1"},
	{OpECB, 0x18, 0xe800, "ecb", fmtF, opndCacheBlock, qNone, ClassMisc, ExtBase, 0, 0, "4.11.3"},
	{OpRS, 0x18, 0xf000, "rs", fmtF, opndFlag, qNone, ClassMisc, ExtBase, 0, 0, "4.12.1"},
	{OpWH64, 0x18, 0xf800, "wh64", fmtF, opndCacheBlock, qNone, ClassMisc, ExtBase, 0, 0, "4.11.10"},
	{OpWH64EN, 0x18, 0xfc00, "wh64en", fmtF, opndCacheBlock, qNone, ClassMisc, ExtBase, 0, 0, "4.11.11"},

	{OpHWMFPR, 0x19, 0x000, "hw_mfpr", FormatPALRes, opndPALRes, qNone, ClassPALRes, ExtPAL, 0, FaultDEC, "6.6"},

	{OpJMP, 0x1a, 0x000, "jmp", fmtJ, opndJump, qNone, ClassJump, ExtBase, 0, 0, "4.3.3"},
	{OpJSR, 0x1a, 0x001, "jsr", fmtJ, opndJump, qNone, ClassJump, ExtBase, 0, 0, "4.3.3"},
	{OpRET, 0x1a, 0x002, "ret", fmtJ, opndRet, qNone, ClassJump, ExtBase, 0, 0, "4.3.3"},
	{OpJSRCO, 0x1a, 0x003, "jsr_coroutine", fmtJ, opndRet, qNone, ClassJump, ExtBase, 0, 0, "4.3.3"},

	{OpHWLD, 0x1b, 0x000, "hw_ld", FormatPALRes, opndPALRes, qNone, ClassPALRes, ExtPAL, 0, FaultDEC, "6.6"},

	{OpSEXTB, 0x1c, 0x000, "sextb", fmtO, opndRR, qNone, ClassByte, ExtBWX, 0, 0, "4.6.5"},
	{OpSEXTW, 0x1c, 0x001, "sextw", fmtO, opndRR, qNone, ClassByte, ExtBWX, 0, 0, "4.6.5"},
	{OpCTPOP, 0x1c, 0x030, "ctpop", fmtO, opndRRReg, qNone, ClassInt, ExtCIX, 0, 0, "4.4.8"},
	{OpPERR, 0x1c, 0x031, "perr", fmtO, opndRRRReg, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.2"},
	{OpCTLZ, 0x1c, 0x032, "ctlz", fmtO, opndRRReg, qNone, ClassInt, ExtCIX, 0, 0, "4.4.7"},
	{OpCTTZ, 0x1c, 0x033, "cttz", fmtO, opndRRReg, qNone, ClassInt, ExtCIX, 0, 0, "4.4.9"},
	{OpUNPKBW, 0x1c, 0x034, "unpkbw", fmtO, opndRRReg, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.4"},
	{OpUNPKBL, 0x1c, 0x035, "unpkbl", fmtO, opndRRReg, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.4"},
	{OpPKWB, 0x1c, 0x036, "pkwb", fmtO, opndRRReg, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.3"},
	{OpPKLB, 0x1c, 0x037, "pklb", fmtO, opndRRReg, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.3"},
	{OpMINSB8, 0x1c, 0x038, "minsb8", fmtO, opndRRR, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.1"},
	{OpMINSW4, 0x1c, 0x039, "minsw4", fmtO, opndRRR, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.1"},
	{OpMINUB8, 0x1c, 0x03a, "minub8", fmtO, opndRRR, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.1"},
	{OpMINUW4, 0x1c, 0x03b, "minuw4", fmtO, opndRRR, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.1"},
	{OpMAXUB8, 0x1c, 0x03c, "maxub8", fmtO, opndRRR, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.1"},
	{OpMAXUW4, 0x1c, 0x03d, "maxuw4", fmtO, opndRRR, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.1"},
	{OpMAXSB8, 0x1c, 0x03e, "maxsb8", fmtO, opndRRR, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.1"},
	{OpMAXSW4, 0x1c, 0x03f, "maxsw4", fmtO, opndRRR, qNone, ClassMVI, ExtMVI, 0, 0, "4.13.1"},
	{OpFTOIT, 0x1c, 0x070, "ftoit", fmtO, opndFPToInt, qNone, ClassFPMove, ExtFIX, 0, fltFEN, "4.10.18"},
	{OpFTOIS, 0x1c, 0x078, "ftois", fmtO, opndFPToInt, qNone, ClassFPMove, ExtFIX, 0, fltFEN, "4.10.18"},

	{OpHWMTPR, 0x1d, 0x000, "hw_mtpr", FormatPALRes, opndPALRes, qNone, ClassPALRes, ExtPAL, 0, FaultDEC, "6.6"},
	{OpHWREI, 0x1e, 0x000, "hw_rei", FormatPALRes, opndPALRes, qNone, ClassPALRes, ExtPAL, 0, FaultDEC, "6.6"},
	{OpHWST, 0x1f, 0x000, "hw_st", FormatPALRes, opndPALRes, qNone, ClassPALRes, ExtPAL, 0, FaultDEC, "6.6"},

	{OpLDF, 0x20, 0x000, "ldf", fmtM, opndFLoad, qNone, ClassFPLoad, ExtVAX, 4, fltFMem, "4.8.1"},
	{OpLDG, 0x21, 0x000, "ldg", fmtM, opndFLoad, qNone, ClassFPLoad, ExtVAX, 8, fltFMem, "4.8.2"},
	{OpLDS, 0x22, 0x000, "lds", fmtM, opndFLoad, qNone, ClassFPLoad, ExtBase, 4, fltFMem, "4.8.3"},
	{OpLDT, 0x23, 0x000, "ldt", fmtM, opndFLoad, qNone, ClassFPLoad, ExtBase, 8, fltFMem, "4.8.4"},
	{OpSTF, 0x24, 0x000, "stf", fmtM, opndFStore, qNone, ClassFPStore, ExtVAX, 4, fltFMem, "4.8.5"},
	{OpSTG, 0x25, 0x000, "stg", fmtM, opndFStore, qNone, ClassFPStore, ExtVAX, 8, fltFMem, "4.8.6"},
	{OpSTS, 0x26, 0x000, "sts", fmtM, opndFStore, qNone, ClassFPStore, ExtBase, 4, fltFMem, "4.8.7"},
	{OpSTT, 0x27, 0x000, "stt", fmtM, opndFStore, qNone, ClassFPStore, ExtBase, 8, fltFMem, "4.8.8"},

	{OpLDL, 0x28, 0x000, "ldl", fmtM, opndLoad, qNone, ClassLoad, ExtBase, 4, fltMem, "4.2.2"},
	{OpLDQ, 0x29, 0x000, "ldq", fmtM, opndLoad, qNone, ClassLoad, ExtBase, 8, fltMem, "4.2.2"},
	{OpLDLL, 0x2a, 0x000, "ldl_l", fmtM, opndLoad, qNone, ClassLoadLocked, ExtBase, 4, fltMem, "4.2.4"},
	{OpLDQL, 0x2b, 0x000, "ldq_l", fmtM, opndLoad, qNone, ClassLoadLocked, ExtBase, 8, fltMem, "4.2.4"},
	{OpSTL, 0x2c, 0x000, "stl", fmtM, opndStore, qNone, ClassStore, ExtBase, 4, fltMem, "4.2.6"},
	{OpSTQ, 0x2d, 0x000, "stq", fmtM, opndStore, qNone, ClassStore, ExtBase, 8, fltMem, "4.2.6"},
	{OpSTLC, 0x2e, 0x000, "stl_c", fmtM, opndStoreCond, qNone, ClassStoreCond, ExtBase, 4, fltMem, "4.2.5"},
	{OpSTQC, 0x2f, 0x000, "stq_c", fmtM, opndStoreCond, qNone, ClassStoreCond, ExtBase, 8, fltMem, "4.2.5"},

	{OpBR, 0x30, 0x000, "br", fmtB, opndLink, qNone, ClassBranch, ExtBase, 0, 0, "4.3.2"},
	{OpFBEQ, 0x31, 0x000, "fbeq", fmtB, opndFTest, qNone, ClassFPBranch, ExtBase, 0, fltFEN, "4.9.1"},
	{OpFBLT, 0x32, 0x000, "fblt", fmtB, opndFTest, qNone, ClassFPBranch, ExtBase, 0, fltFEN, "4.9.1"},
	{OpFBLE, 0x33, 0x000, "fble", fmtB, opndFTest, qNone, ClassFPBranch, ExtBase, 0, fltFEN, "4.9.1"},
	{OpBSR, 0x34, 0x000, "bsr", fmtB, opndLink, qNone, ClassBranch, ExtBase, 0, 0, "4.3.2"},
	{OpFBNE, 0x35, 0x000, "fbne", fmtB, opndFTest, qNone, ClassFPBranch, ExtBase, 0, fltFEN, "4.9.1"},
	{OpFBGE, 0x36, 0x000, "fbge", fmtB, opndFTest, qNone, ClassFPBranch, ExtBase, 0, fltFEN, "4.9.1"},
	{OpFBGT, 0x37, 0x000, "fbgt", fmtB, opndFTest, qNone, ClassFPBranch, ExtBase, 0, fltFEN, "4.9.1"},
	{OpBLBC, 0x38, 0x000, "blbc", fmtB, opndTest, qNone, ClassBranch, ExtBase, 0, 0, "4.3.1"},
	{OpBEQ, 0x39, 0x000, "beq", fmtB, opndTest, qNone, ClassBranch, ExtBase, 0, 0, "4.3.1"},
	{OpBLT, 0x3a, 0x000, "blt", fmtB, opndTest, qNone, ClassBranch, ExtBase, 0, 0, "4.3.1"},
	{OpBLE, 0x3b, 0x000, "ble", fmtB, opndTest, qNone, ClassBranch, ExtBase, 0, 0, "4.3.1"},
	{OpBLBS, 0x3c, 0x000, "blbs", fmtB, opndTest, qNone, ClassBranch, ExtBase, 0, 0, "4.3.1"},
	{OpBNE, 0x3d, 0x000, "bne", fmtB, opndTest, qNone, ClassBranch, ExtBase, 0, 0, "4.3.1"},
	{OpBGE, 0x3e, 0x000, "bge", fmtB, opndTest, qNone, ClassBranch, ExtBase, 0, 0, "4.3.1"},
	{OpBGT, 0x3f, 0x000, "bgt", fmtB, opndTest, qNone, ClassBranch, ExtBase, 0, 0, "4.3.1"},
}
