package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"axpress/cmd/axpress/native"
	"axpress/cmd/axpress/profiles"
	"axpress/runtime/machine"
	"axpress/runtime/sampler"
	"axpress/runtime/standalone"
)

// goCounters are the names that counters of the Go back end's programs have in ours.
var goCounters = map[string]string{
	standalone.StatTranslated:  native.StatNative,
	standalone.StatInterpreted: native.StatInterpreted,
	standalone.StatEntries:     native.StatEntries,
	standalone.StatLoads:       native.StatHelper + "load",
	standalone.StatStores:      native.StatHelper + "store",
}

// record writes counters and profiles of what a program of the Go back end says of its
// run in file. A program that broke says nothing.
func (t *translated) record(file string, prof *profiling, statsFile string) error {
	run, err := standalone.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if statsFile != "" {
		if err := t.goStats(run).write(statsFile); err != nil {
			return err
		}
	}
	if !prof.wanted() {
		return nil
	}
	samples := sampler.Samples{}
	for _, s := range run.Samples {
		samples[s.Place] += s.N
	}
	r := &profiles.Run{Samples: []sampler.Samples{samples}, Period: samplePeriod, Began: run.Began, Took: seconds(run.Seconds), Note: t.note}
	if r.Table, err = t.symbols(); err != nil {
		return err
	}
	return prof.save(r)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// goStats are our counters for a run of such a program.
func (t *translated) goStats(run *standalone.Run) *stats {
	for i := range run.CPUs {
		ours := map[string]uint64{}
		for name, n := range run.CPUs[i].Engine {
			ours[goCounters[name]] = n
		}
		run.CPUs[i].Engine = ours
	}
	names := t.names()
	s := t.stats(run.Stats, machine.Stop{PC: run.StopPC}, seconds(run.Seconds), names)
	s.Stop = run.Stop
	s.addMisses(names, run.Misses)
	return s
}
