package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

func putQuad(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }
func quad(b []byte) uint64       { return binary.LittleEndian.Uint64(b) }

// compare says in what native code, which left by the exit left with the state
// l.got, and the interpreter, which has repeated it with the outcome end, differ:
// "" if in nothing. It leaves the interpreter's state in l.ref. Where native code
// left because of an instruction that is not retired, the interpreter tries that
// instruction; end then becomes what it says.
func (l *Lockstep) compare(left abi.Exit, end *repeated) (bad string) {
	l.ref.take(l.s)
	switch {
	case end.note != "":
		return end.note
	case end.early:
		return fmt.Sprintf("the interpreter leaves by %s (%#x) after %d instructions, native code retires %d",
			end.code, end.arg, l.ref.Icount-l.stretch.before.Icount, l.got.Icount-l.stretch.before.Icount)
	case !l.got.Equal(&l.ref.Arch):
		return "registers differ"
	}
	same, err := l.samePages()
	l.fail(err)
	if !same {
		return "memory differs"
	}
	if bad := l.strays(); bad != "" {
		return bad
	}
	return l.compareExit(left, end)
}

// compareExit compares the ways of leaving.
func (l *Lockstep) compareExit(left abi.Exit, end *repeated) string {
	want := left
	switch left {
	case abi.ExitFault, abi.ExitCallPAL, abi.ExitOPCDEC:
		l.log.on = true
		end.code = l.interp.Step()
		end.arg, end.tried = l.s.ExitArg, true
		l.log.on = false
	case abi.ExitArith:
	default:
		want = abi.ExitPoll // which is what repeat says when there was none
	}
	sh := l.shadow.s
	switch {
	case end.code != want:
		return fmt.Sprintf("native code leaves by %s, the interpreter by %s", left, end.code)
	case (want == abi.ExitCallPAL || want == abi.ExitOPCDEC || want == abi.ExitArith) && sh.ExitArg != l.s.ExitArg:
		return fmt.Sprintf("%s: native code says %#x, the interpreter %#x", left, sh.ExitArg, l.s.ExitArg)
	case want == abi.ExitArith && sh.FaultVA != l.s.FaultVA:
		return fmt.Sprintf("arithmetic trap: register mask %#x by native code, %#x by the interpreter", sh.FaultVA, l.s.FaultVA)
	case want == abi.ExitFault && faultOf(sh) != faultOf(l.s):
		return fmt.Sprintf("fault: native code says %v, the interpreter %v", faultOf(sh), faultOf(l.s))
	}
	return ""
}

// fault is what a State says about a fault; what the kind leaves open is 0.
type fault struct{ kind, va, mmcsr, access uint64 }

func faultOf(s *abi.State) fault {
	f := fault{kind: s.FaultKind, va: s.FaultVA}
	if f.kind == abi.FaultMM {
		f.mmcsr, f.access = s.FaultMMCSR, s.FaultAccess
	}
	return f
}

func (f fault) String() string {
	kinds := map[uint64]string{abi.FaultMM: "memory management", abi.FaultUnaligned: "unaligned", abi.FaultMCheck: "machine check"}
	return fmt.Sprintf("%s at %#x (mmcsr %d, access %d)", kinds[f.kind], f.va, f.mmcsr, int64(f.access))
}

// samePages compares the pages that the interpreter wrote.
func (l *Lockstep) samePages() (bool, error) {
	for _, pa := range l.log.pages {
		same, err := l.samePage(pa)
		if err != nil || !same {
			return false, err
		}
	}
	l.stats.Pages += uint64(len(l.log.pages))
	return true, nil
}

func (l *Lockstep) samePage(pa abi.PAddr) (bool, error) {
	want, _ := l.ram.Slice(pa, mem.HostPage)
	got, _ := l.shadow.view.Slice(pa, mem.HostPage)
	if !bytes.Equal(got, want) {
		return false, nil
	}
	// A page that native code did not write is not private, so it shows what the
	// interpreter made of it.
	private, err := l.shadow.view.IsPrivate(pa)
	if err != nil || private {
		return true, err
	}
	was := l.log.original(pa)
	return bytes.Equal(was[:], want), nil
}

// strays looks for stores that only native code made, if it is time to. Pages
// with such stores are noted in the log, so that they are dropped with the others.
func (l *Lockstep) strays() string {
	if l.stats.Stretches-l.scanned < uint64(l.cfg.ScanEvery) {
		return ""
	}
	return l.scan()
}

// scan is strays, now.
func (l *Lockstep) scan() string {
	since := l.stats.Stretches - l.scanned
	l.scanned = l.stats.Stretches
	l.stats.Scans++
	pages, err := l.shadow.view.Private()
	l.fail(err)
	bad := ""
	for _, pa := range pages {
		if l.log.has(pa) {
			continue
		}
		want, _ := l.ram.Slice(pa, mem.HostPage)
		got, _ := l.shadow.view.Slice(pa, mem.HostPage)
		if !bytes.Equal(got, want) {
			bad = fmt.Sprintf("native code wrote to page %#x, the interpreter did not, in one of the last %d stretches", pa, since)
		}
		l.log.touch(pa)
	}
	return bad
}

// Diff is a place where the engines differ.
type Diff struct {
	Place          string // "t0", "f3", "PC", "memory 0x1238" (physical)
	Native, Interp uint64
	at             location
}

// location is a register, a field of the State, or a quadword of memory.
type location struct {
	kind locationKind
	n    uint64 // its number, or physical address
}

type locationKind uint8

const (
	inR locationKind = iota
	inF
	inField
	inMemory
)

func (at location) String() string {
	switch at.kind {
	case inR:
		return isa.RegName(uint8(at.n))
	case inF:
		return fmt.Sprintf("f%d", at.n)
	case inField:
		return abi.FieldName(int(at.n))
	}
	return fmt.Sprintf("memory %#x", at.n)
}

// maxMemDiffs bounds the memory differences that are listed.
const maxMemDiffs = 16

// eachDifference calls f for each place in which a and b differ.
func eachDifference(a, b *archState, f func(at location, a, b uint64)) {
	for i := range uint64(len(a.R)) {
		if a.R[i] != b.R[i] {
			f(location{inR, i}, a.R[i], b.R[i])
		}
	}
	for i := range uint64(len(a.F)) {
		if a.F[i] != b.F[i] {
			f(location{inF, i}, a.F[i], b.F[i])
		}
	}
	for i := range a.Field {
		if a.Differs(&b.Arch, i) {
			f(location{inField, uint64(i)}, a.Field[i], b.Field[i])
		}
	}
}

// differences lists where l.got with the view, and l.ref with RAM, differ.
func (l *Lockstep) differences() []Diff {
	var ds []Diff
	add := func(at location, native, interp uint64) {
		ds = append(ds, Diff{at.String(), native, interp, at})
	}
	eachDifference(&l.got, &l.ref, add)
	n := 0
	for _, pa := range l.log.pages {
		private, err := l.shadow.view.IsPrivate(pa)
		l.fail(err)
		want, _ := l.ram.Slice(pa, mem.HostPage)
		got, _ := l.shadow.view.Slice(pa, mem.HostPage)
		if !private {
			was := l.log.original(pa)
			got = was[:]
		}
		for i := 0; i < mem.HostPage && n < maxMemDiffs; i += 8 {
			if g, w := quad(got[i:]), quad(want[i:]); g != w {
				add(location{inMemory, uint64(pa) + uint64(i)}, g, w)
				n++
			}
		}
	}
	return ds
}
