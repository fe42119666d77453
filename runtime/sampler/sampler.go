package sampler

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"sync/atomic"

	"axpress/runtime/abi"
	"axpress/runtime/machine"
	"axpress/runtime/vcpu"
)

// DefaultPeriod is how many instructions lie between two samples: some thousand samples
// a second, which cost a few percent of the time.
const DefaultPeriod = 50_000

// stray is the most instructions that are interpreted before a sample: about as many
// as lie between two polls of native code.
const stray = 64

// Place is where a sample was taken.
type Place struct {
	PC   abi.VAddr
	User bool
	// Page is, in user mode, the SHA-256 of the page that PC is in; zero if that
	// cannot be read.
	Page [sha256.Size]byte
}

// Samples are the instructions retired by place. That of a place is an estimate; their
// sum is exact up to the last sample.
type Samples map[Place]uint64

// Engine implements vcpu.Engine by another one, and takes samples of it.
type Engine struct {
	vcpu.Engine
	c       *machine.CPU
	period  int64
	rand    *rand.Rand
	last    int64 // State.Icount at the last sample
	next    int64 // when the next one is due
	samples Samples
	pages   map[abi.PAddr]*page // by physical address
}

// page is a page whose content is known.
type page struct {
	content [abi.PageSize]byte
	hash    [sha256.Size]byte
}

var _ vcpu.Engine = (*Engine)(nil)

// New returns an engine that runs c by inner and takes a sample every period
// instructions (0: DefaultPeriod).
func New(c *machine.CPU, inner vcpu.Engine, period int64) *Engine {
	if period <= 0 {
		period = DefaultPeriod
	}
	e := &Engine{Engine: inner, c: c, period: period, rand: rand.New(rand.NewPCG(1, 2)), last: c.S.Icount,
		samples: Samples{}, pages: map[abi.PAddr]*page{}}
	e.schedule()
	return e
}

// Samples returns what was found so far. The map is the engine's own.
func (e *Engine) Samples() Samples { return e.samples }

// schedule sets when the next sample is due.
func (e *Engine) schedule() {
	e.next = e.last + e.period - e.period/8 + e.rand.Int64N(e.period/4+1)
}

// Run implements vcpu.Engine. Engines stop at some places rather than at others, so the
// sample is taken a little later, at random.
func (e *Engine) Run() abi.Exit {
	code := e.runToSample()
	if e.c.S.Icount < e.next {
		return code
	}
	if code == abi.ExitPoll {
		code = e.wander()
	}
	e.take()
	return code
}

// RunFor implements vcpu.Engine. The guest does not notice the samples, which are taken at
// the count that they are due at.
func (e *Engine) RunFor(n int64) abi.Exit {
	s := e.c.S
	for stop := s.Icount + n; ; {
		code := e.Engine.RunFor(min(stop, max(e.next, s.Icount)) - s.Icount)
		if s.Icount >= e.next {
			e.take()
		}
		if stop = min(stop, atomic.LoadInt64(&s.Limit)); code != abi.ExitPoll || s.Icount >= stop {
			return code
		}
	}
}

// runToSample runs the inner engine, at most until a sample is due. Other goroutines
// may set State.Limit to 0 meanwhile, devices to something else, and that must stand.
func (e *Engine) runToSample() abi.Exit {
	limit := &e.c.S.Limit
	full := atomic.LoadInt64(limit)
	if full > e.next && atomic.CompareAndSwapInt64(limit, full, e.next) {
		defer atomic.CompareAndSwapInt64(limit, e.next, full)
	}
	return e.Engine.Run()
}

// wander goes on for a random number of instructions. It returns how the last one
// ended: abi.ExitPoll if nothing happened.
func (e *Engine) wander() abi.Exit {
	s := e.c.S
	for n := e.rand.IntN(stray); n > 0 && s.Icount < atomic.LoadInt64(&s.Limit); n-- {
		if code := e.Engine.Step(); code != abi.ExitPoll {
			return code
		}
	}
	return abi.ExitPoll
}

// take takes a sample at the current PC.
func (e *Engine) take() {
	s := e.c.S
	p := Place{PC: abi.VAddr(s.PC), User: s.Mode() == abi.ModeUser}
	if p.User {
		p.Page = e.pageOf(abi.VAddr(s.PC))
	}
	e.samples[p] += uint64(s.Icount - e.last)
	e.last = s.Icount
	e.schedule()
}

// Here returns the place where c is. Its machine must not run.
func Here(c *machine.CPU) Place {
	p := Place{PC: abi.VAddr(c.S.PC), User: c.S.Mode() == abi.ModeUser}
	if p.User {
		if pa, ok := c.MMU.PeekPage(p.PC); ok {
			p.Page = sha256.Sum256(c.RAM.Bytes()[pa : pa+abi.PageSize])
		}
	}
	return p
}

// pageOf returns the hash of the page that pc is in, zero if it cannot be fetched
// from.
func (e *Engine) pageOf(pc abi.VAddr) (none [sha256.Size]byte) {
	pa, ok := e.c.MMU.PeekPage(pc)
	if !ok {
		return none
	}
	now := e.c.RAM.Bytes()[pa : pa+abi.PageSize]
	p := e.pages[pa]
	if p == nil {
		p = &page{}
		e.pages[pa] = p
	} else if bytes.Equal(p.content[:], now) {
		return p.hash
	}
	copy(p.content[:], now)
	p.hash = sha256.Sum256(now)
	return p.hash
}
