// Package hostcode reads translated code back: the host instructions of a unit, where
// its entries lead, how long its loops are.
//
// In: an artefact. Out: decoded units (golang.org/x/arch does the decoding), and a
// listing of them with the names of the guest's functions, of thunks, and of the fields
// of abi.State that instructions touch. It is for people and for tests that count host
// instructions; nothing that runs depends on it.
//
// Artefacts do not say how long a unit's code is, nor where its jump tables are: both
// are found by following the code (unit.go). So what is read is what LLVM writes, not
// any x86 code.
//
//	axpress disasm --host FILE FUNCTION    shows its output
package hostcode
