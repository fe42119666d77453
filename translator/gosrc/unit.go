package gosrc

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"axpress/ir"
	"axpress/ir/spill"
)

// unit is one translation unit being emitted.
type unit struct {
	o      *Options
	link   func(pc uint64) (string, bool)
	f      *ir.Func
	cfg    *ir.CFG
	scopes *scopes
	starts []spill.Slots
	// returnPolls says which blocks, by index in cfg.Order, end in a return that polls.
	returnPolls []bool
	ordinary    *ordinaryValues

	*block              // the current one
	gotos       []int   // by index in cfg.Order: how often a block is jumped to
	exprs       []expr  // by value ID: what stands for the value, if not its variable
	within      [][]int // by value ID: the variables in its expression
	pending     []int   // variables referred to since the last statement
	read        []bool  // by value ID: a statement uses the variable
	temporaries int
	usesState   bool // the function needs s
	usesOK      bool // and ok

	here  int         // the current block, as index in cfg.Order
	done  int64       // instructions retired in it so far
	slots spill.Slots // at the current point
}

// function returns the declaration of the function for w.
func function(w *Unit, o *Options) (code *jen.Statement, err error) {
	f := w.F
	if !f.Promoted {
		return nil, fmt.Errorf("unit is not in promoted form")
	}
	leaveDirected(f)
	n := f.NumValues()
	u := &unit{o: o, link: w.Link, f: f, cfg: ir.NewCFG(f), exprs: make([]expr, n), within: make([][]int, n), read: make([]bool, n)}
	u.scopes, u.starts, u.ordinary = findScopes(u.cfg, n), spill.Solve(u.cfg, n, true), newOrdinaryValues(u.cfg, n)
	u.returnPolls = u.cfg.ReturnPolls()
	u.gotos = make([]int, len(u.cfg.Order))
	entries := u.entries()
	blocks := make([]block, len(u.cfg.Order))
	for i, b := range u.cfg.Order {
		u.block = &blocks[i]
		if err := u.emit(i, b); err != nil {
			return nil, fmt.Errorf("block b%d: %w", b.ID, err)
		}
	}
	var labeled []jen.Code
	for i, b := range u.cfg.Order {
		if u.gotos[i] > 0 {
			labeled = append(labeled, jen.Id(label(b)).Op(":"))
		}
		labeled = append(labeled, u.finish(&blocks[i]))
	}
	stmts := append(u.prologue(), entries...)
	return jen.Func().Id(w.Name).Params(
		jen.Id("c").Op("*").Add(lib("CPU")), jen.Id("pc").Uint64(), jen.Id("n").Int64(), jen.Id("depth").Int(),
	).Params(jen.Uint64(), jen.Int64()).Block(append(stmts, labeled...)...), nil
}

// prologue declares the variables of the function.
func (u *unit) prologue() []jen.Code {
	var stmts []jen.Code
	if u.usesState {
		stmts = append(stmts, jen.Id("s").Op(":=").Id("c").Dot("S"))
	}
	if u.usesOK {
		stmts = append(stmts, jen.Var().Id("ok").Bool())
	}
	if u.f.Relocatable {
		stmts = append(stmts, jen.Id("base").Op(":=").Id("pc").Op("&").Add(lib("PageMask")))
	}
	byType := map[ir.Type][]jen.Code{}
	var unread []jen.Code
	for _, b := range u.cfg.Order {
		for _, vs := range [][]*ir.Value{b.Params, b.Vals} {
			for _, v := range vs {
				if u.scopes.outer[v.ID] && u.exprs[v.ID].code == nil && u.scopes.uses[v.ID] > 0 && (u.read[v.ID] || !isRead(v)) {
					byType[v.Type] = append(byType[v.Type], jen.Id(variable(v)))
					if !u.read[v.ID] {
						unread = append(unread, jen.Id("_").Op("=").Id(variable(v)))
					}
				}
			}
		}
	}
	for t := ir.I1; t <= ir.F64; t++ {
		if names := byType[t]; len(names) > 0 {
			stmts = append(stmts, jen.Var().List(names...).Id(goType(t)))
		}
	}
	if u.calls() {
		stmts = append(stmts, jen.If(jen.Id("depth").Op("<=").Lit(0)).Block(jen.Return(jen.Id("pc"), jen.Id("n"))))
	}
	return append(stmts, unread...)
}

// calls says whether the unit calls others.
func (u *unit) calls() bool {
	for _, b := range u.cfg.Order {
		if b.Term.Kind == ir.TermCall {
			return true
		}
	}
	return false
}

// entries is the code that goes to the entry that is pc.
func (u *unit) entries() []jen.Code {
	key := jen.Id("pc")
	if u.f.Relocatable {
		key = jen.Id("pc").Op("-").Id("base")
	}
	first := u.f.Entries[0]
	if len(u.f.Entries) == 1 && u.cfg.Index[first.Block.ID] == 0 {
		return nil
	}
	var cases []jen.Code
	for _, e := range u.f.Entries {
		cases = append(cases, jen.Case(number(e.PC-u.f.Base).code).Block(u.goTo(e.Block)))
	}
	cases = append(cases, jen.Default().Block(jen.Return(jen.Id("pc").Op("|").Add(lib("Interpret")), jen.Id("n"))))
	return []jen.Code{jen.Switch(key).Block(cases...)}
}

func label(b *ir.Block) string { return fmt.Sprintf("L%d", b.ID) }

func (u *unit) goTo(b *ir.Block) *jen.Statement {
	u.gotos[u.cfg.Index[b.ID]]++
	return jen.Goto().Id(label(b))
}

// emit emits b, which is block i in order.
func (u *unit) emit(i int, b *ir.Block) error {
	u.here, u.slots, u.done = i, u.starts[i], 0
	for _, v := range b.Vals {
		fn := lowering[v.Op]
		if fn == nil {
			return fmt.Errorf("v%d = %s at %#x: no lowering for this op", v.ID, v.Op, v.PC)
		}
		if err := fn(u, v); err != nil {
			return fmt.Errorf("v%d = %s at %#x: %w", v.ID, v.Op, v.PC, err)
		}
	}
	if err := u.term(b); err != nil {
		return fmt.Errorf("terminal at %#x: %w", b.Term.PC, err)
	}
	return nil
}

// term emits the end of b.
func (u *unit) term(b *ir.Block) error {
	t := &b.Term
	switch t.Kind {
	case ir.TermJump:
		u.count()
		u.add(u.edge(&t.Succs[0], true)...)
	case ir.TermBr:
		u.count()
		cond := u.stable(t.Cond)
		u.add(jen.If(cond.code).Block(u.edge(&t.Succs[0], false)...))
		u.add(u.edge(&t.Succs[1], true)...)
	case ir.TermSwitch:
		u.switchTerm(t)
	case ir.TermCall:
		u.call(t)
	case ir.TermRet:
		u.returnTo(t)
	case ir.TermGoto:
		u.spillAll(t.Snap)
		u.add(u.leave(u.ref(t.Target)))
	case ir.TermInterpret:
		u.spillAll(t.Snap)
		u.add(u.leave(u.exitPC(t.PC, "Interpret")))
	case ir.TermExit:
		u.spillAll(t.Snap)
		u.add(jen.List(u.state("ExitCode").code, u.state("ExitArg").code).Op("=").List(number(uint64(t.Code)).code, number(uint64(t.Imm)).code))
		u.add(u.leave(u.exitPC(t.PC, "Exit")))
	default:
		return fmt.Errorf("no terminal")
	}
	return nil
}

// edge binds the parameters of e's block, all at once, and goes there; last says that
// nothing comes behind it in the block.
func (u *unit) edge(e *ir.Edge, last bool) (stmts []jen.Code) {
	var to, from []jen.Code
	for i, a := range e.Args {
		p := e.Block.Params[i]
		if p == a || u.scopes.uses[p.ID] == 0 {
			continue
		}
		to, from = append(to, jen.Id(variable(p))), append(from, u.ref(a).code)
	}
	if len(to) > 0 {
		stmts = append(stmts, jen.List(to...).Op("=").List(from...))
	}
	if next := u.here + 1; last && int(u.cfg.Index[e.Block.ID]) == next {
		return stmts
	}
	return append(stmts, u.goTo(e.Block))
}

// switchTerm emits a jump inside the unit.
func (u *unit) switchTerm(t *ir.Term) {
	u.count()
	target := u.keep(u.ref(t.Target))
	key := target
	if u.f.Relocatable {
		key = binary(target, "-", name("base"))
	}
	var cases []jen.Code
	seen := map[uint64]bool{}
	for i := range t.Cases {
		if pc := t.Cases[i].PC - u.f.Base; !seen[pc] {
			seen[pc] = true
			cases = append(cases, jen.Case(number(pc).code).Block(u.edge(&t.Cases[i].Edge, false)...))
		}
	}
	u.add(jen.Switch(key.code).Block(cases...))
	u.spillAll(t.Snap)
	u.add(u.leave(target))
}
