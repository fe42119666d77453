package gosrc

import (
	"fmt"
	"strconv"

	"github.com/dave/jennifer/jen"

	"axpress/ir"
)

// expr is a Go expression. Its code must not be changed, as it may be used again.
type expr struct {
	code *jen.Statement
	prec int    // of its operator, as in the Go specification
	id   string // the name that it is; "" if it is more
	// size is how many operators it has, isConst that it is an untyped constant.
	size    int
	isConst bool
	// bits, of a floating-point number, is what its bits are an expression of.
	bits *expr
	// not is the opposite of a comparison; nil otherwise.
	not *jen.Statement
}

// Precedences beyond those of operators.
const precPrimary = 6

// precedence of the binary operators (The Go Programming Language Specification,
// "Operator precedence").
var precedence = map[string]int{
	"*": 5, "<<": 5, ">>": 5, "&": 5, "&^": 5, "/": 5,
	"+": 4, "-": 4, "|": 4, "^": 4,
	"==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3,
	"&&": 2, "||": 1,
}

func name(s string) expr { return expr{code: jen.Id(s), prec: precPrimary, id: s} }

// number is an untyped constant: in decimal if it is small.
func number(x uint64) expr {
	text := strconv.FormatUint(x, 10)
	if x >= 1024 {
		text = fmt.Sprintf("%#x", x)
	}
	return expr{code: jen.Id(text), prec: precPrimary, isConst: true}
}

func boolean(b bool) expr {
	return expr{code: jen.Id(strconv.FormatBool(b)), prec: precPrimary, isConst: true}
}

// within returns the code of x as operand of an operator of precedence prec.
func (x expr) within(prec int) *jen.Statement {
	if x.prec < prec {
		return jen.Parens(x.code)
	}
	return x.code
}

func binary(x expr, op string, y expr) expr {
	prec := precedence[op]
	return expr{code: jen.Add(x.within(prec)).Op(op).Add(y.within(prec + 1)), prec: prec, size: x.size + y.size + 1}
}

// opposite of the comparisons of integers.
var opposite = map[string]string{"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

// comparison is binary for a comparison of integers.
func comparison(x expr, op string, y expr) expr {
	e := binary(x, op, y)
	e.not = binary(x, opposite[op], y).code
	return e
}

// negation is the opposite of the condition x.
func negation(x expr) expr {
	if x.not != nil {
		return expr{code: x.not, prec: precedence["=="], size: x.size}
	}
	return unary("!", x)
}

func unary(op string, x expr) expr {
	return expr{code: jen.Op(op).Add(x.within(precPrimary)), prec: precPrimary, size: x.size + 1}
}

// call is a call of the function that fn names; conversions are calls.
func call(fn *jen.Statement, args ...expr) expr {
	size := 1
	var list []jen.Code
	for _, a := range args {
		list, size = append(list, a.code), size+a.size
	}
	return expr{code: jen.Add(fn).Call(list...), prec: precPrimary, size: size}
}

func convert(typ string, x expr) expr { return call(jen.Id(typ), x) }

// field is a field of x.
func field(x expr, f string) expr {
	return expr{code: jen.Add(x.within(precPrimary)).Dot(f), prec: precPrimary, size: x.size + 1}
}

// goType is the Go type of values of type t, signedType that of the same width with a
// sign.
func goType(t ir.Type) string {
	return map[ir.Type]string{ir.I1: "bool", ir.I8: "uint8", ir.I16: "uint16", ir.I32: "uint32", ir.I64: "uint64", ir.F32: "float32", ir.F64: "float64"}[t]
}

func signedType(t ir.Type) string { return fmt.Sprintf("int%d", t.Bits()) }

// runtimePath is what emitted code imports of ours.
const runtimePath = "axpress/runtime/gocode"

// lib names something of runtime/gocode.
func lib(s string) *jen.Statement { return jen.Qual(runtimePath, s) }
