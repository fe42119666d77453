// Package pace says how far a long work is, and how long it will still take.
//
// In: how much is done, of how much, after which time. Out: an estimate, which assumes that the rest goes as the work has
// gone so far; and a text for people.
package pace

import (
	"fmt"
	"math"
	"time"
)

// Left estimates how long the rest takes of a work of total steps, or of any other unit, of which done have taken the
// time elapsed. ok is false if that cannot be said: nothing is done yet, or the total is not known (0).
func Left(done, total float64, elapsed time.Duration) (left time.Duration, ok bool) {
	if done <= 0 || total <= 0 || elapsed <= 0 {
		return 0, false
	}
	rest := float64(elapsed) * max(total-done, 0) / done
	if rest > math.MaxInt64/2 {
		return 0, false
	}
	return time.Duration(rest), true
}

// Text says how far such a work is: "30 %, 12 s, about 28 s left".
func Text(done, total float64, elapsed time.Duration) string {
	text := Duration(elapsed)
	if total > 0 {
		text = fmt.Sprintf("%.0f %%, %s", math.Floor(100*min(done/total, 1)), text)
	}
	return text + Suffix(done, total, elapsed)
}

// Suffix is the end of a line about such a work: ", about 28 s left", or nothing if there is nothing to say.
func Suffix(done, total float64, elapsed time.Duration) string {
	left, ok := Left(done, total, elapsed)
	if !ok || done >= total {
		return ""
	}
	return fmt.Sprintf(", about %s left", Duration(max(left, time.Second)))
}

// Duration writes a time as people say it: 28 s, 4 min, 1 h 20 min.
func Duration(d time.Duration) string {
	switch {
	case d.Round(time.Second) < 90*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d.Round(time.Minute) < 90*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	minutes := int64(d.Round(time.Minute) / time.Minute)
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}
