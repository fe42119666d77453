package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cavaliergopher/cpio"

	"axpress/bench/workloads"
)

// programRecipe returns the recipe of a program for both machines.
func programRecipe(p workloads.Program, ours map[string][]byte) (recipe, error) {
	r := recipe{kind: kindProgram + p.Name, release: p.Package != "", packages: append([]string{"gcc", "libc6-dev"}, crossPackages()...),
		inputs: map[string]string{
			"program": fmt.Sprintf("%+v %q %q %q", p, workloads.CFlags(), workloads.AlphaFlags(), workloads.AlphaLink()),
		}}
	for _, u := range p.Units {
		for _, f := range u.Files {
			if !u.Ours {
				continue
			}
			text, ok := ours[f]
			if !ok {
				return r, fmt.Errorf("BUG: %s: there is no source %s", p.Name, f)
			}
			r.inputs["file "+f] = string(text)
			r.inputs["file axbench.h"] = string(ours["axbench.h"])
		}
	}
	return r, nil
}

// kindProgram begins the kinds of the bench's programs.
const kindProgram = "bench-"

// buildProgram returns the buildFunc of a program.
func (b *builder) buildProgram(p workloads.Program, ours map[string][]byte) buildFunc {
	return func(ctx context.Context, r recipe, work, out string, log *os.File) (map[string]string, error) {
		c := command{dir: work, log: log, env: []string{"SOURCE_DATE_EPOCH=0"}}
		folder := filepath.Join(work, "ours")
		if err := writeSources(folder, ours); err != nil {
			return nil, err
		}
		versions := map[string]string{}
		if p.Package != "" {
			b.log.printf("%s: fetching Debian's source", p.Name)
			source, version, err := fetchSource(ctx, c, b.log, b.host.release, p.Package)
			if err != nil {
				return nil, err
			}
			versions[p.Package] = version
			c.dir = source
		}
		for _, args := range p.Prepare {
			if err := c.run(ctx, args[0], args[1:]...); err != nil {
				return nil, err
			}
		}
		b.log.printf("%s: compiling for both machines", p.Name)
		for _, m := range machines() {
			if err := m.compile(ctx, c, p, folder, filepath.Join(out, m.dir)); err != nil {
				return nil, err
			}
		}
		return versions, nil
	}
}

// initRecipe adds to the recipe of an initramfs, whose init is a program of ours for Alpha alone, the sources and the packages
// that compile them.
func initRecipe(r recipe, sources map[string][]byte) recipe {
	for name, text := range sources {
		r.inputs["file "+name] = string(text)
	}
	r.packages = crossPackages()
	return r
}

// withInit makes the kernel, and an initramfs by its recipe: its folder, or "" if the initramfs is somebody's own.
func (b *builder) withInit(ctx context.Context, r recipe, build buildFunc) (g *Guest, dir string, err error) {
	g = &Guest{Flavour: b.o.Flavour, Variant: b.o.Variant, Kernel: b.o.Kernel, Initrd: b.o.Initrd}
	if err = b.kernel(ctx, g); err != nil || b.o.Initrd != "" {
		return g, "", err
	}
	if dir, _, err = b.ensure(ctx, r, build); err != nil {
		return nil, "", fmt.Errorf("guest: build the program %s: %w", r.kind, err)
	}
	g.Initrd = filepath.Join(dir, fileInitrd)
	return g, dir, nil
}

// initNodes are the files of an initramfs whose init is the program bin/NAME.
func initNodes(name string, program []byte) []node {
	nodes := []node{
		{"bin/" + name, cpio.TypeReg | 0o755, program},
		{"init", cpio.TypeSymlink | 0o777, []byte("/bin/" + name)},
	}
	for _, d := range []string{"dev", "proc", "tmp"} {
		nodes = append(nodes, node{d, cpio.TypeDir | 0o755, nil})
	}
	return nodes
}

// writeSources writes our sources to a folder.
func writeSources(folder string, ours map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range ours {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// target is one of the machines that programs are compiled for.
type target struct {
	dir   string // below the entry
	gcc   string
	alpha bool
	flags []string
	link  []string
}

func machines() []target {
	return []target{
		{dir: dirHost, gcc: "gcc"},
		{dir: dirAlpha, gcc: crossPrefix + "gcc", alpha: true, flags: workloads.AlphaFlags(), link: workloads.AlphaLink()},
	}
}

// options returns those of flags for every machine and for Alpha that are meant for this one.
func (t target) options(all, alpha []string) []string {
	if t.alpha {
		return slices.Concat(all, alpha)
	}
	return all
}

// compile makes the program p for the machine: out/NAME. c.dir is the package's folder, ours has our sources.
func (t target) compile(ctx context.Context, c command, p workloads.Program, ours, out string) error {
	objects := filepath.Join(ours, t.dir) // beside our sources: the package's folder may have one of this name
	for _, d := range []string{out, objects} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	link := slices.Concat([]string{"-static"}, t.link, []string{"-o", filepath.Join(out, p.Name)})
	for _, u := range p.Units {
		files, err := unitFiles(u, c.dir, ours)
		if err != nil {
			return err
		}
		for _, f := range files {
			object := u.Object
			if object == "" {
				object = strings.TrimSuffix(filepath.Base(f), ".c") + ".o"
			}
			object = filepath.Join(objects, object)
			args := slices.Concat(workloads.CFlags(), t.flags, t.options(p.Flags, p.Alpha), t.options(u.Flags, u.Alpha))
			if err := c.run(ctx, t.gcc, append(args, "-c", "-o", object, f)...); err != nil {
				return err
			}
			link = append(link, object)
		}
	}
	return c.run(ctx, t.gcc, append(link, p.Libs...)...)
}

// unitFiles returns a unit's files, sorted within each pattern.
func unitFiles(u workloads.Unit, source, ours string) ([]string, error) {
	var files []string
	for _, pattern := range u.Files {
		folder := source
		if u.Ours {
			folder = ours
		}
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(found) == 0 {
			return nil, errors.Join(fmt.Errorf("no source file %s", pattern), err)
		}
		files = append(files, found...)
	}
	return files, nil
}
