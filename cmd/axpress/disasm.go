package main

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/runtime/standalone/usage"
)

func (a *app) disasm() *cobra.Command {
	var plain, host bool
	var where programFile
	var t translation
	c := &cobra.Command{
		Use:   "disasm FILE [FUNCTION]",
		Short: "Disassemble a file, or one function by name or 0xADDRESS; with --host what it was translated to",
		Long: "Disasm writes the instructions of a file, or of one function, by name or 0xADDRESS.\n\n" +
			"With --host it writes the host instructions that the function was translated to, with counts, names of guest\n" +
			"registers and of what native code calls. The translation must be in the cache, made with the same options.",
		Args: usageArgs(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			if host {
				o, err := t.options(a)
				if errors.Is(err, errHelped) {
					return nil
				}
				if err != nil {
					return err
				}
				return a.disasmHost(args, where, o)
			}
			img, err := where.open(args[0])
			if err != nil {
				return err
			}
			ranges := codeRanges(img)
			if len(ranges) == 0 {
				return fail(statusInput, "%s: no code in it", img.Name)
			}
			if len(args) == 2 {
				r, err := findFunction(img, args[1])
				if err != nil {
					return err
				}
				ranges = []codeRange{r}
			}
			return disassemble(bufio.NewWriter(a.out), img, ranges, plain)
		},
	}
	c.Flags().BoolVar(&plain, "plain", false, "the Handbook's mnemonics, without objdump's aliases")
	c.Flags().BoolVar(&host, "host", false, "the host code of a function")
	where.flags(c.Flags())
	t.flags(c.Flags())
	return c
}

// usageArgs makes an argument check a matter of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return fail(statusUsage, "usage: %s: %w", c.UseLine(), err)
		}
		return nil
	}
}

// codeRange is a piece of code, end exclusive.
type codeRange struct{ start, end uint64 }

// codeRanges are all executable bytes: by section if there are any.
func codeRanges(img *image.Image) (ranges []codeRange) {
	const execInstr = 4 // SHF_EXECINSTR
	for _, s := range img.Sections {
		if s.Flags&execInstr != 0 {
			ranges = append(ranges, codeRange{s.Addr, s.Addr + s.Size})
		}
	}
	if len(ranges) > 0 {
		return ranges
	}
	for i := range img.Segments {
		if s := &img.Segments[i]; s.Perm&image.X != 0 && len(s.Data) > 0 {
			ranges = append(ranges, codeRange{s.VAddr, s.VAddr + uint64(len(s.Data))})
		}
	}
	return ranges
}

// findFunction finds a function by its name or by 0xADDRESS. It ends where its
// symbol says, else at the next symbol.
func findFunction(img *image.Image, name string) (codeRange, error) {
	addr, err := strconv.ParseUint(name, 0, 64)
	byAddress := err == nil
	for i, s := range img.Names {
		if !s.Func && !s.Label || s.Abs {
			continue
		}
		hit := s.Name == name
		if byAddress {
			hit = s.Addr == addr || s.Addr < addr && addr < s.Addr+s.Size
		}
		if !hit {
			continue
		}
		r := codeRange{s.Addr, s.Addr + s.Size}
		for _, next := range img.Names[i+1:] {
			if s.Size != 0 {
				break
			}
			if next.Addr > s.Addr {
				r.end = next.Addr
				break
			}
		}
		if r.end == r.start { // the last label of all
			if seg := img.SegmentAt(s.Addr); seg != nil {
				r.end = seg.VAddr + uint64(len(seg.Data))
			}
		}
		return r, nil
	}
	if byAddress {
		if _, ok := img.Word(addr &^ 3); ok {
			const some = 64 // instructions of a stripped file
			return codeRange{addr &^ 3, addr&^3 + 4*some}, nil
		}
	}
	return codeRange{}, fail(statusInput, "%s: no function %q%s; give a symbol's name or 0xADDRESS", img.Name, name, usage.Hint(name, functionNames(img)))
}

// functionNames are the names that findFunction knows.
func functionNames(img *image.Image) (names []string) {
	for _, s := range img.Symbols {
		if (s.Func || s.Label) && !s.Abs {
			names = append(names, s.Name)
		}
	}
	return names
}

// disassemble writes ranges in the form of objdump -d.
func disassemble(w *bufio.Writer, img *image.Image, ranges []codeRange, plain bool) error {
	names := symbols.NewNames(img)
	style := isa.Style{Plain: plain, Symbol: names.At}
	var line []byte
	for _, r := range ranges {
		for pc := r.start &^ 3; pc < r.end; pc += 4 {
			word, ok := img.Word(pc)
			if !ok {
				break
			}
			if name, found := names.Exact(pc); found || pc == r.start {
				if !found {
					name = names.At(pc)
				}
				fmt.Fprintf(w, "\n%016x <%s>:\n", pc, name)
			}
			line = fmt.Appendf(line[:0], "%12x:\t%08x\t", pc, word)
			line = isa.AppendDisasm(line, isa.Decode(word), pc, style)
			if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}
