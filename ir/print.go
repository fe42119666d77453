package ir

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// String returns the assembly name of r: r0..r31, f0..f31, or reg200 for a
// number that is no register.
func (r Reg) String() string {
	switch {
	case r < 32:
		return "r" + strconv.Itoa(int(r))
	case r < 64:
		return "f" + strconv.Itoa(int(r)-32)
	}
	return "reg" + strconv.Itoa(int(r))
}

// String returns the name of v in the text form.
func (v *Value) String() string {
	if v == nil {
		return "v?"
	}
	return "v" + strconv.Itoa(v.ID)
}

// String returns the name of b in the text form.
func (b *Block) String() string {
	if b == nil {
		return "b?"
	}
	return "b" + strconv.Itoa(b.ID)
}

// String returns the keyword of k in the text form.
func (k TermKind) String() string {
	if int(k) >= len(termNames) {
		return "term?"
	}
	return termNames[k]
}

var termNames = [...]string{TermNone: "none", TermJump: "jump", TermBr: "br", TermSwitch: "switch", TermCall: "call",
	TermGoto: "goto", TermRet: "ret", TermInterpret: "interpret", TermExit: "exit"}

// String returns the text form of f, which Parse reads back. The grammar, one
// item a line, comments from ';' to the end of the line:
//
//	func "name" @PC [kernel] [relocatable] [base N] [promoted] {
//	entry PC bN
//	bN(vN:type, ...) @PC:
//	  vN:type = op imm, vN, vN [r1=vN f2=vN] @PC
//	  op imm, vN                               ; no result
//	  jump bN(vN, ...)
//	  br vN, bN(...), bN(...)
//	  switch vN {PC: bN(...), ...} [snap]
//	  call vN guess PC return PC bN [snap]     ; guess only if not 0
//	  goto vN guess PC [snap]
//	  ret vN guess PC [snap]
//	  interpret [snap]
//	  exit code N imm N [snap]
//	}
//
// The guest PC is written where it changes: a value or terminal without @ has
// the PC of the line before it, the first of a block that of its block.
func (f *Func) String() string {
	var b bytes.Buffer
	f.print(&b)
	return b.String()
}

// Print writes the text form of f to w; see String.
func (f *Func) Print(w io.Writer) error {
	var b bytes.Buffer
	f.print(&b)
	_, err := w.Write(b.Bytes())
	return err
}

// LongString returns v as a line of the text form, with its PC.
func (v *Value) LongString() string {
	var b bytes.Buffer
	printValue(&b, v)
	fmt.Fprintf(&b, " @%#x", v.PC)
	return b.String()
}

func (f *Func) print(w *bytes.Buffer) {
	fmt.Fprintf(w, "func %q @%#x", f.Name, f.PC)
	if f.Kernel {
		w.WriteString(" kernel")
	}
	if f.Relocatable {
		w.WriteString(" relocatable")
	}
	if f.Base != 0 {
		fmt.Fprintf(w, " base %#x", f.Base)
	}
	if f.Promoted {
		w.WriteString(" promoted")
	}
	w.WriteString(" {\n")
	for _, e := range f.Entries {
		fmt.Fprintf(w, "entry %#x %v\n", e.PC, e.Block)
	}
	for _, b := range f.Blocks {
		printBlock(w, b)
	}
	w.WriteString("}\n")
}

func printBlock(w *bytes.Buffer, b *Block) {
	w.WriteString(b.String())
	if len(b.Params) > 0 {
		for i, p := range b.Params {
			w.WriteString([]string{"(", ", "}[min(i, 1)])
			fmt.Fprintf(w, "%v:%v", p, p.Type)
		}
		w.WriteString(")")
	}
	fmt.Fprintf(w, " @%#x:\n", b.PC)
	pc := b.PC
	end := func(at uint64) {
		if at != pc {
			fmt.Fprintf(w, " @%#x", at)
			pc = at
		}
		w.WriteByte('\n')
	}
	for _, v := range b.Vals {
		w.WriteString("  ")
		printValue(w, v)
		end(v.PC)
	}
	w.WriteString("  ")
	printTerm(w, &b.Term)
	end(b.Term.PC)
}

func printValue(w *bytes.Buffer, v *Value) {
	if v.Type != Void {
		w.WriteString(v.String())
		w.WriteByte(':')
		w.WriteString(v.Type.String())
		w.WriteString(" = ")
	}
	w.WriteString(v.Op.String())
	sep := " "
	if imm := immText(v); imm != "" {
		w.WriteString(sep + imm)
		sep = ", "
	}
	for _, a := range v.Args {
		w.WriteString(sep)
		w.WriteString(a.String())
		sep = ", "
	}
	printSnap(w, v.Snap)
}

// immText returns Imm as the op of v shows it, "" if the op has none.
func immText(v *Value) string {
	switch v.Op {
	case OpGetReg, OpSetReg:
		if v.Imm >= 0 && v.Imm < 64 {
			return Reg(v.Imm).String()
		}
		return strconv.FormatInt(v.Imm, 10)
	case OpPC, OpFConst, OpFPOperate:
		return "0x" + strconv.FormatUint(uint64(v.Imm), 16)
	case OpConst, OpLdState, OpStState, OpRetire, OpFence, OpPrefetch, OpAtomic:
		return strconv.FormatInt(v.Imm, 10)
	}
	if v.Imm != 0 {
		return strconv.FormatInt(v.Imm, 10)
	}
	return ""
}

func printSnap(w *bytes.Buffer, snap []RegValue) {
	for i, s := range snap {
		w.WriteString([]string{" [", " "}[min(i, 1)])
		w.WriteString(s.Reg.String())
		w.WriteByte('=')
		w.WriteString(s.Val.String())
	}
	if len(snap) > 0 {
		w.WriteByte(']')
	}
}

func printEdge(w *bytes.Buffer, e *Edge) {
	w.WriteString(e.Block.String())
	for i, a := range e.Args {
		w.WriteString([]string{"(", ", "}[min(i, 1)])
		w.WriteString(a.String())
	}
	if len(e.Args) > 0 {
		w.WriteByte(')')
	}
}

func printTerm(w *bytes.Buffer, t *Term) {
	w.WriteString(t.Kind.String())
	switch t.Kind {
	case TermJump:
		printEdges(w, " ", t.Succs)
	case TermBr:
		w.WriteString(" " + t.Cond.String())
		printEdges(w, ", ", t.Succs)
	case TermSwitch:
		w.WriteString(" " + t.Target.String() + " {")
		for i := range t.Cases {
			w.WriteString([]string{"", ", "}[min(i, 1)])
			fmt.Fprintf(w, "%#x: ", t.Cases[i].PC)
			printEdge(w, &t.Cases[i].Edge)
		}
		w.WriteByte('}')
	case TermCall, TermGoto, TermRet:
		w.WriteString(" " + t.Target.String())
		if t.Guess != 0 {
			fmt.Fprintf(w, " guess %#x", t.Guess)
		}
		if t.Kind == TermCall {
			fmt.Fprintf(w, " return %#x", t.ReturnPC)
			printEdges(w, " ", t.Succs)
		}
	case TermExit:
		fmt.Fprintf(w, " code %d imm %d", t.Code, t.Imm)
	}
	printSnap(w, t.Snap)
}

func printEdges(w *bytes.Buffer, sep string, edges []Edge) {
	for i := range edges {
		w.WriteString(sep)
		printEdge(w, &edges[i])
		sep = ", "
	}
}
