// Package native is the machine's engine that runs translated code: the
// dispatcher over an interpreter, for one CPU.
//
// In: a machine.CPU and the code to run. Out: a vcpu.Engine. It joins
// runtime/machine and runtime/dispatch, which do not know each other.
package native

import (
	"fmt"

	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/interp"
	"axpress/runtime/machine"
	"axpress/runtime/vcpu"
)

// Engine implements vcpu.Engine.
type Engine struct{ *dispatch.Engine }

var _ vcpu.Engine = (*Engine)(nil)

// Options are what an engine is made of.
type Options struct {
	Code       []*abi.Code
	Shared     *dispatch.Shared // what the machine's engines have in common; nil: there is one only
	NoFSGSBase bool             // do as on a host whose programs may not set GS
	EagerHot   bool             // run hot code of programs at once, whether it pays or not
}

// New makes the engine of c. Preconditions: the code stays mapped while the engine
// runs; the machine's RAM holds the kernel as it was translated. Stores into the
// kernel's text are seen by the dispatcher itself (mem.Watch).
func New(c *machine.CPU, o Options) (*Engine, error) {
	e := &Engine{}
	in := interp.New(c.S, c.MMU, interp.Config{
		Cycles:      c.Cycles,
		Model:       c.Model,
		NativeEntry: func(pc uint64) bool { return e.Engine.HasEntry(pc) },
		Exclusive:   c.Exclusive,
	})
	cfg := dispatch.Config{State: c.S, MMU: c.MMU, RAM: c.RAM, Interpreter: in, Cycles: c.Cycles, Code: o.Code, Shared: o.Shared,
		Exclusive: c.Exclusive, NoFSGSBase: o.NoFSGSBase, EagerHot: o.EagerHot}
	d, err := dispatch.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("native engine: %w", err)
	}
	e.Engine = d
	return e, nil
}

// The counters of Stats that have one name; "helper NAME" and "exit NAME" come
// beside them.
const (
	StatNative      = "native"      // instructions retired in native code
	StatInterpreted = "interpreted" // and in the interpreter
	StatEntries     = "entries"     // times native code was entered from Go
	StatCompared    = "compared"    // pages of userland's code compared with what they last held
	StatChanged     = "changed"     // of them, new ones and changed ones
	StatMapped      = "mapped"      // pages mapped in the windows of hot code
	StatSegments    = "segments"    // times GS was set by a system call
	StatHelper      = "helper "     // prefix: thunks served by Go, by name
	StatExit        = "exit "       // prefix: native exits, by reason
)

// Stats implements vcpu.Engine.
func (e *Engine) Stats() map[string]uint64 {
	s := e.Engine.Stats()
	m := map[string]uint64{StatNative: s.NativeInsts, StatInterpreted: s.InterpInsts, StatEntries: s.Entries,
		StatCompared: s.Compared, StatChanged: s.Changed, StatMapped: s.WindowMaps, StatSegments: s.SegmentCalls}
	for i, n := range s.Helpers {
		if n != 0 {
			m[StatHelper+abi.ThunkNames[i]] = n
		}
	}
	for i, n := range s.Exits {
		if n != 0 {
			m[StatExit+abi.Exit(i).String()] = n
		}
	}
	return m
}

// Misses returns the guest PCs at which the interpreter had to start, with how
// often. The map is the engine's own.
func (e *Engine) Misses() map[uint64]uint64 { return e.Engine.Stats().Misses }
