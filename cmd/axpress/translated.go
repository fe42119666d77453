package main

import (
	"io"
	"sync"
	"time"

	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/palstubs/console"
	"axpress/runtime/abi"
	"axpress/runtime/machine"
	"axpress/translator/artifact"
	"axpress/translator/prepare"
)

// translated is a guest with all that its engine needs.
type translated struct {
	*loaded
	translations []*prepare.Result // the kernel's and the programs'; none for other engines than the native one
	left         []prepare.Left    // what has none, of a guest that runs partly translated
	translating  time.Duration     // how long that took
	// symbols returns the table of the files that the guest was given, which is made when it is first called.
	symbols func() (*symbols.Table, error)
}

func newTranslated(g *loaded, results []*prepare.Result, left []prepare.Left, took time.Duration) *translated {
	return &translated{loaded: g, translations: results, left: left, translating: took,
		symbols: sync.OnceValues(func() (*symbols.Table, error) { return makeTable(g.images(), results) })}
}

// makeTable makes the table of images, with the units of their translations.
func makeTable(images []*image.Image, results []*prepare.Result) (*symbols.Table, error) {
	translated := map[*image.Image]*artifact.Artifact{}
	for _, r := range results {
		if r.Hot == nil {
			translated[r.Image] = r.Artifact
		}
	}
	t := &symbols.Table{}
	for _, img := range images {
		if err := t.Add(img, translated[img]); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// code is the host code of the translations.
func (t *translated) code() (code []*abi.Code) {
	for _, r := range t.translations {
		code = append(code, r.Artifact.Code())
	}
	return code
}

// config describes the machine but for its engines. Its serial ports send to first, the console, and second.
func (t *translated) config(first, second io.Writer) machine.Config {
	ssn, _ := console.SSN(t.pvClock) // check has looked
	c := machine.Config{
		Entry: t.kernel.Entry, Initrd: t.initrd, Append: t.append, Memory: t.memory, CPUs: t.cpus,
		Console: first, Serial2: second, Platform: t.platform, Model: t.prepare.Pipeline.Model,
		SSN: ssn, IPI: ipiModes[t.ipi], IPIData: ipiData(t.kernel), Symbols: logSymbols(t.kernel),
	}
	if t.deterministic {
		c.Clock = machine.ClockDeterministic
	}
	for _, s := range t.kernel.Segments {
		c.Segments = append(c.Segments, machine.Segment{PA: physical(s.VAddr), Data: s.Data, MemSize: s.MemSize})
	}
	return c
}
