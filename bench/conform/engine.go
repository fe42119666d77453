package conform

import (
	"errors"
	"fmt"
	"slices"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/engine"
	"axpress/runtime/interp"
	"axpress/runtime/interp/cases"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

// Engine executes instructions. Load says which; Run executes them from a state, and
// may be called any number of times.
type Engine interface {
	Name() string
	// Load prepares for code, which begins at cases.CodeVA. Errors are the engine's
	// bugs, or ErrExcluded.
	Load(m *isa.Model, code []uint32) error
	// Run makes s the state after the code: until it left the code or the engine, or
	// retired stepLimit instructions.
	Run(s *cases.State) error
	Close() error
}

// Counter is an engine that leaves some instructions to the interpreter. Retired
// returns how many it has retired by itself, and how many it has left.
type Counter interface {
	Retired() (own, left int64)
}

// retired implements Counter.
type retired struct{ own, left int64 }

// Retired implements Counter.
func (r *retired) Retired() (own, left int64) { return r.own, r.left }

// ErrExcluded is what Load and Run return, wrapped, for what an engine cannot be
// compared on; the text says why.
var ErrExcluded = errors.New("not compared")

// world is a CPU in kernel mode with an interpreter.
type world struct {
	guest cases.Guest
	ram   *mem.RAM
	mmu   *mmu.MMU
	cpus  map[*isa.Model]*interp.CPU
	cpu   *interp.CPU // of the model that was loaded
	code  []uint32
	limit int64 // of retired instructions
}

// newWorld makes a world with RAM of mem.New or mem.NewWide.
func newWorld(newRAM func(size uint64) (*mem.RAM, error)) (*world, error) {
	s, err := abi.NewState()
	if err != nil {
		return nil, err
	}
	ram, err := newRAM(cases.RAMBytes)
	if err != nil {
		return nil, errors.Join(err, abi.FreeState(s))
	}
	w := &world{guest: cases.Guest{S: s, RAM: ram.Bytes()}, ram: ram, mmu: mmu.New(s, ram, nil), cpus: map[*isa.Model]*interp.CPU{}}
	w.mmu.InitWindows()
	return w, nil
}

// Close frees the memory.
func (w *world) Close() error { return errors.Join(abi.FreeState(w.guest.S), w.ram.Close()) }

// vcpu is the CPU that engines work on.
func (w *world) vcpu(m *isa.Model) *vcpu.CPU {
	return &vcpu.CPU{S: w.guest.S, MMU: w.mmu, RAM: w.ram, Model: m, Cycles: func() uint64 { return cases.Cycles }}
}

// load makes the code the one to run.
func (w *world) load(m *isa.Model, code []uint32) {
	if w.cpus[m] == nil {
		w.cpus[m] = interp.New(w.vcpu(m), nil)
	}
	w.cpu, w.code, w.limit = w.cpus[m], code, stepLimit(code)
	s := cases.Initial()
	w.guest.Set(&s, code)
	w.cpu.InvalidateCode()
}

// more says whether the run goes on: nothing stopped it, and it is in the code.
func (w *world) more(exit abi.Exit) bool {
	s := w.guest.S
	return exit == abi.ExitPoll && s.Icount < w.limit && s.PC-cases.CodeVA < 4*uint64(len(w.code))
}

// drive runs translated code from the current state on, and the interpreter for the
// instructions that it leaves. It returns how the run ended, and how many instructions
// translated code retired, and left.
func (w *world) drive(e engine.Tier) (exit abi.Exit, own, left int64) {
	s := w.guest.S
	s.Limit, exit = w.limit, abi.ExitPoll
	e.Begin()
	defer e.End()
	for w.more(exit) {
		before := s.Icount
		code, ok := e.Enter()
		own += s.Icount - before
		switch {
		case !ok || code == abi.ExitInterpret:
			left++
			exit = w.cpu.Step()
		case code != abi.ExitNone:
			exit = code
		}
	}
	return exit, own, left
}

// Interpreter is the engine of package interp.
type Interpreter struct{ *world }

// NewInterpreter makes the engine.
func NewInterpreter() (*Interpreter, error) {
	w, err := newWorld(mem.New)
	return &Interpreter{w}, err
}

// Name implements Engine.
func (*Interpreter) Name() string { return Reference }

// Load implements Engine.
func (e *Interpreter) Load(m *isa.Model, code []uint32) error {
	e.load(m, code)
	return nil
}

// Run implements Engine.
func (e *Interpreter) Run(s *cases.State) error {
	e.guest.Set(s, nil)
	exit := abi.ExitPoll
	for e.more(exit) {
		exit = e.cpu.Step()
	}
	e.guest.Get(s, exit)
	return nil
}

// lenient is an engine with places that it knows nothing of.
type lenient interface {
	// Same describes how got, which Run made, differs from want; "" if it does not.
	// It may change got.
	Same(got, want *cases.State) string
}

// Difference is an engine that got somewhere else than the first one.
type Difference struct {
	Engine    string
	Text      string
	Want, Got cases.State
}

// Compare runs before on the engines, which have the code loaded, and describes the
// first that does not get where the first one got; nil if none. after is where that
// one got, compared which of the others were compared. Errors are the engines'.
func Compare(engines []Engine, before *cases.State) (after cases.State, compared []bool, d *Difference, err error) {
	compared = make([]bool, len(engines))
	for i, e := range engines {
		s := *before
		if err := e.Run(&s); errors.Is(err, ErrExcluded) && i > 0 {
			continue
		} else if err != nil {
			return after, compared, nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		compared[i] = true
		if i == 0 {
			after = s
			continue
		}
		same := cases.Difference
		if l, ok := e.(lenient); ok {
			same = l.Same
		}
		if text := same(&s, &after); text != "" {
			return after, compared, &Difference{e.Name(), text, after, s}, nil
		}
	}
	return after, compared, nil, nil
}

// Reference is the name of the engine that others are compared with.
const Reference = "interp"

// Listed is an engine that New makes.
type Listed struct {
	Name, Doc string
	// Optional engines need something that may not be installed, or are slow.
	Optional bool
	make     func() (Engine, error)
}

// List returns the engines in the order of the stages.
func List() []Listed {
	return []Listed{
		{Reference, "the interpreter", false, func() (Engine, error) { return NewInterpreter() }},
		{"lifted", "the intermediate representation, as the lifter made it", false, func() (Engine, error) { return NewIR(Stage{}) }},
		{"passes", "the same after the optimisation passes", false, func() (Engine, error) { return NewIR(Stage{Passes: true}) }},
		{"hot", "the same after lifting and passes at the full setting of the translator", false, func() (Engine, error) { return NewIR(Stage{Passes: true, Hot: true}) }},
		{"native", "host code, as LLVM makes it of that after the passes", true, func() (Engine, error) { return NewNative(false) }},
		{"native-hot", "host code at the full setting of the translator", true, func() (Engine, error) { return NewNative(true) }},
		{"go", "Go code, as translator/gosrc makes it of that after the passes", true, func() (Engine, error) { return NewGo() }},
		{"exact", "floating point by the Handbook, on exact numbers", false, func() (Engine, error) { return &Exact{}, nil }},
		{"qemu", "qemu-alpha, where it is right", true, func() (Engine, error) { return NewQEMU() }},
	}
}

// DefaultEngines are those that need nothing installed, but for Reference.
func DefaultEngines() (names []string) {
	for _, e := range List() {
		if !e.Optional && e.Name != Reference {
			names = append(names, e.Name)
		}
	}
	return names
}

// New makes an engine by its name.
func New(name string) (Engine, error) {
	list := List()
	i := slices.IndexFunc(list, func(e Listed) bool { return e.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("no engine %q", name)
	}
	e, err := list[i].make()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}
