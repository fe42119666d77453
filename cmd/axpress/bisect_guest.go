package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"axpress/cmd/axpress/bisect"
	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/prepare"
)

// suspect is a guest that goes wrong, and the trials that bisect makes of it.
type suspect struct {
	kernelFile, initrdFile, append string
	memory                         uint64
	check                          string
	timeout                        time.Duration // 0: by what the interpreter takes
	prepare                        prepare.Options
	// translate makes translations; tests put a wrong one here.
	translate func(context.Context, *image.Image, prepare.Options) (*prepare.Result, error)

	dir       string // for what only this search needs
	images    []*image.Image
	functions []function
	groups    [][]int // the functions of each image, by number
}

// function is what can be translated on its own: the units that have one name.
type function struct {
	img  *image.Image
	name string
	pcs  []uint64 // of the units
}

// The time that a guest gets if --timeout does not say: as much as the first trial, in the
// interpreter, needs, by these factors and more.
const (
	firstTimeout    = 30 * time.Minute
	checkFactor     = 5
	compareFactor   = 200
	leastTimeout    = 10 * time.Second
	timeoutOverhead = time.Minute // for a process that does not end by itself
)

// translateOne is suspect.translate. The result is nil if img has no code.
func translateOne(ctx context.Context, img *image.Image, o prepare.Options) (*prepare.Result, error) {
	results, err := prepare.Translate(ctx, []*image.Image{img}, o)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results[0], nil
}

// list translates everything, which gives the functions there are.
func (g *suspect) list(ctx context.Context, images []*image.Image) error {
	for _, img := range images {
		r, err := g.translate(ctx, img, g.prepare)
		if err != nil {
			return err
		}
		if r == nil {
			continue
		}
		units, _, err := r.Artifact.UnitList()
		if err != nil {
			return err
		}
		g.add(img, units)
	}
	return nil
}

// add numbers the functions of img.
func (g *suspect) add(img *image.Image, units []artifact.Unit) {
	number := map[string]int{}
	var group []int
	for _, u := range slices.SortedFunc(slices.Values(units), func(a, b artifact.Unit) int { return cmp.Compare(a.PC, b.PC) }) {
		n, known := number[u.Name]
		if !known {
			n = len(g.functions)
			number[u.Name] = n
			g.functions = append(g.functions, function{img: img, name: u.Name})
			group = append(group, n)
		}
		g.functions[n].pcs = append(g.functions[n].pcs, u.PC)
	}
	g.images = append(g.images, img)
	g.groups = append(g.groups, group)
}

// try is bisect.Problem.Try.
func (g *suspect) try(ctx context.Context, functions []int, off []string) (bisect.Trial, error) {
	spec := trialSpec{Kernel: g.kernelFile, Initrd: g.initrdFile, Append: g.append, Memory: g.memory, Check: g.check, Timeout: g.timeout}
	if spec.Timeout == 0 {
		spec.Timeout = firstTimeout
	}
	var own []string
	for i, img := range g.images {
		var chosen []int
		for _, n := range functions {
			if g.functions[n].img == img {
				chosen = append(chosen, n)
			}
		}
		if len(chosen) == 0 {
			continue
		}
		o, kept := g.options(chosen, off, len(chosen) == len(g.groups[i]))
		r, err := g.translate(ctx, img, o)
		if err != nil {
			return bisect.Trial{}, err
		}
		if r == nil {
			continue
		}
		spec.Code = append(spec.Code, r.Path)
		if !kept {
			own = append(own, r.Path)
		}
	}
	start := time.Now()
	r, err := g.run(ctx, spec)
	if err != nil {
		return bisect.Trial{}, err
	}
	if g.timeout == 0 {
		// The first trial interprets everything.
		factor := checkFactor
		if g.check == "" {
			factor = compareFactor
		}
		g.timeout = leastTimeout + time.Duration(factor)*time.Since(start)
	}
	for _, path := range own {
		if err := os.Remove(path); err != nil {
			return bisect.Trial{}, err
		}
	}
	return bisect.Trial{Bad: r.Bad, Detail: r.Detail, Suspects: g.suspects(r.PCs)}, nil
}

// options are those that translate the functions chosen, all of an image or some,
// without the passes in off. kept says that the result is the user's own translation.
func (g *suspect) options(chosen []int, off []string, all bool) (o prepare.Options, kept bool) {
	o = g.prepare
	if all && len(off) == 0 {
		return o, true
	}
	o.CacheDir, o.Report = filepath.Join(g.dir, "translations"), nil
	o.Pipeline.Disable = map[string]bool{}
	for _, name := range off {
		o.Pipeline.Disable[name] = true
	}
	if !all {
		names := make([]string, len(chosen))
		for i, n := range chosen {
			names[i] = regexp.QuoteMeta(g.functions[n].name)
		}
		o.Pipeline.Only = regexp.MustCompile("^(?:" + strings.Join(names, "|") + ")$")
	}
	return o, false
}

// suspects are the functions that pcs are in. An address of a process may be one of
// several programs.
func (g *suspect) suspects(pcs []abi.VAddr) (functions []int) {
	for _, pc := range pcs {
		for i, img := range g.images {
			if img.SegmentAt(uint64(pc)) == nil {
				continue
			}
			best, at := -1, uint64(0)
			for _, n := range g.groups[i] {
				for _, start := range g.functions[n].pcs {
					if abi.VAddr(start) <= pc && start >= at {
						best, at = n, start
					}
				}
			}
			if best >= 0 && !slices.Contains(functions, best) {
				functions = append(functions, best)
			}
		}
	}
	return functions
}

// run runs a trial in a process of its own. Whatever kills the process is what the
// trial finds.
func (g *suspect) run(ctx context.Context, spec trialSpec) (r trialResult, err error) {
	file := filepath.Join(g.dir, "trial.json")
	data, err := json.Marshal(spec)
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		return r, err
	}
	self, err := os.Executable()
	if err != nil {
		return r, fmt.Errorf("find this program: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, spec.Timeout+timeoutOverhead)
	defer cancel()
	cmd := exec.CommandContext(limited, self, trialCommand, file)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case err == nil:
		return r, json.Unmarshal(out.Bytes(), &r)
	case !errors.As(err, &exit):
		return r, fmt.Errorf("start a trial: %w", err)
	case exit.ExitCode() == int(statusInput) || exit.ExitCode() == int(statusUsage) && strings.HasPrefix(errs.String(), "axpress: "):
		return r, fmt.Errorf("a trial fails: %s", strings.TrimSpace(strings.TrimPrefix(errs.String(), "axpress: ")))
	}
	line, _, _ := strings.Cut(strings.TrimSpace(errs.String()), "\n")
	return trialResult{Bad: true, Detail: fmt.Sprintf("the process ends by %s: %s", exit, line)}, nil
}
