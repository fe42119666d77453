package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"axpress/cmd/axpress/profiles"
	"axpress/runtime/sampler"
	"axpress/runtime/standalone/outfile"
)

// samplePeriod is how many guest instructions lie between two samples.
const samplePeriod = sampler.DefaultPeriod

// profiling are the options of run that ask where the guest spends its instructions.
type profiling struct {
	unitsFile string
	pprofFile string
	perfMap   bool
}

func (p *profiling) flags(f *pflag.FlagSet) {
	f.StringVar(&p.unitsFile, flagUnits, "", "write to this file, as JSON, in which functions the guest spent its instructions; translate --profile reads it")
	f.StringVar(&p.pprofFile, flagPProf, "", "write the same to this file for 'go tool pprof'")
	f.BoolVar(&p.perfMap, "perf-map", false, "write /tmp/perf-PID.map, so that Linux's perf shows translated functions by name; the file stays")
}

// wanted says whether the run must take samples.
func (p *profiling) wanted() bool { return p.unitsFile != "" || p.pprofFile != "" }

// write writes the profiles of a run.
func (p *profiling) write(o *outcome) error {
	if !p.wanted() {
		return nil
	}
	r, err := o.profile()
	if err != nil {
		return err
	}
	return p.save(r)
}

// save writes r where it is wanted.
func (p *profiling) save(r *profiles.Run) error {
	if p.unitsFile != "" {
		if err := outfile.Write(p.unitsFile, r.Units().Write); err != nil {
			return fmt.Errorf("--profile-out: %w", err)
		}
	}
	if p.pprofFile != "" {
		if err := outfile.Write(p.pprofFile, r.PProf().Write); err != nil {
			return fmt.Errorf("--pprof: %w", err)
		}
	}
	return nil
}

// profile returns what the samplers have found.
func (o *outcome) profile() (*profiles.Run, error) {
	table, err := o.symbols()
	if err != nil {
		return nil, err
	}
	return &profiles.Run{Table: table, Samples: o.samples, Period: samplePeriod, Began: o.began, Took: o.took, Note: o.note}, nil
}
