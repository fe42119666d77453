package report

import (
	"fmt"
	"math"

	"axpress/bench/measure"
	"axpress/bench/workloads"
)

// Verdict says whether a goal is met.
type Verdict string

// The verdicts.
const (
	Met     Verdict = "yes"
	Missed  Verdict = "NO"
	Unknown Verdict = "not measured"
)

// Goal is one line of the table of goals.
type Goal struct {
	What     string
	Must     string
	Measured string
	Verdict  Verdict
}

// The goals' numbers.
const (
	goalInteger    = 3.0  // times QEMU's speed, geometric mean
	goalFloat      = 10.0 // likewise
	goalComputing  = 1.2  // every row
	goalReal       = 3.0
	goalKernel     = 1.5
	goalKernelRow  = 1.0  // every row
	goalSMPRow     = 1.0  // every row
	goalTwoCPUs    = 1.85 // times the speed of one
	goalSlowdown   = 2.0  // times the host's time, geometric mean, at most
	goalBoot       = 0.6  // of QEMU's time, at most
	goalInterp     = 60e6
	goalGoGain     = 5.0    // times the interpreter's speed, geometric mean
	goalGoQEMU     = 0.8    // times QEMU's speed, geometric mean
	goalTranslate  = 8 * 60 // seconds for the generic kernel, at most
	goalHostBytes  = 45     // an instruction, at most
	goalLoad       = 0.050  // seconds, at most
	goalOfFlavour  = "generic"
	computingTitle = "computing"
)

// Goals returns the goals and how far a result meets them.
func Goals(r *measure.Result) []Goal {
	computing := []workloads.Group{workloads.Integer, workloads.Float}
	goals := []Goal{
		fasterThanQEMU(r, workloads.Integer, goalInteger),
		fasterThanQEMU(r, workloads.Float, goalFloat),
		everyRow(r, computingTitle, goalComputing, computing...),
		fasterThanQEMU(r, workloads.Real, goalReal),
		fasterThanQEMU(r, workloads.Kernel, goalKernel),
		everyRow(r, workloads.Kernel.Title(), goalKernelRow, workloads.Kernel),
		everyRow(r, workloads.SMP.Title(), goalSMPRow, workloads.SMP),
		twoCPUs(r),
		slowdown(r, computingTitle, computing...),
		slowdown(r, workloads.Real.Title(), workloads.Real),
		boot(r),
		interpreter(r),
		faster(r, measure.Interp, measure.Go, "the interpreter", computingTitle, goalGoGain, computing...),
		faster(r, measure.QEMU, measure.Go, "QEMU", workloads.Integer.Title(), goalGoQEMU, workloads.Integer),
	}
	return append(goals, translator(r)...)
}

// verdict judges a number that is measured as a whole; NaN is not.
func verdict(value float64, met bool) Verdict {
	switch {
	case math.IsNaN(value):
		return Unknown
	case met:
		return Met
	}
	return Missed
}

// group returns a result's rows of the groups, and how many the groups have in all.
func group(r *measure.Result, groups ...workloads.Group) (rows []measure.Row, all int) {
	for _, g := range groups {
		for _, w := range workloads.All() {
			if w.Group == g {
				all++
			}
		}
		for _, row := range r.Rows {
			if row.Group == g {
				rows = append(rows, row)
			}
		}
	}
	return rows, all
}

// partly says that not all rows were measured. A mean of some is no mean; a row that is too slow is one.
func (g Goal) partly(n, all int, mean bool) Goal {
	switch {
	case n == 0:
		g.Measured, g.Verdict = "-", Unknown
	case n < all:
		g.Measured += fmt.Sprintf(" (%d of %d rows)", n, all)
		if mean || g.Verdict == Met {
			g.Verdict = Unknown
		}
	}
	return g
}

// fasterThanQEMU is a goal about the mean of a group's ratios to QEMU.
func fasterThanQEMU(r *measure.Result, of workloads.Group, must float64) Goal {
	return faster(r, measure.QEMU, measure.Native, "QEMU", of.Title(), must, of)
}

// faster is a goal about the mean of the ratios of an engine to another, which is called
// name.
func faster(r *measure.Result, slow, fast measure.Engine, name, title string, must float64, of ...workloads.Group) Goal {
	rows, all := group(r, of...)
	mean, n := measure.MeanRatio(rows, slow, fast)
	what := title + ": geometric mean against " + name
	if fast == measure.Go {
		what = "Go back end, " + what
	}
	return Goal{
		What: what, Must: fmt.Sprintf("at least %.1f times", must),
		Measured: fmt.Sprintf("%.2f times", mean), Verdict: verdict(mean, mean >= must),
	}.partly(n, all, true)
}

// everyRow is a goal about the worst of the ratios to QEMU.
func everyRow(r *measure.Result, title string, must float64, of ...workloads.Group) Goal {
	rows, all := group(r, of...)
	worst, name, below, n := math.Inf(1), "", 0, 0
	for i := range rows {
		q, ok := rows[i].Ratio(measure.QEMU, measure.Native)
		if !ok {
			continue
		}
		n++
		if q.Value < must {
			below++
		}
		if q.Value < worst {
			worst, name = q.Value, rows[i].Name
		}
	}
	measured := fmt.Sprintf("worst %.2f times: %s", worst, name)
	if below > 1 {
		measured += fmt.Sprintf("; %d rows below", below)
	}
	return Goal{
		What: title + ": every row against QEMU", Must: fmt.Sprintf("at least %.1f times", must),
		Measured: measured, Verdict: verdict(worst, worst >= must),
	}.partly(n, all, false)
}

// slowdown is a goal about the mean of the ratios to the host.
func slowdown(r *measure.Result, title string, of ...workloads.Group) Goal {
	rows, all := group(r, of...)
	mean, n := measure.MeanRatio(rows, measure.Native, measure.Host)
	return Goal{
		What: title + ": slowdown against the host, geometric mean", Must: fmt.Sprintf("at most %.1f times", goalSlowdown),
		Measured: fmt.Sprintf("%.2f times", mean), Verdict: verdict(mean, mean <= goalSlowdown),
	}.partly(n, all, true)
}

// twoCPUs is the goal about what computes on two CPUs: the worst of the workloads. What the host itself gains is what can be
// had on this machine.
func twoCPUs(r *measure.Result) Goal {
	worst, name, host, n, all := measure.Ratio{Value: math.Inf(1)}, "", "", 0, 0
	for _, w := range workloads.All() {
		if w.OneCPU == "" {
			continue
		}
		all++
		gain, ok := gainOfTwo(r, w, measure.Native)
		if !ok {
			continue
		}
		if n++; gain.Value > worst.Value {
			continue
		}
		worst, name, host = gain, w.Name, ""
		if h, ok := gainOfTwo(r, w, measure.Host); ok {
			host = fmt.Sprintf("; the host itself: %.2f", h.Value)
		}
	}
	if r.Settings.CPU {
		n = 0 // two CPUs need as much processor time as one
	}
	return Goal{
		What: "computing on two CPUs against one: every row", Must: fmt.Sprintf("at least %.2f times", goalTwoCPUs),
		Measured: fmt.Sprintf("worst %.2f times (%.2f-%.2f): %s%s", worst.Value, worst.Min, worst.Max, name, host),
		Verdict:  verdict(worst.Value, worst.Value >= goalTwoCPUs),
	}.partly(n, all, false)
}

// gainOfTwo is how much faster an engine does a workload on two CPUs than on one.
func gainOfTwo(r *measure.Result, w workloads.Workload, e measure.Engine) (measure.Ratio, bool) {
	one, two := r.Row(w.OneCPU), r.Row(w.Name)
	if one == nil || two == nil {
		return measure.Ratio{}, false
	}
	return measure.Quotient(one.Engines[e], two.Engines[e])
}

func boot(r *measure.Result) Goal {
	rows, all := group(r, workloads.Boot)
	share, n := measure.MeanRatio(rows, measure.Native, measure.QEMU)
	return Goal{
		What: "boot to userland, artefact made", Must: fmt.Sprintf("at most %.1f of QEMU's time", goalBoot),
		Measured: fmt.Sprintf("%.2f", share), Verdict: verdict(share, share <= goalBoot),
	}.partly(n, all, true)
}

func interpreter(r *measure.Result) Goal {
	g := Goal{What: "interpreter", Must: fmt.Sprintf("at least %.0f million instructions a second", goalInterp/1e6), Measured: "-", Verdict: Unknown}
	if i := r.Interpreter; i != nil {
		g.Measured = fmt.Sprintf("%.1f million", i.PerSecond()/1e6)
		g.Verdict = verdict(i.PerSecond(), i.PerSecond() >= goalInterp)
	}
	return g
}

// translator are the goals about translating; those about the generic kernel are judged by it alone.
func translator(r *measure.Result) []Goal {
	goals := []Goal{
		{What: "translating the generic kernel from nothing", Must: fmt.Sprintf("at most %d minutes", goalTranslate/60)},
		{What: "host code of the generic kernel", Must: fmt.Sprintf("at most %d bytes an instruction", goalHostBytes)},
		{What: "loading its artefact", Must: fmt.Sprintf("at most %.0f ms", goalLoad*1e3)},
	}
	t := r.Translator
	for i := range goals {
		goals[i].Measured, goals[i].Verdict = "-", Unknown
	}
	if t == nil {
		return goals
	}
	perInst := t.PerInstruction()
	goals[0].Measured, goals[0].Verdict = fmt.Sprintf("%.1f minutes", t.Seconds/60), verdict(t.Seconds, t.Seconds <= goalTranslate)
	goals[1].Measured, goals[1].Verdict = fmt.Sprintf("%.1f bytes", perInst), verdict(perInst, perInst <= goalHostBytes)
	goals[2].Measured, goals[2].Verdict = fmt.Sprintf("%.1f ms", t.LoadSeconds*1e3), verdict(t.LoadSeconds, t.LoadSeconds <= goalLoad)
	if t.Flavour != goalOfFlavour {
		for i := range goals {
			goals[i].Measured += " (the " + t.Flavour + " kernel)"
			goals[i].Verdict = Unknown
		}
	}
	return goals
}
