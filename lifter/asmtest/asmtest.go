// Package asmtest builds Alpha ELF images of assembler text for tests of discovery,
// translation and their results; see program for the language. It is imported by
// tests only.
package asmtest

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/lifter/isa"
)

// program is a test program as text: one instruction, label or directive a line,
// # starts a comment. Instructions are isa.Assemble's, with labels as branch
// targets and these in place of displacements, all relative to .gp:
//
//	%hi(label) %lo(label)   the parts of an ldah/lda pair
//	%gp(label)              all of it, in 16 bits
//
// "ldgp $27" and "ldgp $26" are the pair that computes .gp from the address of
// this instruction. The directives:
//
//	.text addr, .rodata addr, .data addr   a section and segment from here on
//	.gp addr                               the value of $29
//	.func name ... .end                    a function symbol with a size
//	.global name                           an assembler label, global
//	name:                                  a label; with .locals also a local symbol
//	.entry name
//	.diff32 label base                     32 bits of label - base
//	.quad label, .gprel32 label, .long n, .fill n (of nops)
//	.nosyms, .nosections                   what to leave out of the file
//	.options page max=n hint=label         for Discover
type program struct {
	file     imagetest.File
	opt      discover.Options
	gp       uint64
	labels   map[string]uint64
	sections bool
	syms     bool
	hints    []string
	entry    string
}

var relocation = regexp.MustCompile(`%(hi|lo|gp)\(([\w.]+)\)`)

// Assemble returns the image of the program in text, and what its .options say.
func Assemble(name, text string) (*image.Image, discover.Options, error) {
	data, opt, err := File(name, text)
	if err != nil {
		return nil, opt, err
	}
	img, err := image.Parse(name, data)
	return img, opt, err
}

// File returns the ELF file that Assemble makes the image of.
func File(name, text string) ([]byte, discover.Options, error) {
	p := &program{labels: map[string]uint64{}}
	for pass := 1; pass <= 2; pass++ {
		if err := p.pass(text, pass == 2); err != nil {
			return nil, p.opt, fmt.Errorf("%s: %w", name, err)
		}
	}
	p.file.Entry = p.labels[p.entry]
	for _, h := range p.hints {
		p.opt.Hints = append(p.opt.Hints, p.labels[h])
	}
	if !p.syms {
		p.file.Syms = nil
	}
	if p.sections {
		for _, s := range p.file.Segs {
			sec := imagetest.Sec{Name: ".data", Addr: s.VAddr, Size: uint64(len(s.Data))}
			switch {
			case s.Flags&elf.PF_X != 0:
				sec.Name, sec.Flags = ".text", elf.SHF_EXECINSTR
			case s.Flags&elf.PF_W == 0:
				sec.Name = ".rodata"
			}
			p.file.Secs = append(p.file.Secs, sec)
		}
	}
	p.file.Stripped = !p.sections
	return imagetest.Build(p.file), p.opt, nil
}

func (p *program) pass(text string, last bool) error {
	p.file, p.hints, p.sections, p.syms = imagetest.File{}, nil, true, true
	locals := false
	var seg *imagetest.Seg
	here := func() uint64 { return seg.VAddr + uint64(len(seg.Data)) }
	put := func(b []byte) { seg.Data = append(seg.Data, b...) }
	var fn *imagetest.Sym
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		word, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		arg = strings.TrimSpace(arg)
		num, numErr := strconv.ParseUint(arg, 0, 64)
		switch {
		case word == "":
			continue
		case strings.HasSuffix(word, ":"):
			p.labels[word[:len(word)-1]] = here()
			if locals {
				p.file.Syms = append(p.file.Syms, imagetest.Sym{Name: word[:len(word)-1], Addr: here(), Local: true})
			}
			continue
		}
		switch word {
		case ".text", ".rodata", ".data":
			flags := map[string]elf.ProgFlag{".text": elf.PF_R | elf.PF_X, ".rodata": elf.PF_R, ".data": elf.PF_R | elf.PF_W}[word]
			p.file.Segs = append(p.file.Segs, imagetest.Seg{VAddr: num, Flags: flags})
			seg = &p.file.Segs[len(p.file.Segs)-1]
		case ".gp":
			p.gp = num
		case ".entry":
			p.entry, numErr = arg, nil
		case ".locals":
			locals, numErr = true, nil
		case ".nosyms":
			p.syms, numErr = false, nil
		case ".nosections":
			p.sections, numErr = false, nil
		case ".options":
			numErr = p.options(arg)
		case ".func":
			p.labels[arg] = here()
			p.file.Syms = append(p.file.Syms, imagetest.Sym{Name: arg, Addr: here(), Type: elf.STT_FUNC})
			fn, numErr = &p.file.Syms[len(p.file.Syms)-1], nil
		case ".end":
			for k := range p.file.Syms {
				if s := &p.file.Syms[k]; s.Name == fn.Name {
					s.Size = here() - s.Addr
				}
			}
			numErr = nil
		case ".global":
			p.labels[arg], numErr = here(), nil
			p.file.Syms = append(p.file.Syms, imagetest.Sym{Name: arg, Addr: here()})
		case ".quad":
			put(binary.LittleEndian.AppendUint64(nil, p.labels[arg]))
			numErr = nil
		case ".gprel32":
			put(binary.LittleEndian.AppendUint32(nil, uint32(p.labels[arg]-p.gp)))
			numErr = nil
		case ".diff32":
			to, from, _ := strings.Cut(arg, " ")
			put(binary.LittleEndian.AppendUint32(nil, uint32(p.labels[to]-p.labels[from])))
			numErr = nil
		case ".fill":
			for range num {
				put(imagetest.Words(0x47ff041f))
			}
		case "ldgp":
			d := int64(p.gp - here())
			put(imagetest.Words(0x27a00000|regField(arg)|uint32(uint16((d-int64(int16(d)))>>16)), 0x23bd0000|uint32(uint16(d))))
			numErr = nil
		default:
			w, err := p.instruction(strings.TrimSpace(line), here())
			if err != nil && last {
				return fmt.Errorf("line %d: %w", n+1, err)
			}
			put(imagetest.Words(w))
			numErr = nil
		}
		if numErr != nil {
			return fmt.Errorf("line %d: %q: %w", n+1, line, numErr)
		}
	}
	return nil
}

// regField returns a register name such as $27 as the Rb field.
func regField(s string) uint32 {
	n, err := strconv.Atoi(strings.TrimPrefix(s, "$"))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return uint32(n) << 16
}

func (p *program) options(arg string) (err error) {
	p.opt = discover.Options{}
	for _, o := range strings.Fields(arg) {
		key, val, _ := strings.Cut(o, "=")
		switch key {
		case "page":
			p.opt.PageLimited = true
		case "max":
			p.opt.MaxFunction, err = strconv.Atoi(val)
		case "hint":
			p.hints = append(p.hints, val)
		default:
			err = fmt.Errorf("unknown option %q", key)
		}
	}
	return err
}

// instruction assembles one line at pc after putting numbers for labels.
func (p *program) instruction(line string, pc uint64) (uint32, error) {
	line = relocation.ReplaceAllStringFunc(line, func(s string) string {
		m := relocation.FindStringSubmatch(s)
		d := int64(p.labels[m[2]] - p.gp)
		switch m[1] {
		case "hi":
			d = (d - int64(int16(d))) >> 16
		case "lo":
			d = int64(int16(d))
		}
		return strconv.FormatInt(d, 10)
	})
	if i := strings.LastIndexAny(line, " ,"); i >= 0 {
		if va, ok := p.labels[line[i+1:]]; ok {
			line = fmt.Sprintf("%s%#x", line[:i+1], va)
		}
	}
	return isa.Assemble(line, pc)
}
