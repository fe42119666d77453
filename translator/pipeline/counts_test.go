package pipeline_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"axpress/lifter/asmtest"
	"axpress/translator/hostcode"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain"
)

var update = flag.Bool("update", false, "rewrite the counts in testdata/counts.txt")

// The golden file has the tools whose counts it holds, and the snippets:
//
//	tools llc 14.0.6 x86-64-v3
//	== NAME MODE...
//	ASSEMBLER TEXT
//	-- MODE: 12 guest instructions, 34 host instructions, loop 9
//	-- hot MODE: the same at the full setting
//
// The text is asmtest's, its first function being f; ".rodata" without an address is the
// read-only data of the mode. Counted is f: all its host instructions, among them exits
// and slow paths, and the shortest way round a loop of it that meets none of these
// (hostcode.Unit.ShortestLoop).
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

// parseCounts reads the golden file: what is before the first snippet, the tools among
// it, and the snippets.
func parseCounts(t *testing.T, file string) (head []string, tools string, snippets []*snippet) {
	t.Helper()
	for line := range strings.Lines(file) {
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
			snippets = append(snippets, s)
			continue
		}
		if len(snippets) == 0 {
			if text, ok := strings.CutPrefix(line, "tools "); ok {
				tools = text
				continue
			}
			head = append(head, line)
			continue
		}
		s := snippets[len(snippets)-1]
		if result, ok := strings.CutPrefix(line, "-- "); ok {
			mode, counts, _ := strings.Cut(result, ": ")
			s.want[mode] = counts
		} else if line != "" {
			s.text = append(s.text, line)
		}
	}
	return head, tools, snippets
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

// TestHostInstructionCounts guards the speed of code without a clock.
func TestHostInstructionCounts(t *testing.T) {
	tools, err := toolchain.Find()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(countsFile)
	if err != nil {
		t.Fatal(err)
	}
	head, wantTools, snippets := parseCounts(t, string(file))
	if name := toolsName(t, tools); name != wantTools && !*update {
		t.Skipf("the counts are those of %s, here is %s", wantTools, name)
	}
	got := make([]map[string]string, len(snippets))
	t.Run("snippets", func(t *testing.T) {
		for i, s := range snippets {
			t.Run(strings.ReplaceAll(s.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				got[i] = map[string]string{}
				for _, mode := range s.variants() {
					got[i][mode] = s.count(t, mode, tools)
					if got[i][mode] != s.want[mode] && !*update {
						t.Errorf("%s, %s: %s; was %s", s.name, mode, got[i][mode], s.want[mode])
					}
				}
			})
		}
	})
	if !*update || t.Failed() {
		return
	}
	var b strings.Builder
	for _, line := range head {
		fmt.Fprintln(&b, line)
		if line == "" && !strings.Contains(b.String(), "\ntools ") {
			fmt.Fprintf(&b, "tools %s\n\n", toolsName(t, tools))
		}
	}
	out := strings.TrimRight(b.String(), "\n") + "\n"
	for i, s := range snippets {
		out += fmt.Sprintf("\n== %s %s\n%s\n", s.name, strings.Join(s.modes, " "), strings.Join(s.text, "\n"))
		for _, mode := range s.variants() {
			out += fmt.Sprintf("-- %s: %s\n", mode, got[i][mode])
		}
	}
	if err := os.WriteFile(countsFile, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSwitches leaves out each step that can be left out: the code must differ, for some
// snippet.
func TestSwitches(t *testing.T) {
	tools, err := toolchain.Find()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(countsFile)
	if err != nil {
		t.Fatal(err)
	}
	_, _, snippets := parseCounts(t, string(file))
	for _, sw := range pipeline.Switches() {
		if !sw.Hot {
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
