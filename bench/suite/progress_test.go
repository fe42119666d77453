package suite

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Each tenth of the checks says how long the rest will take.
func TestProgress(t *testing.T) {
	var notes []string
	p := newProgress(Native, &Config{Checks: 4, Note: func(line string) { notes = append(notes, line) }})
	at := time.Now()
	p.now = func() time.Time { return at }
	for i := range 4 {
		p.line("Linux version 6.1")
		p.line(fmt.Sprintf("ok ev4-O0/check%d", i))
		at = at.Add(30 * time.Second)
	}
	want := []string{"native: 2 of 4 checks, 50 %, 30 s, about 30 s left", "native: 3 of 4 checks, 75 %, 60 s, about 20 s left"}
	if !slices.Equal(notes[1:], want) || notes[0] != "native: 1 of 4 checks, 25 %, 0 s" {
		t.Errorf("%q", notes)
	}
	notes = nil
	p = newProgress(Native, &Config{Note: func(line string) { notes = append(notes, line) }})
	p.line("ok ev4-O0/check")
	if len(notes) > 0 {
		t.Errorf("the number of checks is not known: %q", notes)
	}
}
