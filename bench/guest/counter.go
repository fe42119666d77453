package guest

import (
	"strings"
	"time"

	"axpress/bench/pace"
)

// newsEvery is how often a counter says something.
const newsEvery = 15 * time.Second

// counter tells a person now and then how many steps of a long build are done, and how long the rest will take.
type counter struct {
	log         logger
	what, unit  string // "small kernel", "files compiled"
	total       int    // steps, about; 0: not known
	now         func() time.Time
	start, last time.Time
	done        int
}

func newCounter(log logger, what, unit string, total int) *counter {
	start := time.Now()
	return &counter{log: log, what: what, unit: unit, total: total, now: time.Now, start: start, last: start}
}

// step counts one step.
func (c *counter) step() {
	c.done++
	now := c.now()
	if now.Sub(c.last) < newsEvery {
		return
	}
	c.last = now
	c.log.printf("%s: %d %s%s", c.what, c.done, c.unit, pace.Suffix(float64(c.done), float64(c.total), now.Sub(c.start)))
}

// compiled is an onLine that counts the files that a make compiles, as Kbuild tells them.
func (c *counter) compiled(line string) {
	if strings.HasPrefix(strings.TrimSpace(line), "CC ") {
		c.step()
	}
}

// How many files the makes compile, for estimates of time alone: Linux 6.1 with the recipe's configurations, and busybox
// 1.35. Other versions need somewhat more or fewer. The kernel's variants compile few files again, and no number is known.
const busyboxFiles = 218

func kernelFiles(f Flavour, v Variant) int {
	switch {
	case v != Plain:
		return 0
	case f == Small:
		return 550
	}
	return 1040
}
