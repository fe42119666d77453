// Package isa is the one table of the Alpha architecture: one line per
// encoding (table.go), and what follows from it.
//
// In: 32-bit instruction words, or assembler text. Out: decoded instructions
// (Inst), what each operation reads, writes and may raise (Info), text in the
// form of GNU objdump, and words again.
//
//	Decode    word -> Inst           never fails; an undefined word is OpInvalid
//	Encode    Inst -> word           the inverse of Decode on canonical words
//	Disasm    Inst -> text           equal to alpha-linux-gnu-objdump -d
//	Assemble  text -> word           one line, the syntax that Disasm writes
//	Random    -> Inst                a valid encoding drawn from the table
//	Table     -> []Row               the table itself, for a support page
//
// The package is a leaf: it knows the encoding and the operands of an
// instruction, not its semantics, which stand twice elsewhere on purpose
// (runtime/interp and lifter/lift). Whether an implementation has an extension
// is not decided here either: Info.Ext names it and the user compares.
//
// Sources: Alpha Architecture Handbook, version 4 (EC-QD2KC-TE), chapters 3 and
// 4 for formats and operands, appendix C for the encodings; section numbers in
// the table are that book's. The text form is that of GNU binutils, checked
// word by word in objdump_test.go.
//
// Words that the Handbook leaves UNPREDICTABLE: where a field must be R31 or
// F31 (converts, square roots, SEXTx, register moves) and is not, the word is
// OpInvalid, as it is for QEMU and objdump; so is MT_FPCR or MF_FPCR with
// three fields that are not equal, as for objdump. The should-be-zero bits 15:13
// of the operate format's register form (but for FTOIx, where they belong to
// the function code) and the unused register fields of opcode 18 are ignored,
// as QEMU ignores them.
//
// All package variables are tables, written once during initialisation.
package isa
