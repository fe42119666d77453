package lift

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the expected IR in testdata/*.golden")

// TestGolden lifts the code in the first part of each testdata/*.golden and
// compares with the second. Read the difference before accepting it with -update.
// A line "entry ADDRESS" adds an entry, "table ADDRESS..." gives the block that
// ends at the line's place a jump table, "guess ADDRESS" guesses the last jump.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source, want, _ := strings.Cut(string(text), goldenMark)
			got := goldenIR(t, source)
			if *update {
				if err := os.WriteFile(file, []byte(source+goldenMark+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("lifted differently:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

const goldenMark = "----\n"

func goldenIR(t *testing.T, source string) string {
	var lines []string
	type note struct {
		at    uint64 // address behind the last instruction
		words []string
		args  []uint64
	}
	var notes []note
	for _, line := range strings.Split(source, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "entry" || words[0] == "table" || words[0] == "guess":
			notes = append(notes, note{at: codeAt + 4*uint64(len(lines)), words: words})
		default:
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	code := assemble(t, lines...)
	var leaders []uint64
	for i := range notes {
		n := &notes[i]
		for _, w := range n.words[1:] {
			n.args = append(n.args, parseHex(t, w))
		}
		if n.words[0] != "guess" {
			leaders = append(leaders, n.args...)
		}
	}
	fn := unit(code, leaders...)
	fn.CallGuess = map[uint64]uint64{}
	for _, n := range notes {
		args := n.args
		switch n.words[0] {
		case "entry":
			fn.Entries = append(fn.Entries, args...)
		case "guess":
			fn.CallGuess[n.at-4] = args[0]
		case "table":
			for i := range fn.Blocks {
				if fn.Blocks[i].End == n.at {
					fn.Blocks[i].JumpTable, fn.Blocks[i].Succs = args, args
				}
			}
		}
	}
	return liftUnit(t, fn, code, Options{Kernel: true}).String()
}
