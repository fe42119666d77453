package artifact

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"sort"

	"axpress/runtime/abi"
)

// MaxFrame is the largest host stack frame of a unit, in bytes. Together with
// the bounded number of guest instructions in a run it bounds the host stack.
const MaxFrame = 4096

// UnitInfo describes one unit to Link.
type UnitInfo struct {
	Symbol  string
	Name    string
	PC      uint64
	Lo, Hi  uint64   // guest addresses it was made from
	Entries []uint64 // guest PCs, in the order of the unit's entry index
	Insts   int
	Copied  []abi.CodeSpan // guest addresses of functions whose code it holds too
	Failed  string         // why no object defines it, if none does
}

// blob is code being laid out.
type blob struct {
	text []byte
	syms map[string]uint32
}

func (b *blob) align(n int) {
	for len(b.text)%n != 0 {
		b.text = append(b.text, 0xcc) // int3
	}
}

// object is one parsed object file.
type object struct {
	f        *elf.File
	syms     []elf.Symbol
	place    map[int]uint32 // section -> offset in the blob
	oversize map[string]bool
}

// Link lays out objects and resolves the calls between them. Units that no
// object defines, or whose frame is too large, are replaced by stubs that return
// to the dispatcher, which has them interpreted.
func Link(objects [][]byte, units []UnitInfo) (*Artifact, error) {
	b := &blob{syms: map[string]uint32{}}
	b.thunks()
	var objs []*object
	for i, data := range objects {
		o, err := parseObject(data)
		if err != nil {
			return nil, fmt.Errorf("link object %d: %w", i, err)
		}
		b.place(o)
		objs = append(objs, o)
	}
	a := &Artifact{}
	for _, u := range units {
		b.addUnit(a, u, objs)
	}
	for i, o := range objs {
		if err := b.relocate(o); err != nil {
			return nil, fmt.Errorf("link object %d: %w", i, err)
		}
	}
	for _, o := range objs {
		a.Faults = append(a.Faults, b.faults(o)...)
	}
	sort.Slice(a.Faults, func(i, j int) bool { return a.Faults[i].At < a.Faults[j].At })
	a.Text = b.text
	sort.SliceStable(a.Entries, func(i, j int) bool { return a.Entries[i].PC < a.Entries[j].PC })
	return a, nil
}

// thunks writes one jump per thunk: jmp *Thunks[n](%r12).
func (b *blob) thunks() {
	for n, name := range abi.ThunkNames {
		b.syms[name] = uint32(len(b.text))
		disp := abi.Offset("Thunks") + 8*int64(n) - abi.StateBias
		b.text = append(b.text, 0x41, 0xff, 0xa4, 0x24)
		b.text = binary.LittleEndian.AppendUint32(b.text, uint32(disp))
	}
}

func parseObject(data []byte) (*object, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	o := &object{f: f, place: map[int]uint32{}, oversize: map[string]bool{}}
	if o.syms, err = f.Symbols(); err != nil {
		return nil, err
	}
	return o, o.frames()
}

// frames reads .stack_sizes: pairs of a function address (relocated) and a
// ULEB128 frame size.
func (o *object) frames() error {
	for i, s := range o.f.Sections {
		if s.Name != ".stack_sizes" {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return err
		}
		rels, err := o.relocations(i)
		if err != nil {
			return err
		}
		for _, r := range rels {
			if r.off+8 > uint64(len(data)) {
				return fmt.Errorf(".stack_sizes: relocation outside the section")
			}
			size, n := binary.Uvarint(data[r.off+8:])
			if n <= 0 {
				return fmt.Errorf(".stack_sizes: bad size")
			}
			if size > MaxFrame {
				for _, name := range o.functionsAt(r) {
					o.oversize[name] = true
				}
			}
		}
	}
	return nil
}

// functionsAt names the functions that relocation r addresses.
func (o *object) functionsAt(r reloc) (names []string) {
	target := o.syms[r.sym-1]
	for _, s := range o.syms {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section == target.Section && s.Value == target.Value+uint64(r.addend) {
			names = append(names, s.Name)
		}
	}
	return names
}

// place appends the sections of o that are part of the program.
func (b *blob) place(o *object) {
	for i, s := range o.f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || s.Size == 0 || s.Type != elf.SHT_PROGBITS || s.Name == ".eh_frame" {
			continue
		}
		data, err := s.Data()
		if err != nil {
			continue
		}
		b.align(int(max(s.Addralign, 16)))
		o.place[i] = uint32(len(b.text))
		b.text = append(b.text, data...)
	}
	for _, s := range o.syms {
		at, ok := o.place[int(s.Section)]
		if ok && elf.ST_BIND(s.Info) == elf.STB_GLOBAL && !o.oversize[s.Name] {
			b.syms[s.Name] = at + uint32(s.Value)
		}
	}
}

// addUnit enters u into the tables of a, or makes a stub for it if it has no code.
func (b *blob) addUnit(a *Artifact, u UnitInfo, objs []*object) {
	at, ok := b.syms[u.Symbol]
	if !ok {
		b.align(16)
		b.syms[u.Symbol] = uint32(len(b.text))
		b.text = append(b.text, abi.ReturnTarget[:]...)
		why := u.Failed
		if why == "" {
			why = "its frame on the host's stack would be too large"
		}
		a.Missing = append(a.Missing, u.Name+": "+why)
		return
	}
	a.Spans = append(a.Spans, abi.CodeSpan{Lo: u.Lo, Hi: u.Hi, Code: at})
	for _, s := range u.Copied {
		s.Code = at
		a.Spans = append(a.Spans, s)
	}
	a.Units = append(a.Units, Unit{PC: u.PC, Code: at, Insts: uint32(u.Insts), Name: u.Name})
	for i, pc := range u.Entries {
		a.Entries = append(a.Entries, abi.CodeEntry{PC: pc, Code: at, Index: uint32(i)})
	}
}

// reloc is one Elf64_Rela.
type reloc struct {
	off    uint64
	sym    uint32
	typ    elf.R_X86_64
	addend int64
}

// relocations returns the relocations that apply to section i.
func (o *object) relocations(i int) (rs []reloc, err error) {
	for _, s := range o.f.Sections {
		if s.Type != elf.SHT_RELA || int(s.Info) != i {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return nil, err
		}
		for ; len(data) >= 24; data = data[24:] {
			info := binary.LittleEndian.Uint64(data[8:])
			r := reloc{off: binary.LittleEndian.Uint64(data), sym: uint32(info >> 32), typ: elf.R_X86_64(info & 0xffffffff),
				addend: int64(binary.LittleEndian.Uint64(data[16:]))}
			if r.sym == 0 || int(r.sym) > len(o.syms) {
				return nil, fmt.Errorf("relocation against symbol %d of %d", r.sym, len(o.syms))
			}
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// relocate applies the relocations of o's placed sections. All of them are
// relative to the place, which is why the result runs anywhere.
func (b *blob) relocate(o *object) error {
	for i, at := range o.place {
		rels, err := o.relocations(i)
		if err != nil {
			return err
		}
		for _, r := range rels {
			if r.typ != elf.R_X86_64_PC32 && r.typ != elf.R_X86_64_PLT32 {
				return fmt.Errorf("%s: relocation type %s is not position independent", o.f.Sections[i].Name, r.typ)
			}
			s := o.syms[r.sym-1]
			var target uint32
			place, local := o.place[int(s.Section)]
			switch {
			case s.Section != elf.SHN_UNDEF && local && !o.oversize[s.Name]:
				target = place + uint32(s.Value)
			default:
				t, ok := b.syms[s.Name]
				if !ok {
					return fmt.Errorf("symbol %s is not defined anywhere", s.Name)
				}
				target = t
			}
			p := at + uint32(r.off)
			binary.LittleEndian.PutUint32(b.text[p:], target+uint32(r.addend)-p)
		}
	}
	return nil
}

// faultSection is where objects list the instructions that may fault on the host:
// pairs of an instruction and a place to go on, each as a 32-bit distance from
// where it stands.
const faultSection = ".gft"

// faults reads the fault table of o, which is relocated.
func (b *blob) faults(o *object) (fs []abi.CodeFault) {
	for i, s := range o.f.Sections {
		at, ok := o.place[i]
		if !ok || s.Name != faultSection {
			continue
		}
		for p := at; p+8 <= at+uint32(s.Size); p += 8 {
			fs = append(fs, abi.CodeFault{At: p + binary.LittleEndian.Uint32(b.text[p:]), Fix: p + 4 + binary.LittleEndian.Uint32(b.text[p+4:])})
		}
	}
	return fs
}
