// Package llvm turns promoted IR into LLVM IR text for LLVM 14 (typed pointers),
// through github.com/llir/llvm.
//
// In: ir.Funcs in the promoted form. Out: one LLVM module. Each unit becomes one
// function of calling convention hhvmcc whose arguments and results are the host
// registers of runtime/abi, so calls between units move nothing. How a guest
// memory access becomes host code is decided in access.go alone, how a unit is
// left in leave.go.
//
// The package may not know how the text is compiled or where the code will live.
// `axpress ir FUNCTION --file F --llvm` shows its output.
package llvm
