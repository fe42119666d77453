package exact

import (
	"math/big"

	"axpress/lifter/isa"
)

// Exceptions, in the order of the FPCR's status bits and of the exception summary.
const (
	inv = 1 << iota
	dze
	ovf
	unf
	ine
	iov
)

// The FPCR (Handbook, section 4.7.8).
const (
	fpcrSUM    = 1 << 63
	fpcrUNFD   = 1 << 61
	fpcrUNDZ   = 1 << 60
	fpcrDYN    = 58
	fpcrStatus = 52
	fpcrDNZ    = 1 << 48
)

// disabled is the set of exceptions whose traps the FPCR disables.
func disabled(fpcr uint64) (set uint64) {
	for _, d := range [...]struct {
		bit uint
		exc uint64
	}{{49, inv}, {50, dze}, {51, ovf}, {61, unf}, {62, ine}} {
		if fpcr>>d.bit&1 != 0 {
			set |= d.exc
		}
	}
	return set
}

// swc in an exception summary: software completion. The exceptions follow it.
const swc = 1

// Result is what an instruction does.
type Result struct {
	Value uint64
	Write bool // Fc gets Value
	Any   bool // Fc is UNPREDICTABLE
	FPCR  uint64
	// Summary is the exception summary of the arithmetic trap, 0 if there is none.
	Summary uint64
}

// operation is what an instruction computes: the result and its exceptions. A is
// not looked at if the operation is unary.
type operation struct {
	from, to *format // nil: a quadword
	unary    bool
	compute  func(c *computation) (uint64, uint64)
	compare  bool
}

// computation is one execution.
type computation struct {
	op   *operation
	a, b number
	// x and y are the registers of a and b.
	x, y  uint64
	r     rounding
	exact rounded // of the last encode
}

// Handles says whether the package has the instruction.
func Handles(op isa.Op) bool { return operations[op].compute != nil }

// Execute executes in, which Handles, on the registers' values.
func Execute(in *isa.Inst, a, b, fpcr uint64) Result {
	op := &operations[in.Op]
	soft := in.Trap&isa.TrapS != 0
	vax := op.from != nil && !op.from.ieee || op.to != nil && !op.to.ieee
	c := &computation{op: op, x: a, y: b, r: direction(in, fpcr, vax)}
	if op.from != nil {
		if c.b = op.from.decode(b); !op.unary {
			c.a = op.from.decode(a)
		}
		if r, ok := operands(c, soft, vax, fpcr); !ok {
			return r
		}
	}
	value, exc := op.compute(c)
	if in.Trap&isa.TrapI == 0 {
		exc &^= ine // recorded only where it is asked for
	}
	enabled := uint64(inv | dze | ovf)
	if in.Trap&isa.TrapU != 0 {
		enabled |= unf
		if op.to == nil {
			enabled |= iov
		}
	}
	if in.Trap&isa.TrapI != 0 {
		enabled |= ine
	}
	if soft && !vax {
		enabled &^= disabled(fpcr)
	}
	if exc&unf != 0 {
		value, exc = c.underflow(in, value, exc, fpcr, vax)
	}
	res := Result{Value: value, Write: true, FPCR: fpcr}
	if !vax {
		res.FPCR = record(fpcr, exc)
	}
	if trap := exc & enabled; trap != 0 {
		res.Summary = trap << 1
		if soft {
			res.Summary |= swc
			res.Write = false
		}
		res.Any = !soft && trap&(inv|dze|ovf) != 0
	}
	return res
}

func record(fpcr, exc uint64) uint64 {
	if exc != 0 {
		fpcr |= exc<<fpcrStatus | fpcrSUM
	}
	return fpcr
}

// direction is how the instruction rounds.
func direction(in *isa.Inst, fpcr uint64, vax bool) rounding {
	switch {
	case vax && in.Round == isa.RoundChopped:
		return toZero
	case vax:
		return nearestAway
	case in.Round == isa.RoundDynamic:
		return rounding(fpcr >> fpcrDYN & 3)
	}
	return rounding(in.Round)
}

// operands checks the operands before anything is computed. !ok: they trap.
func operands(c *computation, soft, vax bool, fpcr uint64) (r Result, ok bool) {
	nums := []*number{&c.a, &c.b}
	if c.op.unary {
		nums = nums[1:]
	}
	bad, denormal := false, false
	for _, n := range nums {
		switch n.kind {
		case isDenormal:
			if soft && fpcr&fpcrDNZ != 0 {
				*n = number{neg: n.neg}
				continue
			}
			bad, denormal = true, true
		case isDirty:
			if soft {
				*n = number{}
				continue
			}
			bad = true
		case isReserved:
			bad = true
		case isQuiet, isSignaling:
			bad = bad || !soft
		case isInf:
			bad = bad || !soft && !c.op.compare
		}
	}
	if !bad {
		return r, true
	}
	r = Result{FPCR: fpcr, Any: !soft, Summary: inv << 1}
	if soft {
		r.Summary |= swc
	}
	if !vax && !(soft && denormal) {
		r.FPCR = record(fpcr, inv)
	}
	return r, false
}

// underflow decides what an IEEE result that is too small becomes.
func (c *computation) underflow(in *isa.Inst, value, exc, fpcr uint64, vax bool) (uint64, uint64) {
	const su = isa.TrapS | isa.TrapU
	if vax || in.Trap&su != su || fpcr&fpcrUNFD == 0 || fpcr&fpcrUNDZ != 0 {
		if in.Trap&isa.TrapI != 0 {
			exc |= ine
		}
		return 0, exc
	}
	if !c.exact.denormalInexact {
		return value, exc &^ (unf | ine)
	}
	if in.Trap&isa.TrapI != 0 {
		exc |= ine
	}
	return value, exc
}

// finish rounds a number to the result's format.
func (c *computation) finish(n number) (uint64, uint64) {
	if n.kind == isZero {
		return c.zero(n.neg), 0
	}
	out := c.op.to.encode(n, c.r)
	c.exact = out
	exc := uint64(0)
	if out.inexact {
		exc |= ine
	}
	if out.over {
		exc |= ovf
	}
	if out.under {
		exc |= unf
	}
	return out.bits, exc
}

func (c *computation) zero(neg bool) uint64 { return sign(neg && c.op.to.ieee) }

// nan is the result of an operation on a NaN: Fb's first, then Fa's, quiet
// (Handbook, section 4.7.10.4).
func (c *computation) nan() (uint64, uint64) {
	exc := uint64(0)
	if c.b.kind == isSignaling || !c.op.unary && c.a.kind == isSignaling {
		exc = inv
	}
	if c.b.isNaN() {
		return c.y | quietBit, exc
	}
	return c.x | quietBit, exc
}

func (c *computation) anyNaN() bool { return c.b.isNaN() || !c.op.unary && c.a.isNaN() }

// toInt rounds to a quadword: its low-order bits, if it is too large.
func toInt(c *computation) (uint64, uint64) {
	switch c.b.kind {
	case isZero:
		return 0, 0
	case isFinite:
	default:
		return 0, inv
	}
	q, inexact := c.b.roundTo(0, c.r)
	exc := uint64(0)
	if inexact {
		exc = ine
	}
	if c.b.neg {
		q.Neg(q)
	}
	if !q.IsInt64() {
		exc |= iov | ine
		if !c.op.from.ieee {
			exc &^= ine
		}
	}
	low := new(big.Int).And(q, new(big.Int).SetUint64(^uint64(0))) // as in two's complement
	return low.Uint64(), exc
}
