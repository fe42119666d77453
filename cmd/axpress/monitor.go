package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"axpress/runtime/machine"
)

// now describes in lines what the guest is doing, for a person at its console.
func (s *session) now(seen machine.Snapshot) string {
	var cpus []machine.Whereabouts
	var all, translated, interpreted uint64
	for _, c := range seen.CPUs {
		cpus = append(cpus, c.Whereabouts)
		all += uint64(c.Instructions)
		translated += c.Engine.Translated
		interpreted += c.Engine.Interpreted
	}
	text := whereAre(s.names(), cpus, "")
	share := ""
	if translated > 0 {
		share = fmt.Sprintf(", %.2f %% of them in translated code, %d interpreted", 100*float64(translated)/float64(max(all, 1)), interpreted)
	}
	return text + fmt.Sprintf("%d instructions%s; %.1f s of the guest's time, %.1f s of the host's; boot %d, engine %s\n",
		all, share, float64(seen.VirtualNS)/1e9, time.Since(s.began).Seconds(), s.boots, s.engine)
}

// silence is what to tell about a run whose console was never written to, "" if it was.
func (o *outcome) silence() string {
	if o.heard[0] > 0 {
		return ""
	}
	var consoles []string
	for _, word := range strings.Fields(o.append) {
		if strings.HasPrefix(word, "console=") {
			consoles = append(consoles, word)
		}
	}
	const none = "nothing ever reached the console; "
	switch i := slices.IndexFunc(consoles, func(c string) bool { return isSerial(c, 0) }); {
	case len(consoles) == 0:
		return none + "--append has no console=: give it console=ttyS0"
	case o.heard[1] > 0:
		return none + fmt.Sprintf("the kernel has %s, and ttyS1 (--serial2) was written to", strings.Join(consoles, " "))
	case i < 0:
		return none + fmt.Sprintf("the kernel has %s, and the console is ttyS0: give --append console=ttyS0", strings.Join(consoles, " "))
	}
	return none + fmt.Sprintf("the kernel has %s", strings.Join(consoles, " "))
}

// isSerial says whether word, console=..., names serial port i, or the console callbacks, which are port 0.
func isSerial(word string, i int) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(word, "console="), ",")
	return name == fmt.Sprintf("ttyS%d", i) || i == 0 && name == "srm"
}

// tellSilence adds what is to be told of a console never written to, to the failure of the run if there is one, else as a
// line on w.
func (o *outcome) tellSilence(w io.Writer, err error) error {
	text := o.silence()
	var f *failure
	switch {
	case text == "":
	case err == nil:
		fmt.Fprintf(w, "axpress: %s\n", text)
	case errors.As(err, &f):
		return fail(f.status, "%w; %s", err, text)
	}
	return err
}
