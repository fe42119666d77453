package suite

import (
	"fmt"
	"time"

	"axpress/bench/pace"
)

// progress counts the checks on a console as they arrive, and says every tenth of the way how far the engine is.
type progress struct {
	engine Engine
	checks int
	note   func(line string)
	now    func() time.Time
	start  time.Time // of the first check: what boots before is not like the rest
	done   int
	tenth  int
}

func newProgress(e Engine, c *Config) *progress {
	return &progress{engine: e, checks: c.Checks, note: c.Note, now: time.Now}
}

// line sees a line of the console.
func (p *progress) line(text string) {
	if !checkLine.MatchString(text) {
		return
	}
	p.done++
	if p.start.IsZero() {
		p.start = p.now()
	}
	if tenth := 10 * p.done / max(p.checks, 1); p.checks > 0 && tenth > p.tenth && p.done < p.checks {
		p.tenth = tenth
		p.note(fmt.Sprintf("%s: %d of %d checks, %s", p.engine, p.done, p.checks, pace.Text(float64(p.done), float64(p.checks), p.now().Sub(p.start))))
	}
}
