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
	opS8ADDQ
	opS8ADDQi
	opS4SUBQ
	opS4SUBQi
	opS8SUBQ
	opS8SUBQi
	opCMPEQ
	opCMPEQi
	opCMPLT
	opCMPLTi
	opCMPLE
	opCMPLEi
	opCMPULT
	opCMPULE
	opCMPULEi
	opCMPBGE
	opMULL
	opMULQ
	opMULQi
	opUMULH
	opAND
	opANDi
	opBIC
	opBICi
	opBIS
	opBISi
	opORNOT
	opXOR
	opXORi
	opSLL
	opSLLi
	opSRL
	opSRLi
	opSRA
	opSRAi
	opZAPNOTi
	opEXTBL
	opINSBL
	opMSKBL
	opEXTWL
	opEXTWLi
	opINSWL
	opMSKWL
	opEXTQL
	opINSQL
	opMSKQL
	opEXTQH
	opINSQH
	opMSKQH
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
	isa.OpS8ADDL:  {reg: opS8ADDL},
	isa.OpS8ADDQ:  {opS8ADDQ, opS8ADDQi},
	isa.OpS4SUBQ:  {opS4SUBQ, opS4SUBQi},
	isa.OpS8SUBQ:  {opS8SUBQ, opS8SUBQi},
	isa.OpCMPEQ:   {opCMPEQ, opCMPEQi},
	isa.OpCMPLT:   {opCMPLT, opCMPLTi},
	isa.OpCMPLE:   {opCMPLE, opCMPLEi},
	isa.OpCMPULT:  {reg: opCMPULT},
	isa.OpCMPULE:  {opCMPULE, opCMPULEi},
	isa.OpCMPBGE:  {reg: opCMPBGE},
	isa.OpMULL:    {reg: opMULL},
	isa.OpMULQ:    {opMULQ, opMULQi},
	isa.OpUMULH:   {reg: opUMULH},
	isa.OpAND:     {opAND, opANDi},
	isa.OpBIC:     {opBIC, opBICi},
	isa.OpBIS:     {opBIS, opBISi},
	isa.OpORNOT:   {reg: opORNOT},
	isa.OpXOR:     {opXOR, opXORi},
	isa.OpSLL:     {opSLL, opSLLi},
	isa.OpSRL:     {opSRL, opSRLi},
	isa.OpSRA:     {opSRA, opSRAi},
	isa.OpZAPNOT:  {lit: opZAPNOTi},
	isa.OpEXTBL:   {reg: opEXTBL},
	isa.OpINSBL:   {reg: opINSBL},
	isa.OpMSKBL:   {reg: opMSKBL},
	isa.OpEXTWL:   {opEXTWL, opEXTWLi},
	isa.OpINSWL:   {reg: opINSWL},
	isa.OpMSKWL:   {reg: opMSKWL},
	isa.OpEXTQL:   {reg: opEXTQL},
	isa.OpINSQL:   {reg: opINSQL},
	isa.OpMSKQL:   {reg: opMSKQL},
	isa.OpEXTQH:   {reg: opEXTQH},
	isa.OpINSQH:   {reg: opINSQH},
	isa.OpMSKQH:   {reg: opMSKQH},
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
