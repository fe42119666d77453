package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"axpress/palstubs/stubs"
	"axpress/runtime/abi"
	"axpress/runtime/machine"
	"axpress/runtime/trace"
	"axpress/runtime/vcpu"
	"axpress/translator/artifact"
	"axpress/translator/prepare"
)

// trialCommand is the hidden command by which bisect boots a guest in a process of its
// own: wrong code may well end that process.
const trialCommand = "bisect-trial"

// trialSpec is what trialCommand reads: a guest, the translations to run it with, and
// how to see that it goes wrong.
type trialSpec struct {
	Kernel, Initrd, Append string
	Memory                 uint64
	Code                   []string      // artefact files
	Check                  string        // what the console must show; "": compare with the interpreter
	Timeout                time.Duration // of the guest
}

// trialResult is what it writes.
type trialResult struct {
	Bad    bool
	Detail string
	PCs    []abi.VAddr // where the instructions to blame are, if that is known
}

func (a *app) trial() *cobra.Command {
	return &cobra.Command{
		Use: trialCommand + " FILE", Hidden: true, Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			var spec trialSpec
			if err := json.Unmarshal(data, &spec); err != nil {
				return fail(statusInput, "%s: %w", args[0], err)
			}
			r, err := spec.run(c.Context())
			if err != nil {
				return err
			}
			return json.NewEncoder(a.out).Encode(r)
		},
	}
}

// run boots the guest. Errors are about the files, not about the guest.
func (t *trialSpec) run(ctx context.Context) (r trialResult, err error) {
	b := guestOptions{kernelFile: t.Kernel, initrdFile: t.Initrd, append: t.Append, memory: t.Memory, cpus: 1, engine: engineNative,
		deterministic: true, timeout: t.Timeout}
	g, err := b.load()
	if err != nil {
		return r, err
	}
	var code []*prepare.Result
	for _, path := range t.Code {
		a, err := artifact.Load(path)
		if err != nil {
			return r, err
		}
		code = append(code, &prepare.Result{Artifact: a})
	}
	guest := newTranslated(g, code, nil, 0)
	if t.Check == "" {
		return guest.compare(ctx)
	}
	want, err := compileCheck(t.Check)
	if err != nil {
		return r, err
	}
	return guest.shows(ctx, want)
}

// compileCheck compiles what the console must show; ^ and $ are the ends of a line.
func compileCheck(text string) (*regexp.Regexp, error) {
	want, err := regexp.Compile("(?m)" + text)
	if err != nil {
		return nil, fail(statusUsage, "--check: %w", err)
	}
	return want, nil
}

// shows runs the guest until its console shows want.
func (t *translated) shows(ctx context.Context, want *regexp.Regexp) (r trialResult, err error) {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	console := &awaiting{want: want, found: cancel}
	o, err := t.run(running, nil, console)
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case console.seen():
		return r, nil
	case err != nil: // the machine gave up on what native code did
		return trialResult{Bad: true, Detail: message(err)}, nil
	}
	r = trialResult{Bad: true, Detail: fmt.Sprintf("the console does not show it; the guest ends by %s at pc %s", o.stop.Reason, o.names().Place(o.stop.PC))}
	if o.stop.Detail != "" {
		r.Detail += " (" + o.stop.Detail + ")"
	}
	return r, nil
}

// awaiting is a console that waits for text.
type awaiting struct {
	want  *regexp.Regexp
	found func()
	text  []byte
}

// Write implements io.Writer. It looks at whole lines, and without carriage returns.
func (w *awaiting) Write(b []byte) (int, error) {
	w.text = append(w.text, bytes.ReplaceAll(b, []byte("\r"), nil)...)
	if bytes.Contains(b, []byte("\n")) && w.seen() {
		w.found()
	}
	return len(b), nil
}

func (w *awaiting) seen() bool { return w.want.Match(w.text) }

// compare runs the guest in both engines until they differ.
func (t *translated) compare(ctx context.Context) (r trialResult, err error) {
	var engine *trace.Lockstep
	names := t.names()
	cfg, code := t.config(&bytes.Buffer{}, nil), t.code()
	cfg.NewEngine = func(c *machine.CPU) (vcpu.Engine, error) {
		var err error
		engine, err = trace.New(c, trace.Config{Code: code, Symbol: names.At, Inlined: func(fn uint32) bool {
			s := stubs.Lookup(fn)
			return s != nil && s.Emit != nil
		}})
		return engine, err
	}
	m, err := machine.New(cfg)
	if err != nil {
		return r, fail(statusInput, "%s: %w", t.kernelFile, err)
	}
	limited, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, runErr := m.Run(limited)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	var d *trace.Divergence
	switch {
	case errors.As(engine.Err(), &d):
		r = trialResult{Bad: true, Detail: d.Error(), PCs: blamed(d)}
	case runErr != nil:
		return r, fmt.Errorf("%w: %w", runErr, engine.Err())
	}
	return r, m.Close()
}

// blamed are the instructions that d says may be to blame.
func blamed(d *trace.Divergence) []abi.VAddr {
	if in := d.FirstInst(); in != nil {
		return append([]abi.VAddr{in.PC}, d.Hidden...)
	}
	pcs := []abi.VAddr{d.PC}
	for _, in := range d.Window {
		pcs = append(pcs, in.PC)
	}
	return pcs
}
