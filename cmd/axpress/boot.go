package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"axpress/lifter/image"
	"axpress/palstubs/console"
	"axpress/runtime/device/platforms"
	"axpress/runtime/standalone/attend"
	"axpress/runtime/standalone/ending"
	"axpress/runtime/standalone/size"
	"axpress/translator/prepare"
)

// The run of a guest goes through four values, each of which has what the one before it has:
//
//	guestOptions  what the command line says; load makes
//	loaded       the guest's files; translate makes
//	translated   what it runs on; run makes
//	outcome      how the run ended, and what it showed

// The engines.
const (
	engineNative = "native"
	engineInterp = "interp"
	engineGo     = "go" // of run alone
)

// maxAppend is what the boot parameters have room for (Linux, arch/alpha
// COMMAND_LINE_SIZE, less the final zero).
const maxAppend = 255

// guestOptions say which guest to run, and how.
type guestOptions struct {
	kernelFile, initrdFile string
	append                 string
	memory                 uint64
	cpus                   int
	engine                 string
	platform               string // "" is the default
	deterministic          bool
	ipi                    string         // one of ipiModes
	pvClock                string         // see console.SSN
	timeout                time.Duration  // of the guest's run; of run, see limit, for translating as well; 0: none
	reboots                bool           // a reboot boots the guest again, and is no end
	lines                  attend.Options // of its serial ports, but for the host's input and output
	logTail                int            // how much of the kernel's log is shown at the end, see ending.LogTail
	prepare                prepare.Options
	partly                 bool   // a guest whose translations cannot all be had runs all the same
	sampling               bool   // take samples, for profile
	interrupts             string // file, see package irqlog
	noFSGSBase             bool   // do as on a host whose programs may not set GS
	lent                   lentSymbols
}

// note tells the person a line, if there is one who wants to know.
func (b *guestOptions) note(line string) {
	if b.prepare.Report != nil {
		b.prepare.Report.Note(line)
	}
}

// check refuses impossible values.
func (b *guestOptions) check() error {
	if err := oneOf("engine", b.engine, []string{engineNative, engineGo, engineInterp}); err != nil {
		return err
	}
	platform, err := platforms.ByName(b.platform)
	if err != nil {
		return fail(statusUsage, "--platform: %w", err)
	}
	if err := oneOf("ipi", b.ipi, slices.Sorted(maps.Keys(ipiModes))); b.ipi != "" && err != nil {
		return err
	}
	if _, ok := console.SSN(b.pvClock); !ok {
		return fail(statusUsage, "--pv-clock %s: want on or off", b.pvClock)
	}
	switch {
	case !fits(b.cpus, platform):
		return tooMany(b.cpus, platform)
	case b.cpus > 1 && b.engine == engineGo:
		return fail(statusUsage, "--smp %d: the %s engine runs one CPU; use --engine %s or --smp 1", b.cpus, b.engine, engineNative)
	case b.memory == 0 || b.memory%image.PageSize != 0:
		return fail(statusUsage, "--memory: %d bytes are no multiple of the page size, %d", b.memory, image.PageSize)
	case b.memory > console.MaxMemory:
		return fail(statusUsage, "--memory %s: Linux/Alpha uses no more than %s, and loses an initramfs above that", size.String(b.memory), size.String(console.MaxMemory))
	case len(b.append) > maxAppend:
		return fail(statusUsage, "--append: the command line has %d bytes; the kernel takes %d", len(b.append), maxAppend)
	case b.logTail < ending.Auto:
		return fail(statusUsage, "--log-tail %d: want a number of lines, 0 for none, or %d", b.logTail, ending.Auto)
	case b.timeout < 0:
		return fail(statusUsage, "--timeout %s: want a duration such as 90s, or 0 for none", b.timeout)
	}
	return nil
}

// memoryText says how much memory the guest has, and what its command line leaves of it.
func (b *guestOptions) memoryText() string {
	text := size.String(b.memory) + " of memory"
	if usable := console.UsedMemory(b.memory, b.append); usable < b.memory {
		text += fmt.Sprintf(", of which mem= leaves %s", size.String(usable))
	}
	return text
}
