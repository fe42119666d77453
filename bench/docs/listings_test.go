package docs

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"axpress/ir"
	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/lifter/isa"
	"axpress/translator/hostcode"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain"
	"axpress/translator/toolchain/toolchaintest"
)

// root is the top of the tree.
var root = filepath.Join("..", "..")

// fence is a fenced block of a document: "```go lifter/isa/table.go" is of the language go
// and shows lines of that file; "```text ir --lifted" shows what axpress prints.
type fence struct {
	line        int
	lang, shows string
	lines       []string
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// fences returns the fenced blocks of a document.
func fences(t *testing.T, name string) (list []fence) {
	t.Helper()
	open := false
	for i, line := range strings.Split(read(t, name), "\n") {
		info, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open:
			open = false
		case isFence:
			open = true
			lang, shows, _ := strings.Cut(info, " ")
			list = append(list, fence{line: i + 1, lang: lang, shows: shows})
		case open:
			f := &list[len(list)-1]
			f.lines = append(f.lines, line)
		}
	}
	if open {
		t.Fatalf("%s: the last fence is not closed", name)
	}
	return list
}

// missing returns the first of the lines that text does not have, in their order and side
// by side where there is no "..." between them; "" if there is none. White space does not
// count.
func missing(lines []string, text string) string {
	all := strings.Split(text, "\n")
	for i := range all {
		all[i] = strings.Join(strings.Fields(all[i]), " ")
	}
	at, gap := 0, true
	for _, line := range lines {
		want := strings.Join(strings.Fields(line), " ")
		if want == "..." {
			gap = true
			continue
		}
		for gap && at < len(all) && all[at] != want {
			at++
		}
		if at == len(all) || all[at] != want {
			return line
		}
		at, gap = at+1, false
	}
	return ""
}

// The listings of source in LIFE.md are lines of the files they name.
func TestListingsOfSource(t *testing.T) {
	n := 0
	for _, f := range fences(t, "lifter/LIFE.md") {
		if f.lang != "go" {
			continue
		}
		n++
		if bad := missing(f.lines, read(t, f.shows)); bad != "" {
			t.Errorf("lifter/LIFE.md:%d: %s does not have this line here: %q", f.line, f.shows, bad)
		}
	}
	if n == 0 {
		t.Error("no listing of source was found")
	}
}

// listed is a function as LIFE.md shows it: its words, and what the kernel's exception
// table has of it.
type listed struct {
	name    string
	start   uint64
	words   []uint32
	table   []uint32
	tableAt uint64
}

var hexLine = regexp.MustCompile(`^([0-9a-f]{16}):\s+([0-9a-f]{8})\s+(.*)$`)

// parse reads lines of address, word and text.
func parse(t *testing.T, lines []string) (start uint64, words []uint32, texts []string) {
	t.Helper()
	for i, line := range lines {
		m := hexLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("no line of a listing: %q", line)
		}
		at, err := strconv.ParseUint(m[1], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		word, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			start = at
		}
		if at != start+4*uint64(i) {
			t.Fatalf("%q: the address before it is not 4 less", line)
		}
		words, texts = append(words, uint32(word)), append(texts, m[3])
	}
	return start, words, texts
}

// image makes a kernel of the function.
func (l *listed) image(t *testing.T) *image.Image {
	t.Helper()
	code := imagetest.Seg{VAddr: l.start, Data: imagetest.Words(l.words...), Flags: elf.PF_R | elf.PF_X}
	table := imagetest.Seg{VAddr: l.tableAt, Data: imagetest.Words(l.table...), Flags: elf.PF_R}
	size := uint64(len(code.Data))
	f := imagetest.File{Entry: l.start, Segs: []imagetest.Seg{code},
		Syms: []imagetest.Sym{{Name: l.name, Addr: l.start, Size: size, Type: elf.STT_FUNC}},
		Secs: []imagetest.Sec{{Name: ".text", Addr: l.start, Size: size, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR}}}
	if len(l.table) > 0 {
		f.Segs = append(f.Segs, table)
		f.Secs = append(f.Secs, imagetest.Sec{Name: "__ex_table", Addr: l.tableAt, Size: uint64(len(table.Data)), Flags: elf.SHF_ALLOC})
	}
	img, err := image.Parse(l.name, imagetest.Build(f))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// ir returns what "axpress ir" prints, with --lifted or --llvm.
func (l *listed) ir(t *testing.T, option string) string {
	t.Helper()
	o := pipeline.Options{Check: true}
	set, err := pipeline.Find(l.image(t), o)
	if err != nil {
		t.Fatal(err)
	}
	f := set.Function(l.start)
	if f == nil {
		t.Fatalf("%s was not found", l.name)
	}
	lift := set.Make
	if option == "--lifted" {
		lift = set.Lift
	}
	u, err := lift(f)
	if err != nil {
		t.Fatal(err)
	}
	if option != "--llvm" {
		return u.String()
	}
	text, err := pipeline.Emit(set, []*ir.Func{u}, o, pipeline.Target{AVX: true})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// host returns what "axpress disasm --host" prints.
func (l *listed) host(t *testing.T, tools *toolchain.LLVM) string {
	t.Helper()
	a, err := pipeline.Translate(t.Context(), l.image(t), tools, pipeline.Options{Jobs: 1})
	if err != nil {
		t.Fatal(err)
	}
	code, err := hostcode.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range code.Units {
		if u.PC != l.start {
			continue
		}
		unit, err := code.Unit(u)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		err = unit.List(&b, func(pc uint64) string {
			if pc-l.start < 4 { // with the bits that say how code is left
				return l.name
			}
			return ""
		})
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	t.Fatalf("%s was not translated", l.name)
	return ""
}

// oldest is the LLVM whose code the documents show, for a host with AVX2.
func oldest(t *testing.T) *toolchain.LLVM {
	t.Helper()
	tools := toolchaintest.Version(t, toolchaintest.Versions[0])
	if !strings.Contains(tools.Key(), "-mcpu=x86-64-v3") {
		t.Skipf("the listings are for x86-64-v3, this is %s", tools.Key())
	}
	return tools
}

// The listings of tools' output in LIFE.md are what the tools print of the words that it
// begins with.
func TestLifeOfAnInstruction(t *testing.T) {
	l := listed{name: "get_user_arg_ptr"}
	shown := map[string]bool{}
	for _, f := range fences(t, "lifter/LIFE.md") {
		if f.lang != "text" {
			continue
		}
		if f.shows == "disasm" {
			l.disasm(t, f.lines)
		}
		if f.shows == "extable" {
			l.exceptions(t, f.lines)
		}
	}
	for _, f := range fences(t, "lifter/LIFE.md") {
		if f.lang != "text" {
			continue
		}
		shown[f.shows] = true
		t.Run(f.shows, func(t *testing.T) {
			var text string
			switch command, option, _ := strings.Cut(f.shows, " "); {
			case command == "ir":
				text = l.ir(t, option)
			case f.shows == "disasm --host":
				text = l.host(t, oldest(t))
			case f.shows == "disasm" || f.shows == "extable":
				return
			default:
				t.Fatalf("lifter/LIFE.md:%d: what prints %q?", f.line, f.shows)
			}
			if bad := missing(f.lines, text); bad != "" {
				t.Errorf("lifter/LIFE.md:%d: this line is not here: %q, but:\n%s", f.line, bad, text)
			}
		})
	}
	for _, what := range []string{"disasm", "ir --lifted", "ir", "ir --llvm", "disasm --host", "extable"} {
		if !shown[what] {
			t.Errorf("%q is not shown", what)
		}
	}
}

// disasm takes the words from a listing, and checks the text beside them.
func (l *listed) disasm(t *testing.T, lines []string) {
	t.Helper()
	var texts []string
	l.start, l.words, texts = parse(t, lines)
	for i, word := range l.words {
		got, _, _ := strings.Cut(texts[i], " <")
		if want := text(word, l.start+4*uint64(i)); strings.Join(strings.Fields(got), " ") != want {
			t.Errorf("%08x is %q, not %q", word, want, got)
		}
	}
}

// text is an instruction with single spaces.
func text(word uint32, pc uint64) string {
	return strings.Join(strings.Fields(isa.Disasm(isa.Decode(word), pc, isa.Style{})), " ")
}

// exceptions takes the entry of the exception table from a listing, and checks what it
// says of it: the instruction, and the fix-up in the form of one.
func (l *listed) exceptions(t *testing.T, lines []string) {
	t.Helper()
	var texts []string
	l.tableAt, l.table, texts = parse(t, lines)
	if len(l.table) != 2 {
		t.Fatalf("an entry is two words: %q", lines)
	}
	at := l.tableAt + uint64(int64(int32(l.table[0])))
	if want := fmt.Sprintf("the instruction: %016x", at); texts[0] != want {
		t.Errorf("%08x: %q, not %q", l.table[0], want, texts[0])
	}
	if got, want := strings.Join(strings.Fields(texts[1]), " "), text(l.table[1], 0); got != want {
		t.Errorf("%08x is %q, not %q", l.table[1], want, got)
	}
	if at < l.start || at >= l.start+4*uint64(len(l.words)) {
		t.Errorf("%x is not in %s", at, l.name)
	}
}

// The function that README.md shows, beside its IR and host code: each column has what the
// tools print, in that order, with lines left out.
func TestFunctionInREADME(t *testing.T) {
	l := listed{name: "test_bit_le", start: 0xfffffc00011625bc}
	var shown *fence
	for _, f := range fences(t, "README.md") {
		if f.shows == l.name {
			shown = &f
		}
	}
	if shown == nil || len(shown.lines) < 2 {
		t.Fatalf("README.md does not show %s", l.name)
	}
	head := shown.lines[0]
	var columns [3][]string
	from := [4]int{0, strings.Index(head, "IR"), strings.Index(head, "x86-64"), len(head) + 100}
	if from[1] < 0 || from[2] < 0 {
		t.Fatalf("the columns have no names: %q", head)
	}
	for _, line := range shown.lines[1:] {
		for i := range columns {
			if cell := strings.TrimSpace(line[min(from[i], len(line)):min(from[i+1], len(line))]); cell != "" {
				columns[i] = append(columns[i], cell, "...")
			}
		}
	}
	for _, cell := range columns[0] {
		if cell == "..." {
			continue
		}
		word, err := isa.Assemble(cell, l.start+4*uint64(len(l.words)))
		if err != nil {
			t.Fatal(err)
		}
		l.words = append(l.words, word)
	}
	ofIR := regexp.MustCompile(`(?m) @0x[0-9a-f]+$`).ReplaceAllString(l.ir(t, ""), "")
	if bad := missing(columns[1], ofIR); bad != "" {
		t.Errorf("the IR does not have %q here, but:\n%s", bad, ofIR)
	}
	host := regexp.MustCompile(`(?m)^ *\+0x[0-9a-f]+\t`).ReplaceAllString(l.host(t, oldest(t)), "")
	if bad := missing(columns[2], host); bad != "" {
		t.Errorf("the host code does not have %q here, but:\n%s", bad, host)
	}
}
