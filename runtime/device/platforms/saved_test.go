package platforms_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"axpress/runtime/abi"
	"axpress/runtime/device"
	"axpress/runtime/device/board"
	"axpress/runtime/device/devtest"
	"axpress/runtime/device/pci"
	"axpress/runtime/device/platforms"
	"axpress/runtime/device/tsunami"
	"axpress/runtime/state"
)

// registers says, for each platform, where the registers are that the tests below
// access: whoever adds a platform adds a row.
var registers = map[string][]space{
	"clipper": {
		{tsunami.BasePCIIO + 0x20, 1, 2}, {tsunami.BasePCIIO + 0xa0, 1, 2}, {tsunami.BasePCIIO + 0x4d0, 1, 2},
		{tsunami.BasePCIIO + 0x40, 1, 4}, {tsunami.BasePCIIO + 0x61, 1, 1},
		// Three times, as most of the registers are behind an index.
		{tsunami.BasePCIIO + 0x70, 1, 2}, {tsunami.BasePCIIO + 0x70, 1, 2}, {tsunami.BasePCIIO + 0x70, 1, 2},
		{tsunami.BasePCIIO + 0x3f8, 1, 8}, {tsunami.BasePCIIO + 0x2f8, 1, 8}, {tsunami.BasePCIIO + 0xc000, 1, 16},
		{tsunami.BaseCchip, 0x40, 64}, {tsunami.BasePchip, 0x40, 64}, {tsunami.BaseDchip + 0x800, 0x40, 4}, {tsunami.BaseIACK, 8, 1},
		{tsunami.BasePCIConf + 2<<11, 1, 0x40}, {tsunami.BasePCIConf + 2<<11 + 1<<8, 1, 0x40}, {tsunami.BasePCIConf + 7<<11, 1, 0x40},
	},
}

// space is n registers from base on, stride bytes apart.
type space struct{ base, stride, n uint64 }

// wiring are the fields of all devices that are no state.
var wiring = devtest.Wiring{
	"tsunami.Chipset.cfg":        "what the chipset is connected to",
	"pit8254.Device.clock":       "the guest's time, which is saved by whoever has it",
	"pit8254.Device.irq":         "where the interrupt line leads",
	"rtc.Device.cfg":             "clock, scheduler and where ticks go",
	"i8259.Pair.out":             "where the interrupt line leads",
	"uart16550.Device.cfg":       "name, and where lines lead",
	"uart16550.Device.tx":        "the argument of one Write, no longer than this",
	"uart16550.Device.outErr":    "an error of the host, which the guest cannot see",
	"uart16550.input.mu":         "a lock",
	"uart16550.input.wake":       "what is called for input",
	"uart16550.input.head":       "what of the queue is taken; a saved queue begins at 0",
	"uart16550.input.q":          "compared as it is saved",
	"pci.Space.fixed":            "ranges that set-up has mapped",
	"pci.Space.open":             "computed from the base address registers",
	"pci.Space.stale":            "says when to compute it",
	"pci.Function.mask":          "which bits can be written: of the model",
	"pci.Function.w1c":           "which bits writing clears: of the model",
	"pci.Function.bars":          "what is behind the registers: of the model",
	"pci.Function.line":          "where the pin leads",
	"pci.Function.changed":       "what the bus wants to know",
	"pci.Function.OnConfigWrite": "what the model wants to know",
	"clipper.wires.chipset":      "where the wires lead; one of the devices",
	"platforms_test.doorbell.fn": "its function, whose state pci saves",
}

// unchanged are the fields that no access changes, with the reason.
var unchanged = map[string]string{
	"clipper.wire.bit":             "set-up",
	"pci.Function.name":            "set-up",
	"pci.Function.cap":             "set-up",
	"pci.Space.io":                 "set-up",
	"pci.Space.name":               "set-up",
	"platforms_test.doorbell.name": "set-up",
	"uart16550.char.b":             "in a list that is empty at first",
	"uart16550.char.br":            "in a list that is empty at first",
}

// doorbell is a PCI device with a register; bit 0 of it is its interrupt.
type doorbell struct {
	name string
	v    uint8
	fn   *pci.Function
}

func (d *doorbell) Name() string               { return d.name }
func (d *doorbell) ReadReg(uint64) uint8       { return d.v }
func (d *doorbell) Save(w *state.Writer)       { w.Block(d.block()) }
func (d *doorbell) Load(r *state.Reader) error { return r.Block(d.block()) }
func (d *doorbell) block() state.Block {
	return state.Block{Name: d.name, Version: 1, Fields: []any{&d.v}}
}
func (d *doorbell) WriteReg(_ uint64, v uint8) {
	d.v = v
	d.fn.IRQ().Set(v&1 != 0)
}

// rig is a board with two doorbells on one interrupt pin.
type rig struct {
	board.Board
	name string
	clk  devtest.Clock
	cpus devtest.CPUs
	out  [board.SerialPorts]bytes.Buffer
	port [2]board.Port
}

// newRig makes one in the given year.
func newRig(tb testing.TB, p platforms.Platform, year int) *rig {
	tb.Helper()
	r := &rig{name: p.Name}
	r.clk.Wall = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	var err error
	r.Board, err = p.New(board.Config{
		RAM: make([]byte, 1<<16), CPUs: len(r.port), Clock: &r.clk, Scheduler: &r.clk, CPUIRQ: &r.cpus,
		SerialOut: [board.SerialPorts]io.Writer{&r.out[0], &r.out[1]},
	})
	if err != nil {
		tb.Fatal(err)
	}
	for fn := range 2 {
		d := &doorbell{name: fmt.Sprintf("doorbell%d", fn)}
		d.fn, err = pci.NewFunction(d.name, pci.Header{VendorID: 0x1af4, DeviceID: 1, InterruptPin: 1},
			[6]pci.BAR{{Kind: pci.BARIO, Size: 4, Region: device.Bytes(d.name, 4, d)}})
		if err != nil {
			tb.Fatal(err)
		}
		if err := r.AttachPCI(2, fn, d.fn, d); err != nil {
			tb.Fatal(err)
		}
	}
	for cpu := range r.port {
		r.port[cpu] = r.Port(cpu)
	}
	return r
}

// step does something that a guest, the host or time may do, and returns all that can
// be seen of what comes of it.
func (r *rig) step(rng *rand.Rand) string {
	spaces := registers[r.name]
	s := spaces[rng.IntN(len(spaces))]
	pa, cpu := s.base+s.stride*rng.Uint64N(s.n), rng.IntN(len(r.port))
	size := 1
	if s.stride > 1 {
		size = 8
	}
	answer := ""
	switch rng.IntN(16) {
	case 0:
		r.clk.Advance(rng.Uint64N(3_000_000))
	case 1:
		r.Serial()[rng.IntN(board.SerialPorts)].Push([]byte{byte(rng.Uint32()), byte(rng.Uint32())})
		r.Poll()
	case 2:
		r.Serial()[rng.IntN(board.SerialPorts)].Break()
	case 3:
		[]func(int){r.RaiseIPI, r.AckIPI, r.RaiseTimer, r.AckTimer}[rng.IntN(4)](cpu)
	case 4:
		v, spurious := r.DeviceVector(cpu)
		answer = fmt.Sprintf("vector %#x %v", v, spurious)
	case 5, 6, 7, 8:
		v, err := r.port[cpu].Read(abi.PAddr(pa), size)
		answer = fmt.Sprintf("%#x: %#x %v", pa, v, err)
	default:
		// Half of the values have few bits: modes and enables that leave the rest in order.
		v := rng.Uint64()
		if rng.IntN(2) == 0 {
			v = 1<<rng.IntN(8*size) | 1<<rng.IntN(8)
		}
		answer = fmt.Sprintf("%#x: %v", pa, r.port[cpu].Write(abi.PAddr(pa), size, v))
	}
	return fmt.Sprintf("%s, at %d, interrupts %v, sent %d %d", answer, r.clk.NS, r.cpus.Level, r.out[0].Len(), r.out[1].Len())
}

func (r *rig) devices() []device.Device {
	return append([]device.Device{r.clk.Timers()}, r.Devices()...)
}

func (r *rig) save() []byte {
	var w state.Writer
	for _, d := range r.devices() {
		d.Save(&w)
	}
	return w.Bytes()
}

func (r *rig) load(data []byte) error {
	in := state.NewReader(data)
	for _, d := range r.devices() {
		if err := d.Load(in); err != nil {
			return err
		}
	}
	return in.Done()
}

// seen is what a test has seen of the boards' devices: of all boards together, as a field
// of a device that several have need not change on each of them.
type seen struct {
	met     map[string]bool // fields that were compared or are wiring
	changed map[string]bool // fields that accesses, input and time have changed
	devices map[string]bool // "board: device" of which a field was changed
}

// Every device of every board: after a random series of accesses, input and time it is
// saved and loaded into another board. All its fields are then the same, and the two
// boards answer the same to the same.
func TestSavedBoardsGoOn(t *testing.T) {
	all := seen{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, p := range platforms.All() {
		t.Run(p.Name, func(t *testing.T) {
			if len(registers[p.Name]) == 0 {
				t.Fatal("where are its registers?")
			}
			for seed := uint64(0); seed < 40 && !t.Failed(); seed++ {
				goOn(t, p, seed, all)
			}
			if t.Failed() {
				return
			}
			for _, d := range newRig(t, p, 2026).Devices() {
				if !all.devices[p.Name+": "+d.Name()] {
					t.Errorf("nothing that the test does changes %s: are all its registers in the table?", d.Name())
				}
			}
		})
	}
	if t.Failed() {
		return // not all was seen
	}
	for _, name := range devtest.Unmet(wiring, all.met) {
		t.Errorf("wiring names %s, which does not exist", name)
	}
	for name := range all.met {
		if wiring[name] == "" && unchanged[name] == "" && !all.changed[name] {
			t.Errorf("%s: never changed by what the test does, which cannot tell whether it is restored", name)
		}
	}
}

func goOn(t *testing.T, p platforms.Platform, seed uint64, all seen) {
	t.Helper()
	a, b := newRig(t, p, 1999), newRig(t, p, 2026)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 100 + rng.IntN(3000) {
		a.step(rng)
	}
	for range rng.IntN(1000) { // what b was must not matter
		b.step(rng)
	}
	names := map[string]bool{}
	for _, d := range a.devices() {
		if names[d.Name()] {
			t.Fatalf("two devices are %s", d.Name())
		}
		names[d.Name()] = true
	}
	for i, d := range a.Devices() {
		for _, found := range devtest.Differences(d, b.Devices()[i], wiring, all.met) {
			all.changed[found.Field] = true
			all.devices[p.Name+": "+d.Name()] = true
		}
	}
	data := a.save()
	b.clk.NS, b.clk.Wall, b.cpus = a.clk.NS, a.clk.Wall, a.cpus // what is at the other end of the lines
	for i := range b.out {
		b.out[i] = *bytes.NewBuffer(bytes.Clone(a.out[i].Bytes()))
	}
	if err := b.load(data); err != nil {
		t.Fatal(err)
	}
	same := func(when string) {
		t.Helper()
		if got := b.save(); !bytes.Equal(got, a.save()) {
			t.Errorf("seed %d, %s: what is saved differs", seed, when)
		}
		for i, d := range a.Devices() {
			for _, found := range devtest.Differences(d, b.Devices()[i], wiring, all.met) {
				t.Errorf("seed %d, %s: %s: %s", seed, when, d.Name(), found.Text)
			}
		}
	}
	same("loaded")
	ra, rb := rand.New(rand.NewPCG(seed, 2)), rand.New(rand.NewPCG(seed, 2))
	for n := range 1000 {
		if x, y := a.step(ra), b.step(rb); x != y {
			t.Fatalf("seed %d, access %d after loading:\n%s\n%s", seed, n, x, y)
		}
	}
	same("later")
}

// A state that is damaged is refused or is a state like any other: nothing that a
// guest does on the board afterwards panics or lasts for ever.
func FuzzLoad(f *testing.F) {
	p := platforms.Default()
	a := newRig(f, p, 2026)
	rng := rand.New(rand.NewPCG(3, 1))
	for range 3000 {
		a.step(rng)
	}
	valid := a.save()
	f.Add([]byte{})
	for range 40 { // one byte each, anywhere
		at := rng.IntN(len(valid))
		f.Add([]byte{byte(at >> 8), byte(at), byte(rng.Uint32())})
	}
	f.Fuzz(func(t *testing.T, edits []byte) {
		data := slices.Clone(valid)
		for ; len(edits) >= 3; edits = edits[3:] {
			data[(int(edits[0])<<8|int(edits[1]))%len(data)] ^= edits[2]
		}
		r := newRig(t, p, 2026)
		r.clk.NS = a.clk.NS
		if err := r.load(data); err != nil {
			if !errors.Is(err, state.ErrRefused) {
				t.Error(err)
			}
			return
		}
		rng := rand.New(rand.NewPCG(4, 1))
		for range 300 {
			r.step(rng)
		}
	})
}

func TestByName(t *testing.T) {
	if p, err := platforms.ByName(""); err != nil || p.Name != platforms.Default().Name {
		t.Errorf("%v, %v", p.Name, err)
	}
	for _, name := range platforms.Names() {
		if p, err := platforms.ByName(name); err != nil || p.Name != name || p.New == nil || p.Identity.MaxCPUs == 0 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if _, err := platforms.ByName("nosuch"); err == nil || err.Error() != `platform "nosuch" does not exist; there is `+strings.Join(platforms.Names(), ", ") {
		t.Error(err)
	}
	if b, err := platforms.Default().New(board.Config{}); b != nil || err == nil {
		t.Errorf("a board of nothing: %v, %v", b, err)
	}
}
