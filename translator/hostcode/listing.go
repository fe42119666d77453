package hostcode

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"axpress/translator/artifact"
)

// List writes the instructions of u in the syntax of GNU's assembler. Addresses in the
// unit are distances from its start. guest names guest addresses; it may be nil.
//
//	busy: 12 guest instructions, 61 host instructions, 250 bytes: ...
//
//	entry 0: 0xfffffc0001010000 <busy>:
//	    +0x0	test   %rdx,%rdx
//	    +0x3	jne    +0x9c
//	    +0x9	mov    -0x68(%r12),%rax		# t2
func (u *Unit) List(w io.Writer, guest func(pc uint64) string) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s: %s\n", u.Name, u.Summary())
	entries := map[uint32][]int{}
	for n, e := range u.Entries {
		entries[e.At] = append(entries[e.At], n)
	}
	for i := range u.Insts {
		in := &u.Insts[i]
		if list := entries[in.At]; len(list) > 0 {
			fmt.Fprintln(b)
			for _, n := range list {
				fmt.Fprintf(b, "entry %d: %s:\n", n, place(u.Entries[n].PC, guest))
			}
		}
		text := u.text(in)
		if note := comment(in, guest); note != "" {
			text = fmt.Sprintf("%-40s # %s", text, note)
		}
		fmt.Fprintf(b, "%10s\t%s\n", u.offset(in.At), text)
	}
	return b.Flush()
}

// text writes in as objdump would, but for the labels.
func (u *Unit) text(in *Inst) string {
	var symbol x86asm.SymLookup
	if in.Flow != Next {
		symbol = u.symbol // it would find names for small numbers too
	}
	text := x86asm.GNUSyntax(in.Inst, uint64(in.At), symbol)
	for _, a := range in.Args {
		switch a := a.(type) {
		case x86asm.Mem:
			if a.Base == x86asm.R12 && a.Index == 0 {
				text = strings.Replace(text, "(%r12,%riz)", "(%r12)", 1)
			}
		case x86asm.Imm:
			if a < math.MinInt32 { // an address of the guest's kernel
				text = strings.Replace(text, fmt.Sprintf("$%#x", int64(a)), fmt.Sprintf("$%#x", uint64(a)), 1)
			}
		}
	}
	return text
}

// Summary counts the unit's code.
func (u *Unit) Summary() string {
	guest := max(float64(u.Unit.Insts), 1)
	s := fmt.Sprintf("%d guest instructions, %d host instructions, %d bytes: %.1f host instructions and %.1f bytes a guest instruction",
		u.Unit.Insts, len(u.Insts), u.Bytes(), float64(len(u.Insts))/guest, float64(u.Bytes())/guest)
	if n := u.ShortestLoop(); n > 0 {
		s += fmt.Sprintf("; the shortest way round a loop has %d host instructions", n)
	}
	return s
}

func (u *Unit) offset(at uint32) string { return fmt.Sprintf("+%#x", at-u.Code) }

// symbol is x86asm.SymLookup: thunks, other units, places in this one.
func (u *Unit) symbol(at uint64) (name string, base uint64) {
	if at >= uint64(len(u.code.Text)) {
		return "", 0
	}
	off := uint32(at)
	if name := Thunk(off); name != "" {
		return name, at
	}
	if _, ok := u.index[off]; ok {
		return u.offset(off), at
	}
	i, ok := slices.BinarySearchFunc(u.code.Units, off, func(x artifact.Unit, at uint32) int { return cmp.Compare(x.Code, at) })
	if !ok {
		return "", 0
	}
	return u.code.Units[i].Name, at
}

func place(pc uint64, guest func(pc uint64) string) string {
	s := fmt.Sprintf("%#x", pc)
	if guest != nil && guest(pc) != "" {
		s += " <" + guest(pc) + ">"
	}
	return s
}
