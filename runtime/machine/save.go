package machine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/device"
	"axpress/runtime/ipi"
	"axpress/runtime/mmu"
	"axpress/runtime/state"
)

// The form of a saved machine: header, blocks (package state), pages of RAM, each with its physical
// address in front, and a CRC-32 of all that.
const saveMagic = "AxpState"

type saveHeader struct {
	Magic   [len(saveMagic)]byte
	Version uint32
	_       uint32
	Blocks  uint64 // bytes
	Pages   uint64 // of RAM that are not empty
}

const saveVersion = 1

// errHostClock says why a machine cannot be saved or loaded.
var errHostClock = errors.New("only a machine with the deterministic clock can be saved: with the host's, time goes on meanwhile")

// Save writes all that the rest of the run depends on. The machine must not run; it may be
// saved wherever Run has returned because its context ended. Errors: the clock is the
// host's, or w's.
func (m *Machine) Save(w io.Writer) error {
	if !m.clock.Deterministic() {
		return fmt.Errorf("machine: %w", errHostClock)
	}
	var b state.Writer
	b.Block(m.kind())
	turns := m.turns()
	b.Block(m.turnsBlock(&turns))
	for _, p := range m.parts() {
		p.Save(&b)
	}
	h := saveHeader{Version: saveVersion, Blocks: uint64(len(b.Bytes()))}
	copy(h.Magic[:], saveMagic)
	for range m.pages() {
		h.Pages++
	}
	sum := crc32.NewIEEE()
	out := io.MultiWriter(w, sum)
	err := binary.Write(out, binary.LittleEndian, &h)
	write := func(p []byte) {
		if err == nil {
			_, err = out.Write(p)
		}
	}
	write(b.Bytes())
	for pa, page := range m.pages() {
		write(binary.LittleEndian.AppendUint64(nil, uint64(pa)))
		write(page)
	}
	if err == nil {
		_, err = w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	}
	if err != nil {
		return fmt.Errorf("machine: save: %w", err)
	}
	return nil
}

// Load makes m what Save has written of a machine of the same configuration; m has been
// made by New and must not have run. Code is compared with memory before it is executed again,
// as after CALL_PAL IMB. Errors: r's, the clock is the host's, or what was saved is
// refused (state.ErrRefused); then m can only be closed.
func (m *Machine) Load(r io.Reader) error {
	if !m.clock.Deterministic() {
		return fmt.Errorf("machine: %w", errHostClock)
	}
	if err := m.loadFrom(r); err != nil {
		return fmt.Errorf("machine: load: %w", err)
	}
	for _, c := range m.cpus {
		c.engine.InvalidateCode()
	}
	return nil
}

func (m *Machine) loadFrom(r io.Reader) error {
	sum := crc32.NewIEEE()
	in := io.TeeReader(r, sum)
	var h saveHeader
	if err := binary.Read(in, binary.LittleEndian, &h); err != nil {
		return err
	}
	switch {
	case string(h.Magic[:]) != saveMagic:
		return fmt.Errorf("it does not begin as a saved machine does: %w", state.ErrRefused)
	case h.Version != saveVersion:
		return fmt.Errorf("version %d, expected version %d: %w", h.Version, saveVersion, state.ErrRefused)
	case h.Pages > m.ram.Size()/abi.PageSize:
		return fmt.Errorf("%d pages of RAM: more than there are: %w", h.Pages, state.ErrRefused)
	}
	// Bad lengths must not cost memory: as much as comes is read.
	var blocks bytes.Buffer
	if n, err := io.CopyN(&blocks, in, int64(min(h.Blocks, 1<<62))); err != nil {
		return fmt.Errorf("%d of %d bytes of blocks: %w", n, h.Blocks, err)
	}
	ram, err := m.readRAM(in, h.Pages)
	if err != nil {
		return err
	}
	want := sum.Sum32()
	var got [4]byte
	if _, err := io.ReadFull(r, got[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(got[:]) != want {
		return fmt.Errorf("damaged: its check sum is another one: %w", state.ErrRefused)
	}
	if err := m.loadBlocks(state.NewReader(blocks.Bytes())); err != nil {
		return err
	}
	m.setRAM(ram)
	return nil
}

// readRAM reads pages, by physical address.
func (m *Machine) readRAM(r io.Reader, n uint64) (map[abi.PAddr][]byte, error) {
	ram := map[abi.PAddr][]byte{}
	for range n {
		var at [8]byte
		if _, err := io.ReadFull(r, at[:]); err != nil {
			return nil, err
		}
		pa, page := abi.PAddr(binary.LittleEndian.Uint64(at[:])), make([]byte, abi.PageSize)
		if pa%abi.PageSize != 0 || pa >= abi.PAddr(m.ram.Size()) || ram[pa] != nil {
			return nil, fmt.Errorf("a page at physical %#x: %w", pa, state.ErrRefused)
		}
		if _, err := io.ReadFull(r, page); err != nil {
			return nil, err
		}
		ram[pa] = page
	}
	return ram, nil
}

// setRAM stores pages, and empty ones where there are none. A page that is what it was is not
// stored to: a watch would take its code for changed.
func (m *Machine) setRAM(pages map[abi.PAddr][]byte) {
	for pa, now := range m.pages() {
		if pages[pa] == nil {
			clear(now)
		}
	}
	for pa, page := range pages {
		if now := m.ram.Bytes()[pa : pa+abi.PageSize]; !bytes.Equal(now, page) {
			copy(now, page)
		}
	}
}

func (m *Machine) loadBlocks(r *state.Reader) error {
	if err := r.Block(m.kind()); err != nil {
		return err
	}
	var turns turnState
	if err := r.Block(m.turnsBlock(&turns)); err != nil {
		return err
	}
	for _, p := range m.parts() {
		if err := p.Load(r); err != nil {
			return err
		}
	}
	m.setTurns(turns)
	return r.Done()
}

// parts are those of the machine that have state, in the order in which they are saved.
func (m *Machine) parts() []device.Device {
	var all []device.Device
	for _, c := range m.cpus {
		all = append(all, c)
	}
	all = append(all, m.clock)
	all = append(all, m.board.Devices()...)
	for i := range Ports {
		all = append(all, m.outputs[i], m.inputs[i])
	}
	return append(all, m.watch, m.callbacks, m.policy)
}

// kind is what a machine must be made as to be loaded.
func (m *Machine) kind() state.Block {
	type kind struct {
		Platform, Model, SSN, Append string
		CPUs                         int
		Memory                       uint64
		Epoch                        int64
		IPI                          ipi.Mode
		IPIData                      ipi.Data
	}
	c := &m.cfg
	is := kind{m.platform.Name, c.Model.Name, c.SSN, c.Append, c.CPUs, c.Memory, c.Epoch.UnixNano(), c.IPI, c.IPIData}
	was := is
	return state.Block{Name: "machine", Version: 1, Fields: []any{&was}, Check: func() error {
		if was != is {
			return fmt.Errorf("it is of another machine: %+v, expected %+v", was, is)
		}
		return nil
	}}
}

// turnState is what of the turns is state.
type turnState struct {
	Current int // CPU, -1: none has run
	On      bool
	Stop    int64
	Halted  uint64
}

func (m *Machine) turns() turnState {
	t := turnState{Current: -1, On: m.turn.on, Stop: m.turn.stop, Halted: m.halted.Load()}
	if m.current != nil {
		t.Current = m.current.Index
	}
	return t
}

func (m *Machine) setTurns(t turnState) {
	m.turn, m.current = turn{t.On, t.Stop}, m.CPU(t.Current)
	m.halted.Store(t.Halted)
}

func (m *Machine) turnsBlock(t *turnState) state.Block {
	return state.Block{Name: "turns", Version: 1, Fields: []any{t}, Check: func() error {
		n := len(m.cpus)
		if t.Current < -1 || t.Current >= n || t.On && t.Current < 0 || t.Halted>>n != 0 {
			return fmt.Errorf("%+v on %d CPUs", *t, n)
		}
		return nil
	}}
}

// Name implements device.Device.
func (c *CPU) Name() string { return fmt.Sprintf("CPU %d", c.Index) }

// cpuState is what of a CPU is state, in places of its own.
type cpuState struct {
	Arch     abi.Arch
	Pending  uint32
	CallPALs [256]uint64
	Live     []mmu.Translation
}

// Save implements device.Device.
func (c *CPU) Save(w *state.Writer) {
	s := cpuState{Pending: c.PAL.Pending(), Live: c.MMU.Live()}
	s.Arch.Take(c.S)
	for i := range s.CallPALs {
		s.CallPALs[i] = c.callPALs(i)
	}
	w.Block(c.block(&s))
}

// Load implements device.Device.
func (c *CPU) Load(r *state.Reader) error {
	var s cpuState
	if err := r.Block(c.block(&s)); err != nil {
		return err
	}
	s.Arch.Load(c.S)
	c.PAL.SetPending(s.Pending)
	c.stats.callPALs, c.S.FastCalls = s.CallPALs, [len(c.S.FastCalls)]uint64{}
	c.MMU.SetLive(s.Live)
	return nil
}

func (c *CPU) block(s *cpuState) state.Block {
	return state.Block{Name: c.Name(), Version: 1, Check: func() error { return c.check(s) }, Fields: []any{
		s, &c.mode, &c.alarm.at, &c.loop, &c.back, &c.stats.interrupts, &c.stats.ipi,
	}}
}

// check refuses what cannot be, as far as the guest could get out by it or we could crash.
func (c *CPU) check(s *cpuState) error {
	size := abi.PAddr(c.RAM.Size())
	for _, t := range s.Live {
		if t.PAPage%abi.PageSize != 0 || t.PAPage >= size || t.LeafPA%8 != 0 || t.LeafPA >= size || t.VPage%abi.PageSize != 0 || t.Mode&^1 != 0 || t.ASN > 255 {
			return fmt.Errorf("a translation %+v", t)
		}
	}
	switch a := &s.Arch; {
	case a.R[31] != 0 || a.F[31] != 0:
		return errors.New("register 31 is not 0")
	case a.Field[abi.FieldWHAMI] != uint64(c.Index):
		return fmt.Errorf("it is CPU %d", a.Field[abi.FieldWHAMI])
	case a.Field[abi.FieldPC]&3 != 0 || a.Field[abi.FieldPS]&^15 != 0 || a.Field[abi.FieldASN] > 255 || a.Icount < 0 || a.Icount > 1<<62:
		return fmt.Errorf("PC %#x, PS %#x, ASN %d, %d instructions", a.Field[abi.FieldPC], a.Field[abi.FieldPS], a.Field[abi.FieldASN], a.Icount)
	case s.Pending>>osf.NumIRQ != 0 || osf.LevelOf(s.Pending) != a.Field[abi.FieldIRQLevel]:
		return fmt.Errorf("interrupts %#x at level %d", s.Pending, a.Field[abi.FieldIRQLevel])
	case c.mode >= numModes:
		return fmt.Errorf("mode %d", c.mode)
	}
	return c.loop.Check()
}
