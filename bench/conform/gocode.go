package conform

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"axpress/lifter/isa"
	"axpress/runtime/interp/cases"
	"axpress/translator/gobuild"
	"axpress/translator/gosrc"
)

// Go is the engine of Go code: what translator/gosrc makes of the code after the passes,
// compiled into a program of its own, which ServeGo runs.
type Go struct {
	module *gobuild.Module
	dir    string              // of the program
	ready  map[string]goLoaded // what the program has, by key
	child  *child
	now    goLoaded
	loaded bool // the program has it loaded
	retired
}

// goLoaded says which functions of the program are those of a program of cases.
type goLoaded struct {
	First, N int
	Model    string
	Code     []uint32
}

// goRequest asks the program to run functions; goReply is what came of it.
type goRequest struct {
	Load  *goLoaded // nil: as before
	State cases.State
}

type goReply struct {
	State     cases.State
	Own, Left int64 // instructions retired, and left to the interpreter
	Excluded  bool  // the run does not end
	Err       string
}

// child is a running program.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *gob.Encoder
	dec *gob.Decoder
}

// NewGo makes the engine. Errors: there is no Go tool chain, or this module's source is
// not in the current folder.
func NewGo() (*Go, error) {
	m, err := gobuild.Find(context.Background(), "")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "axpress-go-")
	return &Go{module: m, dir: dir}, err
}

// Name implements Engine.
func (*Go) Name() string { return "go" }

// Close implements Engine.
func (e *Go) Close() error { return errors.Join(e.stop(), os.RemoveAll(e.dir)) }

// stop ends the program that runs.
func (e *Go) stop() error {
	if e.child == nil {
		return nil
	}
	c := e.child
	e.child = nil
	return errors.Join(c.in.Close(), c.cmd.Wait())
}

// Prepare implements Preparer: one run of the Go compiler for all programs.
func (e *Go) Prepare(ctx context.Context, programs []Program) error {
	if err := e.stop(); err != nil {
		return err
	}
	e.ready = map[string]goLoaded{}
	packages, err := e.emit(ctx, programs)
	if err != nil {
		return err
	}
	if err := e.module.Write(e.dir, "conform", packages); err != nil {
		return err
	}
	program := filepath.Join(e.dir, "conform")
	if err := e.module.Build(ctx, e.dir, program); err != nil {
		return err
	}
	return e.start(program)
}

// main is the main function of the program.
const main = "// " + gosrc.Header + `

package main

import (
	"fmt"
	"os"

	"axpress/bench/conform"
)

func main() {
	if err := conform.ServeGo(functions, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`

// emit makes the source of the program with programs, and notes what it has.
func (e *Go) emit(ctx context.Context, programs []Program) ([]gosrc.Package, error) {
	p := gosrc.Program{Module: "conform", Prefix: "cases", Jobs: 1}
	for _, prog := range programs {
		k := key(prog.Model, prog.Code)
		if _, ok := e.ready[k]; ok {
			continue
		}
		set, fs, err := lifted(prog.Model, prog.Code, Stage{Passes: true})
		if err != nil {
			return nil, fmt.Errorf("%08x: %w", prog.Code, err)
		}
		first := len(p.Names)
		e.ready[k] = goLoaded{First: first, N: len(fs), Model: prog.Model.Name, Code: prog.Code}
		name := func(start uint64) string { return fmt.Sprintf("U%d_%x", first, start) }
		link := func(pc uint64) (string, bool) {
			l, ok := set.Link(pc, pc)
			if !ok {
				return "", false
			}
			return name(l.Function.Start), true
		}
		var units []gosrc.Unit
		for i, f := range fs {
			own := set.Functions[i]
			units = append(units, gosrc.Unit{F: f, Name: name(own.Start), Lo: own.Lo, Hi: own.Hi, Link: link})
			p.Names = append(p.Names, name(own.Start))
		}
		p.Chunks = append(p.Chunks, gosrc.Chunk{Size: len(prog.Code), Units: func() ([]gosrc.Unit, error) { return units, nil }})
	}
	packages, err := p.Packages(ctx, gosrc.Options{User: accessesUser})
	return append(packages, gosrc.Package{Files: []gosrc.File{{Name: "main.go", Text: []byte(main)}}}), err
}

// start starts the program.
func (e *Go) start(program string) (err error) {
	c := &child{cmd: exec.Command(program)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.enc, c.dec = gob.NewEncoder(c.in), gob.NewDecoder(out)
	e.child = c
	return nil
}

// Load implements Engine.
func (e *Go) Load(m *isa.Model, code []uint32) error {
	k := key(m, code)
	if _, ok := e.ready[k]; !ok {
		if err := e.Prepare(context.Background(), []Program{{m, code}}); err != nil {
			return err
		}
	}
	e.now, e.loaded = e.ready[k], false
	return nil
}

// Run implements Engine.
func (e *Go) Run(s *cases.State) error {
	var reply goReply
	request := goRequest{State: *s}
	if !e.loaded {
		request.Load, e.loaded = &e.now, true
	}
	if err := e.child.enc.Encode(request); err != nil {
		return fmt.Errorf("the program: %w", err)
	}
	if err := e.child.dec.Decode(&reply); err != nil {
		return fmt.Errorf("the program: %w", err)
	}
	e.own, e.left = e.own+reply.Own, e.left+reply.Left
	switch {
	case reply.Err != "":
		return errors.New(reply.Err)
	case reply.Excluded:
		return fmt.Errorf("%w: the run does not end", ErrExcluded)
	}
	*s = reply.State
	return nil
}
