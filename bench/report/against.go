package report

import (
	"fmt"
	"slices"

	"axpress/bench/measure"
)

// Change says how a row's native time moved between two results.
type Change struct {
	Name          string
	Before, After float64 // seconds, medians
	Speed         float64 // Before / After: above 1 is faster
	Ratio         [2]float64
	Sure          bool // neither the times nor the ratios of before and after overlap
}

// Word says the change.
func (c Change) Word() string {
	switch {
	case !c.Sure:
		return "within the noise"
	case c.Speed > 1:
		return "faster"
	}
	return "SLOWER"
}

// Changes compares the native times of rows that both results have. Ratio is the one to QEMU, before and after, 0 if
// there is none. When the time has moved but the ratio has not, it was the machine, and the change is not sure.
func Changes(before, after *measure.Result) (list []Change) {
	for i := range after.Rows {
		a := &after.Rows[i]
		b := before.Row(a.Name)
		if b == nil || !a.Engines[measure.Native].Good() || !b.Engines[measure.Native].Good() {
			continue
		}
		x, y := b.Engines[measure.Native], a.Engines[measure.Native]
		c := Change{Name: a.Name, Before: x.Median(), After: y.Median()}
		c.Speed = c.Before / c.After
		faster, slower := slices.Max(y.Seconds) < slices.Min(x.Seconds), slices.Max(x.Seconds) < slices.Min(y.Seconds)
		then, ok1 := b.Ratio(measure.QEMU, measure.Native)
		now, ok2 := a.Ratio(measure.QEMU, measure.Native)
		if ok1 && ok2 {
			faster, slower = faster && now.Min > then.Max, slower && now.Max < then.Min
		}
		c.Ratio = [2]float64{then.Value, now.Value}
		c.Sure = faster || slower
		list = append(list, c)
	}
	return list
}

// Differences says in which respects two results should not be compared.
func Differences(before, after *measure.Result) (list []string) {
	add := func(what string, x, y any) {
		if x != y {
			list = append(list, fmt.Sprintf("%s: %v then, %v now", what, x, y))
		}
	}
	add("processor", before.Machine.CPU, after.Machine.CPU)
	add("processors", before.Machine.CPUs, after.Machine.CPUs)
	add("guest kernel", before.Settings.Flavour, after.Settings.Flavour)
	add("first run counts", before.Settings.Cold, after.Settings.Cold)
	add("processor time", before.Settings.CPU, after.Settings.CPU)
	for name, v := range after.Tools {
		add(name, before.Tools[name], v)
	}
	for i := range after.Rows {
		a := &after.Rows[i]
		b := before.Row(a.Name)
		if b == nil {
			continue
		}
		for _, e := range measure.Engines() {
			x, y := b.Engines[e], a.Engines[e]
			if x.Good() && y.Good() && x.Output != y.Output {
				list = append(list, fmt.Sprintf("%s: another output: it was another workload", a.Name))
				break
			}
		}
	}
	slices.Sort(list)
	return list
}
