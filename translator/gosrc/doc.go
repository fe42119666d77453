// Package gosrc turns promoted IR into Go source, through
// github.com/dave/jennifer. It is the back end for machines without LLVM.
//
// In: ir.Funcs in the promoted form. Out: files of Go packages, the same bytes for
// the same input. Each unit becomes one function of type gocode.Unit:
//
//	func u_fffffc0000310a40(c *gocode.CPU, pc uint64, n int64, depth int) (uint64, int64)
//
// Guest registers are locals, blocks are labels, and an edge is an assignment and a
// goto. The emitted code imports the standard library, runtime/gocode and
// runtime/abi. One package holds the variables through which units call each other
// (see Link), so that packages need not import each other.
//
//	emit.go    packages: the functions of a file, the table of functions
//	unit.go    a unit: its entries, blocks and terminals
//	leave.go   how a unit is left and calls others
//	scope.go   which values are variables, and where these are declared
//	expr.go    Go expressions with their precedence
//	ops.go     integer ops; float.go floating point; access.go memory
//
// Like translator/llvm at its cheap setting it spills registers before whatever
// may leave (ir/spill), so that side exits are returns and nothing more.
package gosrc
