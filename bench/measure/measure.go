package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"axpress/bench/workloads"
)

// runner is a machine that runs workloads one at a time. The processes of engines are; tests have others.
type runner interface {
	run(ctx context.Context, name string) (sample, error)
	pause()
	resume(ctx context.Context) error
	close(ctx context.Context) error
}

// bench is a measurement.
type bench struct {
	*Config
	sessions map[place]runner
	start    func(context.Context, place) (runner, error)
	warm     func(context.Context) // the host's processors
	works    []string              // folders to remove
}

// place is where a workload runs: an engine, and how many CPUs its guest has.
type place struct {
	Engine
	cpus int
}

// Run measures. When ctx ends, its error is returned and every process is dead. What goes wrong with a workload or an
// engine is in the result: Result.Failed.
func Run(ctx context.Context, c Config) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	b := prepare(&c)
	machine := describe()
	rows, err := b.all(ctx)
	if err != nil {
		return nil, err
	}
	r := &Result{
		Schema: Schema, Machine: machine, Tools: c.tools(ctx), Rows: rows,
		Settings: Settings{Flavour: string(c.Bench.Guest.Flavour), Engines: c.Engines, Runs: c.Runs, Cold: c.Cold, CPU: c.CPU},
	}
	return r, nil
}

// prepare returns a bench of processes.
func prepare(c *Config) *bench {
	b := &bench{Config: c, sessions: map[place]runner{}, warm: func(ctx context.Context) { keepBusy(ctx, warmth) }}
	b.start = b.startProcess
	return b
}

// all measures every workload.
func (b *bench) all(ctx context.Context) ([]Row, error) {
	b.Report.Begin(b.steps())
	defer b.Report.End()
	var rows []Row
	defer func() { b.closeAll(ctx) }()
	for _, batch := range batches(b.Workloads) {
		b.closeOthers(ctx, batch)
		some, err := b.batch(ctx, batch)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

// batches puts workloads that are compared with each other together; the others are alone.
func batches(all []workloads.Workload) (list [][]workloads.Workload) {
	for i, w := range all {
		if i > 0 && w.OneCPU == all[i-1].Name {
			list[len(list)-1] = append(list[len(list)-1], w)
		} else {
			list = append(list, []workloads.Workload{w})
		}
	}
	return list
}

// batch measures workloads whose runs take turns.
func (b *bench) batch(ctx context.Context, batch []workloads.Workload) (rows []Row, err error) {
	for _, w := range batch {
		rows = append(rows, Row{Name: w.Name, Group: w.Group, Doc: w.Doc, Engines: map[Engine]*Cell{}})
	}
	for round := range b.rounds() {
		for _, e := range b.turns(round) {
			for i, w := range batch {
				if err := b.round(ctx, round, e, w, &rows[i]); err != nil {
					return nil, err
				}
			}
		}
	}
	for i := range rows {
		row := &rows[i]
		row.compare()
		for _, e := range b.Engines {
			if c := row.Engines[e]; c != nil && c.Error != "" {
				b.Report.Note(fmt.Sprintf("%s, %s: %s", row.Name, e, c.Error))
			}
		}
	}
	return rows, nil
}

// round runs a workload on an engine, and puts what came out into the row. An error is the end of ctx.
func (b *bench) round(ctx context.Context, round int, e Engine, w workloads.Workload, row *Row) error {
	if !b.runs(e, w, round) {
		return nil
	}
	if row.Engines[e] == nil {
		row.Engines[e] = &Cell{}
	}
	b.Report.Step(fmt.Sprintf("%s, %s", w.Name, e))
	cell := row.Engines[e]
	if cell.Error != "" {
		return nil // it would only fail again
	}
	run := b.one
	if w.Group == workloads.Boot {
		run = b.boot
	}
	s, err := run(ctx, e, w)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if b.CPU {
		s.host, s.guest = s.cpu, 0
	}
	cell.add(s, err, round >= b.first())
	return nil
}

// add puts a run into the cell.
func (c *Cell) add(s sample, err error, counts bool) {
	switch {
	case err != nil:
		c.Error = err.Error()
	case s.status != 0:
		c.Error = strings.Join(append([]string{fmt.Sprintf("exit status %d", s.status)}, s.said...), "; ")
	case c.Output != "" && s.output != c.Output:
		c.Error = fmt.Sprintf("two runs differ in their output: %s and %s", c.Output, s.output)
	}
	if c.Error != "" {
		return
	}
	c.Output = s.output
	if counts {
		c.Seconds = append(c.Seconds, s.host.Seconds())
		if s.guest > 0 {
			c.Guest = append(c.Guest, s.guest.Seconds())
		}
	}
}

// compare compares the outputs: what most engines say is right, and the first of them in doubt.
func (r *Row) compare() {
	votes := map[string]int{}
	best := ""
	for _, e := range Engines() {
		if c := r.Engines[e]; c.Good() {
			votes[c.Output]++
			if best == "" || votes[c.Output] > votes[best] {
				best = c.Output
			}
		}
	}
	for _, e := range Engines() {
		if c := r.Engines[e]; c.Good() && c.Output != best {
			c.Error = fmt.Sprintf("its output is wrong: %s; others have %s", c.Output, best)
		}
	}
}

// one runs a workload once in the engine's session. A session that fails is ended; the next workload gets a new one.
func (b *bench) one(ctx context.Context, e Engine, w workloads.Workload) (sample, error) {
	if w.Group == workloads.SMP {
		b.warm(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, b.Limit)
	defer cancel()
	at := place{e, cpusOf(w)}
	s, err := b.session(ctx, at)
	if err != nil {
		return sample{}, err
	}
	r, err := s.run(ctx, w.Name)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no end after %s", b.Limit)
	}
	if p, ok := s.(*process); ok && err != nil {
		err = p.explain(err)
	}
	if err != nil {
		b.drop(at)
		return r, err
	}
	s.pause()
	return r, nil
}

// session returns the session at a place, running; it starts one if there is none.
func (b *bench) session(ctx context.Context, at place) (runner, error) {
	if s := b.sessions[at]; s != nil {
		err := s.resume(ctx)
		if err != nil {
			b.drop(at)
		}
		return s, err
	}
	s, err := b.start(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("it does not start: %w", err)
	}
	b.sessions[at] = s
	return s, nil
}

// drop ends a session that is of no more use.
func (b *bench) drop(at place) {
	ended, cancel := context.WithCancel(context.Background())
	cancel() // at once
	b.close(ended, at)
}

// close ends a session.
func (b *bench) close(ctx context.Context, at place) {
	if err := b.sessions[at].close(ctx); err != nil {
		b.Report.Note(fmt.Sprintf("%s: %v", at.Engine, err))
	}
	delete(b.sessions, at)
}

// closeOthers ends the sessions that the workloads do not need: all before a boot, which starts machines of its own.
func (b *bench) closeOthers(ctx context.Context, next []workloads.Workload) {
	needed := map[int]bool{}
	for _, w := range next {
		needed[cpusOf(w)] = w.Group != workloads.Boot
	}
	for at := range b.sessions {
		if !needed[at.cpus] {
			b.close(ctx, at)
		}
	}
}

// closeAll ends all sessions.
func (b *bench) closeAll(ctx context.Context) {
	b.closeOthers(ctx, nil)
	for _, dir := range b.works {
		if err := os.RemoveAll(dir); err != nil {
			b.Report.Note(err.Error())
		}
	}
	b.works = nil
}

// startProcess starts the process of a session.
func (b *bench) startProcess(ctx context.Context, at place) (runner, error) {
	e, work := at.Engine, ""
	if e == Host || e == User {
		dir, err := workFolder()
		if err != nil {
			return nil, err
		}
		b.works = append(b.works, dir)
		work = dir
	}
	command, err := b.Config.session(e, at.cpus, work)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, e != Host && e != User, command[0], command[1:]...)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// workFolder makes a folder on a tmpfs, as guests have, if the host has one.
func workFolder() (string, error) {
	if dir, err := os.MkdirTemp("/dev/shm", "axpress-bench-"); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", "axpress-bench-")
}
