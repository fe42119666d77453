package pipeline_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"axpress/lifter/asmtest"
	"axpress/translator/hostcode"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain"
	"axpress/translator/toolchain/toolchaintest"
)

var update = flag.Bool("update", false, "rewrite the counts in testdata/counts.txt")

// The golden file has the tools whose counts it holds, and the snippets:
//
//	tools llc 14.0.6 x86-64-v3
//	tools llc 15.0.6 x86-64-v3
//	== NAME MODE...
//	ASSEMBLER TEXT
//	-- MODE: 12 guest instructions, 34 host instructions, loop 9
//	-- hot MODE: the same at the full setting
//	-- hot MODE, llc 15.0.6 x86-64-v3: where that is different from the first tools
//
// The text is asmtest's, its first function being f; ".rodata" without an address is the
// read-only data of the mode. Counted is f: all its host instructions, among them exits
// and slow paths, and the shortest way round a loop of it that meets none of these
// (hostcode.Unit.ShortestLoop). For another release of LLVM, change its line of tools and
// use -update.
const countsFile = "testdata/counts.txt"

// modes are the kinds of code: where it lies decides.
var modes = map[string]struct{ text, rodata, gp uint64 }{
	"kernel": {0xfffffc0000310000, 0xfffffc0000314000, 0xfffffc0000318000},
	"user":   {0x120000000, 0x120010000, 0x120014000},
}

// snippet is a piece of guest code.
type snippet struct {
	name  string
	modes []string
	text  []string
	want  map[string]string
}

// golden is the golden file: what is before the first snippet, the tools among it, and
// the snippets.
type golden struct {
	head     []string
	tools    []string
	snippets []*snippet
}

func parseCounts(t *testing.T) (g golden) {
	t.Helper()
	file, err := os.ReadFile(countsFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		line = strings.TrimRight(line, "\n")
		if title, ok := strings.CutPrefix(line, "== "); ok {
			s := &snippet{want: map[string]string{}}
			words := strings.Fields(title)
			for len(words) > 0 && modes[words[len(words)-1]].text != 0 {
				s.modes = append([]string{words[len(words)-1]}, s.modes...)
				words = words[:len(words)-1]
			}
			if s.name = strings.Join(words, " "); s.name == "" || len(s.modes) == 0 {
				t.Fatalf("%q: want a name and modes", line)
			}
			g.snippets = append(g.snippets, s)
			continue
		}
		if len(g.snippets) == 0 {
			if text, ok := strings.CutPrefix(line, "tools "); ok {
				g.tools = append(g.tools, text)
			} else {
				g.head = append(g.head, line)
			}
			continue
		}
		s := g.snippets[len(g.snippets)-1]
		if result, ok := strings.CutPrefix(line, "-- "); ok {
			mode, counts, _ := strings.Cut(result, ": ")
			s.want[mode] = counts
		} else if line != "" {
			s.text = append(s.text, line)
		}
	}
	if len(g.tools) == 0 {
		t.Fatal("no line that names tools")
	}
	return g
}

// result is the name of the result of a variant for tools.
func (g *golden) result(variant, tools string) string {
	if tools == g.tools[0] {
		return variant
	}
	return variant + ", " + tools
}

// wanted is what the file has for a variant of s, with tools.
func (g *golden) wanted(s *snippet, variant, tools string) string {
	if counts, ok := s.want[g.result(variant, tools)]; ok {
		return counts
	}
	return s.want[variant]
}

// write writes the file anew.
func (g *golden) write(t *testing.T) {
	t.Helper()
	out := strings.TrimRight(strings.Join(g.head, "\n"), "\n") + "\n\n"
	for _, tools := range g.tools {
		out += "tools " + tools + "\n"
	}
	for _, s := range g.snippets {
		out += fmt.Sprintf("\n== %s %s\n%s\n", s.name, strings.Join(s.modes, " "), strings.Join(s.text, "\n"))
		for _, variant := range s.variants() {
			for _, tools := range g.tools {
				counts := g.wanted(s, variant, tools)
				if tools == g.tools[0] || counts != s.want[variant] {
					out += fmt.Sprintf("-- %s: %s\n", g.result(variant, tools), counts)
				}
			}
		}
	}
	if err := os.WriteFile(countsFile, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
}

// toolsName is what counts depend on besides this program: the version of llc and
// the host's level.
func toolsName(t *testing.T, tools *toolchain.LLVM) string {
	t.Helper()
	m := regexp.MustCompile(`^(llc \S+) .*-mcpu=(\S+)`).FindStringSubmatch(tools.Key())
	if m == nil {
		t.Fatalf("what are these tools? %q", tools.Key())
	}
	return m[1] + " " + m[2]
}

// variants are the modes of s, each at both settings.
func (s *snippet) variants() (all []string) {
	for _, mode := range s.modes {
		all = append(all, mode, hotPrefix+mode)
	}
	return all
}

const hotPrefix = "hot "

// count translates s as code of a variant and counts.
func (s *snippet) count(t *testing.T, variant string, tools *toolchain.LLVM, off ...string) string {
	t.Helper()
	mode, hot := strings.CutPrefix(variant, hotPrefix)
	m := modes[mode]
	text := strings.Join(s.text, "\n")
	text = strings.ReplaceAll(text, ".rodata\n", fmt.Sprintf(".rodata %#x\n", m.rodata))
	end := ".end\n"
	if strings.Contains(text, ".rodata") {
		end = ""
	}
	img, _, err := asmtest.Assemble(s.name, fmt.Sprintf(".gp %#x\n.entry f\n.text %#x\n.func f\n%s\n%s", m.gp, m.text, text, end))
	if err != nil {
		t.Fatal(err)
	}
	o := pipeline.Options{Jobs: 1, Check: true, Disable: map[string]bool{}}
	for _, name := range off {
		o.Disable[name] = true
	}
	if hot {
		for i := range uint64(256) { // all functions are hot
			o.Hot = append(o.Hot, m.text+4*i)
		}
	}
	a, err := pipeline.Translate(t.Context(), img, tools, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Missing) > 0 {
		t.Fatal(a.Missing[0])
	}
	code, err := hostcode.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range code.Units {
		if u.PC != m.text {
			continue
		}
		d, err := code.Unit(u)
		if err != nil {
			t.Fatal(err)
		}
		counts := fmt.Sprintf("%d guest instructions, %d host instructions", u.Insts, len(d.Insts))
		if n := d.ShortestLoop(); n > 0 {
			counts += fmt.Sprintf(", loop %d", n)
		}
		return counts
	}
	t.Fatalf("f was not translated: %v", code.Units)
	return ""
}

// TestHostInstructionCounts guards the speed of code without a clock, with each of the
// tools that the golden file names.
func TestHostInstructionCounts(t *testing.T) {
	g := parseCounts(t)
	toolchaintest.Each(t, func(t *testing.T, tools *toolchain.LLVM) {
		name := toolsName(t, tools)
		if !slices.Contains(g.tools, name) {
			t.Skipf("the counts are those of %s; here is %s", strings.Join(g.tools, ", "), name)
		}
		for _, s := range g.snippets {
			for _, variant := range s.variants() {
				counts := s.count(t, variant, tools)
				if want := g.wanted(s, variant, name); counts != want && !*update {
					t.Errorf("%s, %s: %s; was %s", s.name, variant, counts, want)
				}
				if *update {
					s.want[g.result(variant, name)] = counts
				}
			}
		}
	})
	if *update && !t.Failed() {
		g.write(t)
	}
}

// TestSwitches leaves out each step that can be left out: the code must differ, for some
// snippet.
func TestSwitches(t *testing.T) {
	if testing.Short() {
		t.Skip("translates all snippets once for each switch")
	}
	tools := toolchaintest.Find(t)
	snippets := parseCounts(t).snippets
	for _, sw := range pipeline.Steps() {
		if !sw.Full {
			continue
		}
		t.Run(sw.Name, func(t *testing.T) {
			t.Parallel()
			for _, s := range snippets {
				for _, mode := range s.modes {
					if s.count(t, hotPrefix+mode, tools, sw.Name) != s.count(t, hotPrefix+mode, tools) {
						return
					}
				}
			}
			t.Error("without it, all snippets become the same code")
		})
	}
}
