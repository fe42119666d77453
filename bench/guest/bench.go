package guest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cavaliergopher/cpio"

	"axpress/bench/workloads"
)

// Folders and files of the bench's entries.
const (
	dirHost  = "host"  // programs for the host
	dirAlpha = "alpha" // the same for Alpha
	dirData  = "data"
	fileList = "workloads" // as the driver reads it
)

// Bench is what `axpress bench` runs. The paths are absolute.
type Bench struct {
	Guest  *Guest // the kernel, and the initramfs of the boot row
	Initrd string // initramfs with the workloads; its init is their driver
	Host   string // folder of the workloads' programs for the host
	Alpha  string // the same programs for Alpha
	Data   string // folder of their input
	List   string // the workloads, as the driver reads them
	// Workloads are those of the wanted ones that can be run: a program whose source cannot be had is left out, and said so.
	Workloads []workloads.Workload `json:"-"`
}

// BuildBench returns the programs that the workloads need and the guest that they run in, building what the cache does
// not have. Conditions are those of Build.
func BuildBench(ctx context.Context, o Options, all []workloads.Workload) (*Bench, error) {
	b, err := newBuilder(o, GroupBench)
	if err != nil {
		return nil, err
	}
	return b.bench(ctx, all)
}

// bench makes what the bench runs.
func (b *builder) bench(ctx context.Context, all []workloads.Workload) (*Bench, error) {
	g, err := b.guest(ctx)
	if err != nil {
		return nil, err
	}
	m, err := newBenchMaker(b, all)
	if err != nil {
		return nil, err
	}
	dir, err := m.make(ctx)
	if err != nil {
		return nil, fmt.Errorf("guest: build the workloads: %w", err)
	}
	return &Bench{
		Guest: g, Initrd: filepath.Join(dir, fileInitrd), Host: filepath.Join(dir, dirHost), Alpha: filepath.Join(dir, dirAlpha),
		Data: filepath.Join(dir, dirData), List: filepath.Join(dir, fileList), Workloads: m.all,
	}, nil
}

// benchMaker makes the entries of the bench.
type benchMaker struct {
	*builder
	ours map[string][]byte // our sources
	all  []workloads.Workload
	made map[string]string // folders of programs, by their names
}

func newBenchMaker(b *builder, all []workloads.Workload) (*benchMaker, error) {
	ours, err := workloads.Sources()
	return &benchMaker{builder: b, ours: ours, all: all, made: map[string]string{}}, err
}

// needs returns the names of the programs and of the input files that the workloads need.
func needs(all []workloads.Workload) (programs, files map[string]bool) {
	programs, files = map[string]bool{workloads.Driver: true}, map[string]bool{}
	for _, w := range all {
		if w.Program != "" {
			programs[w.Program] = true
		}
		for _, f := range w.Files() {
			files[f] = true
		}
	}
	return programs, files
}

// recipe returns the recipe of the whole with some workloads.
func (m *benchMaker) recipe(all []workloads.Workload) (recipe, error) {
	programs, files := needs(all)
	r := recipe{kind: "bench", inputs: map[string]string{"list": workloads.List(all)}}
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		p, err := m.programRecipe(name)
		if err != nil {
			return r, err
		}
		r.parts = append(r.parts, p)
	}
	if len(files) > 0 {
		data, err := m.dataRecipe(files)
		if err != nil {
			return r, err
		}
		r.parts = append(r.parts, data)
	}
	return r, nil
}

// make returns the folder of the whole. Afterwards m.all are the workloads that it has.
func (m *benchMaker) make(ctx context.Context) (string, error) {
	wanted, err := m.recipe(m.all)
	if err != nil {
		return "", err
	}
	everything, err := m.recipe(workloads.All())
	if err != nil {
		return "", err
	}
	for _, r := range []recipe{wanted, everything} {
		dir, err := m.imported(r)
		if err != nil {
			return "", err
		}
		if dir != "" {
			m.entries[r.ours()] = dir
			return dir, m.keepListed(filepath.Join(dir, fileList))
		}
	}
	if err := m.makePrograms(ctx); err != nil {
		return "", err
	}
	programs, files := needs(m.all)
	data := ""
	if len(files) > 0 {
		if data, err = m.data(ctx, files); err != nil {
			return "", err
		}
	}
	r, err := m.recipe(m.all)
	if err != nil {
		return "", err
	}
	dir, _, err := m.ensure(ctx, r, m.buildBench(programs, files, data))
	m.entries[wanted.ours()] = dir // the best that can be had of it
	return dir, err
}

// keepListed leaves out the workloads that a list for the driver does not have.
func (m *benchMaker) keepListed(list string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(line, "|")
		listed[name] = true
	}
	m.leaveOut("the guest was exported without it", func(w workloads.Workload) bool { return w.Program != "" && !listed[w.Name] })
	return nil
}

// leaveOut leaves workloads out, and says so in a line.
func (m *benchMaker) leaveOut(why string, which func(workloads.Workload) bool) {
	var names []string
	m.all = slices.DeleteFunc(slices.Clone(m.all), func(w workloads.Workload) bool {
		if which(w) {
			names = append(names, w.Name)
		}
		return which(w)
	})
	if len(names) > 0 {
		m.log.printf("left out: %s: %s", strings.Join(names, ", "), why)
	}
}

// makePrograms makes the programs that the workloads need, those that compress their input among them. The workloads of a
// program whose source cannot be had are left out.
func (m *benchMaker) makePrograms(ctx context.Context) error {
	programs, files := needs(m.all)
	for _, c := range compressors {
		if files[c.file] {
			programs[c.program] = true
		}
	}
	count := newCounter(m.log, "workloads", fmt.Sprintf("of %d programs built", len(programs)), len(programs))
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		err := m.program(ctx, name)
		count.step()
		var missing *missingSource
		if !errors.As(err, &missing) {
			if err != nil {
				return err
			}
			continue
		}
		m.leaveOut(missing.Error(), func(w workloads.Workload) bool {
			return w.Program == name || slices.ContainsFunc(compressors, func(c compressor) bool {
				return c.program == name && slices.Contains(w.Files(), c.file)
			})
		})
	}
	return nil
}

// program makes one of workloads.Programs.
func (m *benchMaker) program(ctx context.Context, name string) error {
	r, err := m.programRecipe(name)
	if err != nil {
		return err
	}
	p, err := benchProgram(name)
	if err != nil {
		return err
	}
	dir, _, err := m.ensure(ctx, r, m.buildProgram(p, m.ours))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	m.made[name] = dir
	return nil
}

// benchProgram returns one of workloads.Programs.
func benchProgram(name string) (workloads.Program, error) {
	all := workloads.Programs()
	i := slices.IndexFunc(all, func(p workloads.Program) bool { return p.Name == name })
	if i < 0 {
		return workloads.Program{}, fmt.Errorf("BUG: there is no program %q", name)
	}
	return all[i], nil
}

// programRecipe returns the recipe of one of workloads.Programs.
func (m *benchMaker) programRecipe(name string) (recipe, error) {
	p, err := benchProgram(name)
	if err != nil {
		return recipe{}, err
	}
	return programRecipe(p, m.ours)
}

// compressor makes a compressed input file; it is a program of the bench too.
type compressor struct{ program, options, file string }

var compressors = []compressor{
	{"bzip2", "-9 -c", "text.bz2"},
	{"zstd", "-q -12 -c", "text.zst"},
}

// dataRecipe returns the recipe of the input files.
func (m *benchMaker) dataRecipe(files map[string]bool) (recipe, error) {
	maker := workloads.MakeText + ".c"
	r := recipe{kind: kindProgram + "data", inputs: map[string]string{
		"size": strconv.Itoa(workloads.TextBytes), "file " + maker: string(m.ours[maker]), "file " + workloads.Script: string(m.ours[workloads.Script]),
	}}
	for _, c := range compressors {
		if !files[c.file] {
			continue
		}
		p, err := m.programRecipe(c.program)
		if err != nil {
			return r, err
		}
		r.parts = append(r.parts, p)
	}
	return r, nil
}

// data makes the input files, in a folder: the text, the script, and of the compressed texts those that are needed.
func (m *benchMaker) data(ctx context.Context, files map[string]bool) (string, error) {
	r, err := m.dataRecipe(files)
	if err != nil {
		return "", err
	}
	script := "set -e; ./" + workloads.MakeText + " " + strconv.Itoa(workloads.TextBytes) + " >text\n"
	names := []string{"text", workloads.Script}
	for _, c := range compressors {
		if files[c.file] {
			script += fmt.Sprintf("'%s' %s <text >%s\n", filepath.Join(m.made[c.program], dirHost, c.program), c.options, c.file)
			names = append(names, c.file)
		}
	}
	dir, _, err := m.ensure(ctx, r, func(ctx context.Context, _ recipe, work, out string, log *os.File) (map[string]string, error) {
		c := command{dir: work, log: log}
		if err := writeSources(work, m.ours); err != nil {
			return nil, err
		}
		if err := c.run(ctx, "gcc", "-O2", "-o", workloads.MakeText, workloads.MakeText+".c"); err != nil {
			return nil, err
		}
		if err := c.run(ctx, "sh", "-c", script); err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := os.Rename(filepath.Join(work, name), filepath.Join(out, name)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	return dir, err
}

// buildBench returns the buildFunc of the whole: folders of programs and data, the list, the initramfs.
func (m *benchMaker) buildBench(programs, files map[string]bool, data string) buildFunc {
	return func(_ context.Context, _ recipe, _, out string, _ *os.File) (map[string]string, error) {
		for _, d := range []string{dirHost, dirAlpha, dirData} {
			if err := os.MkdirAll(filepath.Join(out, d), 0o755); err != nil {
				return nil, err
			}
		}
		list := []byte(workloads.List(m.all))
		nodes := []node{
			{"init", cpio.TypeSymlink | 0o777, []byte("/bin/" + workloads.Driver)},
			{"etc/axbench", cpio.TypeReg | 0o644, list},
		}
		for _, d := range []string{"dev", "proc", "tmp"} {
			nodes = append(nodes, node{d, cpio.TypeDir | 0o755, nil})
		}
		// add copies a file to a folder of the entry, and if to is not "" into the initramfs.
		add := func(from, folder, name, to string) error {
			at := filepath.Join(out, folder, name)
			if err := copyFile(from, at); err != nil || to == "" {
				return err
			}
			content, err := os.ReadFile(at)
			nodes = append(nodes, node{to + "/" + name, cpio.TypeReg | 0o755, content})
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(programs)) {
			for folder, to := range map[string]string{dirHost: "", dirAlpha: "bin"} {
				if err := add(filepath.Join(m.made[name], folder, name), folder, name, to); err != nil {
					return nil, err
				}
			}
		}
		for name := range files {
			if err := add(filepath.Join(data, name), dirData, name, "data"); err != nil {
				return nil, err
			}
		}
		if err := os.WriteFile(filepath.Join(out, fileList), list, 0o644); err != nil {
			return nil, err
		}
		return nil, writeInitramfs(filepath.Join(out, fileInitrd), nodes)
	}
}
