package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"axpress/cmd/axpress/profiles"
	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/runtime/sampler"
	"axpress/runtime/standalone/outfile"
	"axpress/translator/artifact"
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

// write writes the profiles of the run that b has made.
func (p *profiling) write(b *boot) error {
	if !p.wanted() {
		return nil
	}
	r, err := b.profile()
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
func (b *boot) profile() (*profiles.Run, error) {
	r := &profiles.Run{Period: samplePeriod, Began: b.began, Took: b.took, Note: b.prepare.Report.Note}
	var err error
	if r.Table, err = b.symbols(); err != nil {
		return nil, err
	}
	for _, s := range b.samplers {
		r.Samples = append(r.Samples, s.Samples())
	}
	return r, nil
}

// symbols returns the table of the files that the guest was given, which is made once. The
// interpreter has not looked into the initrd yet.
func (b *boot) symbols() (*symbols.Table, error) {
	if b.table != nil {
		return b.table, nil
	}
	if b.engine == engineInterp {
		b.readPrograms()
	}
	translated := map[*image.Image]*artifact.Artifact{}
	for _, r := range b.translations {
		if r.Hot == nil {
			translated[r.Image] = r.Artifact
		}
	}
	t := &symbols.Table{}
	for _, img := range append([]*image.Image{b.kernel}, b.programs...) {
		if err := t.Add(img, translated[img]); err != nil {
			return nil, err
		}
	}
	b.table = t
	return t, nil
}
