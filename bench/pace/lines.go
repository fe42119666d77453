package pace

import (
	"bytes"
	"strings"
)

// Lines is an io.Writer that calls a function with each complete line, without its end, to follow what a work says while
// it goes on.
type Lines struct {
	each  func(line string)
	begun []byte
}

// NewLines returns one that calls each.
func NewLines(each func(line string)) *Lines { return &Lines{each: each} }

// longest is how long a line may become: what writes it may be broken.
const longest = 1 << 16

// Write implements io.Writer. It never fails.
func (l *Lines) Write(b []byte) (int, error) {
	for part := range bytes.Lines(b) {
		l.begun = append(l.begun, part...)
		if bytes.HasSuffix(part, []byte("\n")) || len(l.begun) >= longest {
			l.each(strings.TrimRight(string(l.begun), "\r\n"))
			l.begun = l.begun[:0]
		}
	}
	return len(b), nil
}
