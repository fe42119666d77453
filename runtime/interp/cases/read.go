package cases

import (
	"fmt"
	"os"
	"strings"
)

// Line is a case of a file.
type Line struct {
	Number int
	Text   string
	*Case
}

// ReadFile reads a file of cases; empty lines and lines that begin with # are
// comments. The first line that is no case is the error.
func ReadFile(path string) ([]Line, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []Line
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		c, err := Parse(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		out = append(out, Line{n, line, c})
	}
	return out, nil
}
