package measure

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// mark begins the lines of the driver; on a console, others may write before it in the same line.
const mark = "@axbench "

// The kinds of the driver's lines: see bench/workloads/src/driver.c.
const (
	markReady = "ready"
	markPong  = "pong"
	markStart = "start"
	markEnd   = "end"
	markSum   = "sum"
	markSaid  = "said"
	markError = "error"
)

// marker is a line of the driver.
type marker struct {
	kind   string
	seq    int
	text   string        // start: name; sum: hash and size; said, error: the text
	status int           // end
	took   time.Duration // end, by the driver's clock
	cpu    time.Duration // end: the workload's processor time, as the driver's kernel counts it
}

// parseMarker reads a line. ok is false if it is none of the driver's; a damaged one is an error.
func parseMarker(line string) (m marker, ok bool, err error) {
	_, text, ok := strings.Cut(strings.TrimRight(line, "\r\n"), mark)
	if !ok {
		return m, false, nil
	}
	bad := func() (marker, bool, error) { return m, false, fmt.Errorf("damaged line of the driver: %q", text) }
	var rest string
	m.kind, rest, _ = strings.Cut(text, " ")
	if m.kind == markReady {
		return m, true, nil
	}
	var seq string
	seq, m.text, _ = strings.Cut(rest, " ")
	if m.seq, err = strconv.Atoi(seq); err != nil {
		return bad()
	}
	switch m.kind {
	case markPong, markSaid, markError:
	case markStart, markSum:
		if m.text == "" {
			return bad()
		}
	case markEnd:
		var took, cpu int64
		if n, err := fmt.Sscanf(m.text, "%d %d %d", &m.status, &took, &cpu); n != 3 || err != nil {
			return bad()
		}
		m.took, m.cpu, m.text = time.Duration(took), time.Duration(cpu), ""
	default:
		return bad()
	}
	return m, true, nil
}
