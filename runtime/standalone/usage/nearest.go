package usage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// few is how many names a hint has.
const few = 3

// Nearest returns the names that are most like what was typed, the nearest first, a few at most: those that need the
// fewest of its letters changed, a third or fewer, and those that begin with it.
func Nearest(typed string, names []string) []string {
	type candidate struct {
		name     string
		distance int
		begins   bool
	}
	limit := max(2, len(typed)/3) // two letters in the wrong order are two changes
	if len(typed) < 3 {
		limit = 1
	}
	var near []candidate
	for _, name := range names {
		if name == "" || name == typed {
			continue
		}
		begins := len(typed) > 2 && strings.HasPrefix(strings.ToLower(name), strings.ToLower(typed))
		if !begins && max(len(name)-len(typed), len(typed)-len(name)) > limit {
			continue // that many letters more or fewer
		}
		d := levenshtein.ComputeDistance(strings.ToLower(typed), strings.ToLower(name))
		if d <= limit || begins {
			near = append(near, candidate{name, d, begins})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	var list []string
	for _, c := range slices.Compact(near) {
		if len(list) < few && (c.begins || c.distance == near[0].distance) {
			list = append(list, c.name)
		}
	}
	return list
}

// Hint is what comes after a name that there is not: " (did you mean schedule?)", or nothing.
func Hint(typed string, names []string) string { return Meant(Nearest(typed, names)) }

// Meant is Hint about the names themselves.
func Meant(near []string) string {
	if len(near) == 0 {
		return ""
	}
	last := len(near) - 1
	text := near[last]
	if last > 0 {
		text = strings.Join(near[:last], ", ") + " or " + text
	}
	return " (did you mean " + text + "?)"
}
