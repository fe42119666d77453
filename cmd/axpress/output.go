package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"axpress/runtime/standalone/irqlog"
	"axpress/runtime/standalone/outfile"
	"axpress/runtime/standalone/stdout"
)

// afterOutput is the error of a command that has ended with err: that of its output comes before success, and before
// what looks like an interruption or a bug because of it.
func afterOutput(out *stdout.Stream, err error) error {
	lost := out.Err()
	if lost == nil {
		return err
	}
	switch st := statusOf(err); {
	case st == statusOK, st == statusInternal, st == statusInterrupted, errors.Is(err, lost):
		return fail(statusInput, "%w", lost)
	}
	return err
}

// The options that name files to write after a run.
const (
	flagStats = "stats"
	flagUnits = "profile-out"
	flagPProf = "pprof"
	flagIRQs  = irqlog.Flag
	flagJSON  = "json" // of bench and suite; elsewhere it says that the output is JSON
)

// checkOutputs says which of the files that f's command is to write after a run cannot be written.
func checkOutputs(f *pflag.FlagSet) error {
	for _, name := range []string{flagStats, flagUnits, flagPProf, flagIRQs, flagJSON} {
		o := f.Lookup(name)
		if o == nil || o.Value.Type() != "string" || o.Value.String() == "" {
			continue
		}
		if err := outfile.Check(o.Value.String()); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
	}
	return nil
}
