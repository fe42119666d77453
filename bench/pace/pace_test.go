package pace

import (
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLeft(t *testing.T) {
	for _, c := range []struct {
		done, total float64
		elapsed     time.Duration
		want        time.Duration
		ok          bool
	}{
		{1, 4, 10 * time.Second, 30 * time.Second, true},
		{4, 4, 10 * time.Second, 0, true},
		{5, 4, 10 * time.Second, 0, true}, // the total was a guess
		{0, 4, 10 * time.Second, 0, false},
		{1, 0, 10 * time.Second, 0, false},
		{1, 4, 0, 0, false},
		{1, math.MaxInt64, time.Hour, 0, false}, // more than a time can be
	} {
		if got, ok := Left(c.done, c.total, c.elapsed); got != c.want || ok != c.ok {
			t.Errorf("%+v: %s, %t", c, got, ok)
		}
	}
}

func TestText(t *testing.T) {
	for want, got := range map[string]string{
		"25 %, 10 s, about 30 s left":   Text(1, 4, 10*time.Second),
		"99 %, 33 min, about 20 s left": Text(99, 100, 33*time.Minute),
		"33 %, 89 s, about 3 min left":  Text(1, 3, 89*time.Second),
		"100 %, 12 s":                   Text(4, 4, 12*time.Second),
		"100 %, 13 s":                   Text(5, 4, 13*time.Second),
		"0 %, 3 s":                      Text(0, 4, 3*time.Second),
		"4 s":                           Text(1, 0, 4*time.Second),
		"10 %, 1 h 30 min, about 13 h 30 min left": Text(1, 10, 90*time.Minute),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A line arrives once, whole, however it was written; one without an end is cut.
func TestLines(t *testing.T) {
	var got []string
	l := NewLines(func(line string) { got = append(got, line) })
	for _, part := range []string{"a", "", "b\nc\r\n", "\n", "d\r", "\ne"} {
		if n, err := io.WriteString(l, part); n != len(part) || err != nil {
			t.Errorf("%q: %d, %v", part, n, err)
		}
	}
	if want := []string{"ab", "c", "", "d"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if _, err := io.WriteString(l, strings.Repeat("x", 3*longest)); err != nil || len(got) != 5 {
		t.Errorf("%d lines, %v", len(got), err)
	}
}
