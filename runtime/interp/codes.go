package interp

import "axpress/lifter/isa"

// The dense codes of decoded instructions. A trailing i is a literal in place of
// Rb. The zero value asks for decoding.
const (
	opUndecoded uint8 = iota
	opNop
	opLDA
	opLDAH
	opLDBU
	opLDWU
	opLDL
	opLDQ
	opLDQU
	opLDS
	opLDT
	opLDF
	opLDG
	opSTB
	opSTW
	opSTL
	opSTQ
	opSTQU
	opSTS
	opSTT
	opSTF
	opSTG
	opLDLL
	opLDQL
	opSTLC
	opSTQC
	opBR
	opBSR
	opBEQ
	opBNE
	opBLT
	opBGE
	opBLE
	opBGT
	opBLBS
	opBLBC
	opFBEQ
	opFBNE
	opFBLT
	opFBGE
	opFBLE
	opFBGT
	opJump
	opADDL
	opADDLi
	opADDQ
	opADDQi
	opSUBL
	opSUBLi
	opSUBQ
	opSUBQi
	opS4ADDL
	opS4ADDLi
	opS4ADDQ
	opS4ADDQi
	opS8ADDL
	opS8ADDLi
	opS8ADDQ
	opS8ADDQi
	opS4SUBL
	opS4SUBLi
	opS4SUBQ
	opS4SUBQi
	opS8SUBL
	opS8SUBLi
	opS8SUBQ
	opS8SUBQi
	opCMPEQ
	opCMPEQi
	opCMPLT
	opCMPLTi
	opCMPLE
	opCMPLEi
	opCMPULT
	opCMPULTi
	opCMPULE
	opCMPULEi
	opCMPBGE
	opCMPBGEi
	opMULL
	opMULLi
	opMULQ
	opMULQi
	opUMULH
	opUMULHi
	opAND
	opANDi
	opBIC
	opBICi
	opBIS
	opBISi
	opORNOT
	opORNOTi
	opXOR
	opXORi
	opEQV
	opEQVi
	opSLL
	opSLLi
	opSRL
	opSRLi
	opSRA
	opSRAi
	opZAP
	opZAPi
	opZAPNOT
	opZAPNOTi
	opEXTBL
	opEXTBLi
	opINSBL
	opINSBLi
	opMSKBL
	opMSKBLi
	opEXTWL
	opEXTWLi
	opINSWL
	opINSWLi
	opMSKWL
	opMSKWLi
	opEXTWH
	opEXTWHi
	opINSWH
	opINSWHi
	opMSKWH
	opMSKWHi
	opEXTLL
	opEXTLLi
	opINSLL
	opINSLLi
	opMSKLL
	opMSKLLi
	opEXTLH
	opEXTLHi
	opINSLH
	opINSLHi
	opMSKLH
	opMSKLHi
	opEXTQL
	opEXTQLi
	opINSQL
	opINSQLi
	opMSKQL
	opMSKQLi
	opEXTQH
	opEXTQHi
	opINSQH
	opINSQHi
	opMSKQH
	opMSKQHi
	opCMOVEQ
	opCMOVEQi
	opCMOVNE
	opCMOVNEi
	opCMOVLT
	opCMOVLTi
	opCMOVGE
	opCMOVGEi
	opCMOVLE
	opCMOVLEi
	opCMOVGT
	opCMOVGTi
	opCMOVLBS
	opCMOVLBSi
	opCMOVLBC
	opCMOVLBCi
	opAMASK
	opALU
	opALUi
	opIntV
	opIntVi
	opCPYS
	opCPYSN
	opITOFT
	opFTOIT
	opFPMove
	opFP
	opRPCC
	opFlag
	opMB
	opCallPAL
	opReserved
)

// form holds the codes of an operation: with a register and with a literal
// operand. Zero: the operation has no code of its own.
type form struct{ reg, lit uint8 }

var forms = [isa.NumOps]form{
	isa.OpADDL:    {opADDL, opADDLi},
	isa.OpADDQ:    {opADDQ, opADDQi},
	isa.OpSUBL:    {opSUBL, opSUBLi},
	isa.OpSUBQ:    {opSUBQ, opSUBQi},
	isa.OpS4ADDL:  {opS4ADDL, opS4ADDLi},
	isa.OpS4ADDQ:  {opS4ADDQ, opS4ADDQi},
	isa.OpS8ADDL:  {opS8ADDL, opS8ADDLi},
	isa.OpS8ADDQ:  {opS8ADDQ, opS8ADDQi},
	isa.OpS4SUBL:  {opS4SUBL, opS4SUBLi},
	isa.OpS4SUBQ:  {opS4SUBQ, opS4SUBQi},
	isa.OpS8SUBL:  {opS8SUBL, opS8SUBLi},
	isa.OpS8SUBQ:  {opS8SUBQ, opS8SUBQi},
	isa.OpCMPEQ:   {opCMPEQ, opCMPEQi},
	isa.OpCMPLT:   {opCMPLT, opCMPLTi},
	isa.OpCMPLE:   {opCMPLE, opCMPLEi},
	isa.OpCMPULT:  {opCMPULT, opCMPULTi},
	isa.OpCMPULE:  {opCMPULE, opCMPULEi},
	isa.OpCMPBGE:  {opCMPBGE, opCMPBGEi},
	isa.OpMULL:    {opMULL, opMULLi},
	isa.OpMULQ:    {opMULQ, opMULQi},
	isa.OpUMULH:   {opUMULH, opUMULHi},
	isa.OpAND:     {opAND, opANDi},
	isa.OpBIC:     {opBIC, opBICi},
	isa.OpBIS:     {opBIS, opBISi},
	isa.OpORNOT:   {opORNOT, opORNOTi},
	isa.OpXOR:     {opXOR, opXORi},
	isa.OpEQV:     {opEQV, opEQVi},
	isa.OpSLL:     {opSLL, opSLLi},
	isa.OpSRL:     {opSRL, opSRLi},
	isa.OpSRA:     {opSRA, opSRAi},
	isa.OpZAP:     {opZAP, opZAPi},
	isa.OpZAPNOT:  {opZAPNOT, opZAPNOTi},
	isa.OpEXTBL:   {opEXTBL, opEXTBLi},
	isa.OpINSBL:   {opINSBL, opINSBLi},
	isa.OpMSKBL:   {opMSKBL, opMSKBLi},
	isa.OpEXTWL:   {opEXTWL, opEXTWLi},
	isa.OpINSWL:   {opINSWL, opINSWLi},
	isa.OpMSKWL:   {opMSKWL, opMSKWLi},
	isa.OpEXTWH:   {opEXTWH, opEXTWHi},
	isa.OpINSWH:   {opINSWH, opINSWHi},
	isa.OpMSKWH:   {opMSKWH, opMSKWHi},
	isa.OpEXTLL:   {opEXTLL, opEXTLLi},
	isa.OpINSLL:   {opINSLL, opINSLLi},
	isa.OpMSKLL:   {opMSKLL, opMSKLLi},
	isa.OpEXTLH:   {opEXTLH, opEXTLHi},
	isa.OpINSLH:   {opINSLH, opINSLHi},
	isa.OpMSKLH:   {opMSKLH, opMSKLHi},
	isa.OpEXTQL:   {opEXTQL, opEXTQLi},
	isa.OpINSQL:   {opINSQL, opINSQLi},
	isa.OpMSKQL:   {opMSKQL, opMSKQLi},
	isa.OpEXTQH:   {opEXTQH, opEXTQHi},
	isa.OpINSQH:   {opINSQH, opINSQHi},
	isa.OpMSKQH:   {opMSKQH, opMSKQHi},
	isa.OpCMOVEQ:  {opCMOVEQ, opCMOVEQi},
	isa.OpCMOVNE:  {opCMOVNE, opCMOVNEi},
	isa.OpCMOVLT:  {opCMOVLT, opCMOVLTi},
	isa.OpCMOVGE:  {opCMOVGE, opCMOVGEi},
	isa.OpCMOVLE:  {opCMOVLE, opCMOVLEi},
	isa.OpCMOVGT:  {opCMOVGT, opCMOVGTi},
	isa.OpCMOVLBS: {opCMOVLBS, opCMOVLBSi},
	isa.OpCMOVLBC: {opCMOVLBC, opCMOVLBCi},
	isa.OpAMASK:   {opAMASK, opLDA},
	isa.OpIMPLVER: {opLDA, opLDA},
	isa.OpLDA:     {reg: opLDA},
	isa.OpLDAH:    {reg: opLDAH},
	isa.OpLDBU:    {reg: opLDBU},
	isa.OpLDWU:    {reg: opLDWU},
	isa.OpLDL:     {reg: opLDL},
	isa.OpLDQ:     {reg: opLDQ},
	isa.OpSTB:     {reg: opSTB},
	isa.OpSTW:     {reg: opSTW},
	isa.OpSTL:     {reg: opSTL},
	isa.OpSTQ:     {reg: opSTQ},
	isa.OpLDQU:    {reg: opLDQU},
	isa.OpLDS:     {reg: opLDS},
	isa.OpLDT:     {reg: opLDT},
	isa.OpLDF:     {reg: opLDF},
	isa.OpLDG:     {reg: opLDG},
	isa.OpSTQU:    {reg: opSTQU},
	isa.OpSTS:     {reg: opSTS},
	isa.OpSTT:     {reg: opSTT},
	isa.OpSTF:     {reg: opSTF},
	isa.OpSTG:     {reg: opSTG},
	isa.OpLDLL:    {reg: opLDLL},
	isa.OpLDQL:    {reg: opLDQL},
	isa.OpSTLC:    {reg: opSTLC},
	isa.OpSTQC:    {reg: opSTQC},
	isa.OpBR:      {reg: opBR},
	isa.OpBSR:     {reg: opBSR},
	isa.OpCPYS:    {reg: opCPYS},
	isa.OpCPYSN:   {reg: opCPYSN},
	isa.OpITOFT:   {reg: opITOFT},
	isa.OpFTOIT:   {reg: opFTOIT},
	isa.OpBEQ:     {reg: opBEQ},
	isa.OpBNE:     {reg: opBNE},
	isa.OpBLT:     {reg: opBLT},
	isa.OpBGE:     {reg: opBGE},
	isa.OpBLE:     {reg: opBLE},
	isa.OpBGT:     {reg: opBGT},
	isa.OpBLBS:    {reg: opBLBS},
	isa.OpBLBC:    {reg: opBLBC},
	isa.OpFBEQ:    {reg: opFBEQ},
	isa.OpFBNE:    {reg: opFBNE},
	isa.OpFBLT:    {reg: opFBLT},
	isa.OpFBGE:    {reg: opFBGE},
	isa.OpFBLE:    {reg: opFBLE},
	isa.OpFBGT:    {reg: opFBGT},
	isa.OpJMP:     {reg: opJump},
	isa.OpJSR:     {reg: opJump},
	isa.OpRET:     {reg: opJump},
	isa.OpJSRCO:   {reg: opJump},
	isa.OpRPCC:    {reg: opRPCC},
	isa.OpRC:      {reg: opFlag},
	isa.OpRS:      {reg: opFlag},
	isa.OpMB:      {reg: opMB},
	isa.OpCALLPAL: {reg: opCallPAL},
}
