package isa

const (
	// OpInvalid is a word that no Alpha implementation defines.
	OpInvalid Op = iota

	// Memory format.
	OpLDA
	OpLDAH
	OpLDBU
	OpLDWU
	OpLDL
	OpLDQ
	OpLDQU
	OpLDLL
	OpLDQL
	OpSTB
	OpSTW
	OpSTL
	OpSTQ
	OpSTQU
	OpSTLC
	OpSTQC
	OpLDF
	OpLDG
	OpLDS
	OpLDT
	OpSTF
	OpSTG
	OpSTS
	OpSTT

	// Branch format.
	OpBR
	OpBSR
	OpBEQ
	OpBNE
	OpBLT
	OpBLE
	OpBGT
	OpBGE
	OpBLBC
	OpBLBS
	OpFBEQ
	OpFBNE
	OpFBLT
	OpFBLE
	OpFBGT
	OpFBGE

	// Memory format with a hint: jumps.
	OpJMP
	OpJSR
	OpRET
	OpJSRCO

	// Integer arithmetic.
	OpADDL
	OpADDLV
	OpADDQ
	OpADDQV
	OpSUBL
	OpSUBLV
	OpSUBQ
	OpSUBQV
	OpS4ADDL
	OpS4ADDQ
	OpS8ADDL
	OpS8ADDQ
	OpS4SUBL
	OpS4SUBQ
	OpS8SUBL
	OpS8SUBQ
	OpCMPEQ
	OpCMPLT
	OpCMPLE
	OpCMPULT
	OpCMPULE
	OpCMPBGE
	OpMULL
	OpMULLV
	OpMULQ
	OpMULQV
	OpUMULH

	// Logical operations and conditional moves.
	OpAND
	OpBIC
	OpBIS
	OpORNOT
	OpXOR
	OpEQV
	OpCMOVEQ
	OpCMOVNE
	OpCMOVLT
	OpCMOVGE
	OpCMOVLE
	OpCMOVGT
	OpCMOVLBS
	OpCMOVLBC
	OpAMASK
	OpIMPLVER

	// Shifts and byte manipulation.
	OpSLL
	OpSRL
	OpSRA
	OpEXTBL
	OpEXTWL
	OpEXTLL
	OpEXTQL
	OpEXTWH
	OpEXTLH
	OpEXTQH
	OpINSBL
	OpINSWL
	OpINSLL
	OpINSQL
	OpINSWH
	OpINSLH
	OpINSQH
	OpMSKBL
	OpMSKWL
	OpMSKLL
	OpMSKQL
	OpMSKWH
	OpMSKLH
	OpMSKQH
	OpZAP
	OpZAPNOT

	// Extensions BWX, CIX and MVI.
	OpSEXTB
	OpSEXTW
	OpCTPOP
	OpCTLZ
	OpCTTZ
	OpPERR
	OpPKLB
	OpPKWB
	OpUNPKBL
	OpUNPKBW
	OpMINSB8
	OpMINSW4
	OpMINUB8
	OpMINUW4
	OpMAXUB8
	OpMAXUW4
	OpMAXSB8
	OpMAXSW4

	// Extension FIX.
	OpFTOIT
	OpFTOIS
	OpITOFF
	OpITOFS
	OpITOFT
	OpSQRTF
	OpSQRTG
	OpSQRTS
	OpSQRTT

	// Floating-point operates, VAX and IEEE.
	OpADDF
	OpADDG
	OpADDS
	OpADDT
	OpSUBF
	OpSUBG
	OpSUBS
	OpSUBT
	OpMULF
	OpMULG
	OpMULS
	OpMULT
	OpDIVF
	OpDIVG
	OpDIVS
	OpDIVT
	OpCMPGEQ
	OpCMPGLT
	OpCMPGLE
	OpCMPTUN
	OpCMPTEQ
	OpCMPTLT
	OpCMPTLE
	OpCVTQS
	OpCVTQT
	OpCVTTS
	OpCVTTQ
	OpCVTST
	OpCVTDG
	OpCVTGF
	OpCVTGD
	OpCVTGQ
	OpCVTQF
	OpCVTQG

	// Floating-point operates that are independent of the data type.
	OpCPYS
	OpCPYSN
	OpCPYSE
	OpMTFPCR
	OpMFFPCR
	OpFCMOVEQ
	OpFCMOVNE
	OpFCMOVLT
	OpFCMOVGE
	OpFCMOVLE
	OpFCMOVGT
	OpCVTLQ
	OpCVTQL

	// Memory format with a function code.
	OpTRAPB
	OpEXCB
	OpMB
	OpWMB
	OpFETCH
	OpFETCHM
	OpRPCC
	OpRC
	OpRS
	OpECB
	OpWH64
	OpWH64EN

	// PALcode: CALL_PAL and the opcodes reserved for PALcode.
	OpCALLPAL
	OpHWMFPR
	OpHWLD
	OpHWMTPR
	OpHWREI
	OpHWST

	numOps
)

// NumOps is the number of Op values, OpInvalid included: the length of an
// array indexed by Op.
const NumOps = int(numOps)
