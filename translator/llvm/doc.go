// Package llvm turns promoted IR into LLVM IR text for LLVM 14 to 16 (typed pointers; see
// translator/toolchain), through github.com/llir/llvm.
//
// In: ir.Funcs in the promoted form. Out: one LLVM module. Each unit becomes one
// function of calling convention hhvmcc whose arguments and results are the host
// registers of runtime/abi, so calls between units move nothing.
//
// A guest memory access becomes host code in access.go, or at the full setting in
// window.go, with addresses checked as bases.go says; floating point is in float.go;
// how a unit is left is decided in leave.go and spill.go. At the full setting
// (Options.Hot) code is larger and faster; what can be left out of it is listed by
// Lowerings. Probe is a module that shows whether an LLVM has the convention.
//
// The package may not know how the text is compiled or where the code will live.
// `axpress ir FUNCTION --file F --llvm` shows its output.
package llvm
