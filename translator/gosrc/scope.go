package gosrc

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"axpress/ir"
)

// maxFold is how many operators an expression has at most: longer ones are read, and
// compiled, no better.
const maxFold = 5

// scopes decides where values live: a pure value with a single use, in its own block,
// becomes part of the expression that uses it; others are variables of their block,
// or of the function if other blocks use them.
type scopes struct {
	uses  []int  // by value ID
	outer []bool // used in a block that is not its own, or a parameter
}

func findScopes(cfg *ir.CFG, values int) *scopes {
	s := &scopes{uses: make([]int, values), outer: make([]bool, values)}
	for _, b := range cfg.Order {
		use := func(v *ir.Value) {
			s.uses[v.ID]++
			if v.Block != b {
				s.outer[v.ID] = true
			}
		}
		snap := func(rs []ir.RegValue) {
			for _, r := range rs {
				use(r.Val)
			}
		}
		for _, p := range b.Params {
			s.outer[p.ID] = true
		}
		for _, v := range b.Vals {
			for _, a := range v.Args {
				use(a)
			}
			snap(v.Snap)
		}
		for _, v := range []*ir.Value{b.Term.Cond, b.Term.Target} {
			if v != nil {
				use(v)
			}
		}
		if b.Term.Flows() {
			b.Term.Edges(func(e *ir.Edge) {
				for _, a := range e.Args {
					use(a)
				}
			})
		}
		snap(b.Term.Snap)
	}
	return s
}

// variable is the name of the variable of v.
func variable(v *ir.Value) string { return fmt.Sprintf("v%d", v.ID) }

// ref is v as an operand: a constant, an expression that is folded into its use, or a
// variable, which then counts as used.
func (u *unit) ref(v *ir.Value) expr {
	if x := u.exprs[v.ID]; x.code != nil {
		u.pending = append(u.pending, u.within[v.ID]...)
		return x
	}
	u.pending = append(u.pending, v.ID)
	return name(variable(v))
}

// add appends a statement to the body. The variables that were referred to since the
// last one are used by it.
func (u *unit) add(code ...jen.Code) {
	u.body = append(u.body, code...)
	for _, id := range u.pending {
		u.read[id] = true
	}
	u.pending = u.pending[:0]
}

// stable is ref, but never a constant: operations on constants alone would be
// computed by the Go compiler, which refuses those that overflow.
func (u *unit) stable(v *ir.Value) expr {
	x := u.ref(v)
	if !x.isConst {
		return x
	}
	return u.keep(convert(goType(v.Type), x))
}

// keep makes x the value of a variable, if it is not just a name or a constant, and returns that.
func (u *unit) keep(x expr) expr {
	if x.id != "" || x.isConst {
		return x
	}
	u.temporaries++
	k := fmt.Sprintf("t%d", u.temporaries)
	u.local(jen.Id(k).Op(":=").Add(x.code))
	return name(k)
}

// local adds the declaration of a variable of the block.
func (u *unit) local(code *jen.Statement) {
	u.scoped = true
	u.add(code)
}

// operands are the arguments of v; at least one is no constant.
func (u *unit) operands(v *ir.Value) (x [3]expr) {
	constants := true
	for i, a := range v.Args {
		x[i] = u.ref(a)
		constants = constants && x[i].isConst
	}
	if constants && len(v.Args) > 0 {
		x[0] = u.stable(v.Args[0])
	}
	return x
}

// define makes x the value of v: as an expression, or as a variable.
func (u *unit) define(v *ir.Value, x expr) {
	switch {
	case u.scopes.uses[v.ID] == 0:
		u.pending = u.pending[:0]
	case x.isConst || u.scopes.uses[v.ID] == 1 && !u.scopes.outer[v.ID] && x.size <= maxFold:
		u.exprs[v.ID] = x
		u.within[v.ID] = slices.Clone(u.pending)
		u.pending = u.pending[:0]
	default:
		u.assign(v, x.code)
	}
}

// assign makes code the value of v's variable. Code that has an effect is assigned
// to nothing if nobody wants its result.
func (u *unit) assign(v *ir.Value, code *jen.Statement) {
	switch {
	case u.scopes.uses[v.ID] == 0 && isRead(v):
	case u.scopes.uses[v.ID] == 0:
		u.add(jen.Id("_").Op("=").Add(code))
	case u.scopes.outer[v.ID]:
		u.declared = append(u.declared, declaration{v, len(u.body)})
		u.add(jen.Id(variable(v)).Op("=").Add(code))
	default:
		u.declare(v, jen.Id(variable(v)).Op(":=").Add(code))
	}
}

// prepare declares v's variable, for code that assigns to it later, and returns its
// name; "_" if nobody wants it.
func (u *unit) prepare(v *ir.Value) string {
	switch {
	case u.scopes.uses[v.ID] == 0:
		return "_"
	case !u.scopes.outer[v.ID]:
		u.declare(v, jen.Var().Id(variable(v)).Id(goType(v.Type)))
	}
	return variable(v)
}

// declare adds the declaration of v's variable.
func (u *unit) declare(v *ir.Value, code *jen.Statement) {
	u.declared = append(u.declared, declaration{v, len(u.body)})
	u.local(code)
}

// block is the code of a block.
type block struct {
	body     []jen.Code
	declared []declaration
	scoped   bool // it declares variables, so it needs braces
}

// declaration says where in the body the variable of v gets its value.
type declaration struct {
	v  *ir.Value
	at int
}

// isRead says whether v only reads the guest state, and may be left out.
func isRead(v *ir.Value) bool { return v.Op == ir.OpGetReg || v.Op == ir.OpLdState }

// finish returns the code of b as a statement, after all blocks were emitted. Go demands
// that variables are used: those of values that registers need not be spilled with,
// and of what an access returns, may not be.
func (u *unit) finish(b *block) jen.Code {
	for i := len(b.declared) - 1; i >= 0; i-- {
		d := b.declared[i]
		switch outer := u.scopes.outer[d.v.ID]; {
		case u.read[d.v.ID]:
		case isRead(d.v):
			b.body = slices.Delete(b.body, d.at, d.at+1)
		case !outer:
			b.body = slices.Insert(b.body, d.at+1, jen.Code(jen.Id("_").Op("=").Id(variable(d.v))))
		}
	}
	if b.scoped {
		return jen.Block(b.body...)
	}
	return lines(b.body)
}

// lines is several statements as one.
func lines(stmts []jen.Code) jen.Code {
	s := &jen.Statement{}
	for i, c := range stmts {
		if i > 0 {
			s.Line()
		}
		s.Add(c)
	}
	return s
}
