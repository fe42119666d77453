package guest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

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
}

// BuildBench returns the programs that the workloads need and the guest that they run in, building what the cache does
// not have. Conditions are those of Build.
func BuildBench(ctx context.Context, o Options, all []workloads.Workload) (*Bench, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	log := logger{o.Log}
	if err := ensurePackages(ctx, log, Packages(GroupGuest, GroupBench)); err != nil {
		return nil, err
	}
	g, err := Build(ctx, o)
	if err != nil {
		return nil, err
	}
	m, err := newBenchMaker(ctx, o, all)
	if err != nil {
		return nil, err
	}
	dir, err := m.make(ctx)
	if err != nil {
		return nil, fmt.Errorf("guest: build the workloads: %w", err)
	}
	return &Bench{
		Guest: g, Initrd: filepath.Join(dir, fileInitrd), Host: filepath.Join(dir, dirHost), Alpha: filepath.Join(dir, dirAlpha),
		Data: filepath.Join(dir, dirData), List: filepath.Join(dir, fileList),
	}, nil
}

// benchMaker makes the entries of the bench.
type benchMaker struct {
	builder
	versions map[string]string // of the packages
	ours     map[string][]byte // our sources
	all      []workloads.Workload
	made     map[string]made // programs, by their names
}

// made is an entry that is there.
type made struct{ dir, hash string }

func newBenchMaker(ctx context.Context, o Options, all []workloads.Workload) (*benchMaker, error) {
	versions, err := installedVersions(ctx, packageNames(Packages(GroupGuest, GroupBench)))
	if err != nil {
		return nil, err
	}
	release, err := debianRelease()
	if err != nil {
		return nil, err
	}
	ours, err := workloads.Sources()
	if err != nil {
		return nil, err
	}
	b := builder{store: store{dir: o.CacheDir}, jobs: o.Jobs, log: logger{o.Log}, release: release}
	return &benchMaker{builder: b, versions: versions, ours: ours, all: all, made: map[string]made{}}, nil
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

// make returns the folder of the whole.
func (m *benchMaker) make(ctx context.Context) (string, error) {
	programs, files := needs(m.all)
	r := recipe{kind: "bench", inputs: map[string]string{"list": workloads.List(m.all)}}
	count := newCounter(m.log, "workloads", fmt.Sprintf("of %d programs built", len(programs)), len(programs))
	for name := range programs {
		p, err := m.program(ctx, name)
		if err != nil {
			return "", err
		}
		r.inputs["program "+name] = p.hash
		count.step()
	}
	var data made
	if len(files) > 0 {
		var err error
		if data, err = m.data(ctx); err != nil {
			return "", err
		}
		r.inputs["data"] = data.hash
	}
	dir, _, err := m.store.ensure(ctx, m.log, r, m.buildBench(programs, files, data.dir))
	return dir, err
}

// program makes one of workloads.Programs.
func (m *benchMaker) program(ctx context.Context, name string) (made, error) {
	if p, ok := m.made[name]; ok {
		return p, nil
	}
	all := workloads.Programs()
	i := slices.IndexFunc(all, func(p workloads.Program) bool { return p.Name == name })
	if i < 0 {
		return made{}, fmt.Errorf("BUG: there is no program %q", name)
	}
	r, err := programRecipe(all[i], m.ours, m.versions, m.release)
	if err != nil {
		return made{}, err
	}
	dir, _, err := m.store.ensure(ctx, m.log, r, m.buildProgram(all[i], m.ours))
	if err != nil {
		return made{}, fmt.Errorf("%s: %w", name, err)
	}
	m.made[name] = made{dir, r.hash()}
	return m.made[name], nil
}

// compressors make the compressed input; they are programs of the bench too.
var compressors = []struct{ program, options, file string }{
	{"bzip2", "-9 -c", "text.bz2"},
	{"zstd", "-q -12 -c", "text.zst"},
}

// data makes the input files: the text, the script, and the compressed text.
func (m *benchMaker) data(ctx context.Context) (made, error) {
	maker := workloads.MakeText + ".c"
	r := recipe{kind: "bench-data", inputs: map[string]string{
		"size": strconv.Itoa(workloads.TextBytes), "file " + maker: string(m.ours[maker]), "file " + workloads.Script: string(m.ours[workloads.Script]),
	}}
	script := "set -e; ./" + workloads.MakeText + " " + strconv.Itoa(workloads.TextBytes) + " >text\n"
	for _, c := range compressors {
		p, err := m.program(ctx, c.program)
		if err != nil {
			return made{}, err
		}
		r.inputs["program "+c.program] = p.hash
		script += fmt.Sprintf("'%s' %s <text >%s\n", filepath.Join(p.dir, dirHost, c.program), c.options, c.file)
	}
	dir, _, err := m.store.ensure(ctx, m.log, r, func(ctx context.Context, _ recipe, work, out string, log *os.File) (map[string]string, error) {
		c := command{dir: work, log: log}
		if err := writeSources(work, m.ours); err != nil {
			return nil, err
		}
		if err := c.run(ctx, "gcc", "-O2", "-o", workloads.MakeText, maker); err != nil {
			return nil, err
		}
		if err := c.run(ctx, "sh", "-c", script); err != nil {
			return nil, err
		}
		names := []string{"text", workloads.Script}
		for _, c := range compressors {
			names = append(names, c.file)
		}
		for _, name := range names {
			if err := os.Rename(filepath.Join(work, name), filepath.Join(out, name)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	return made{dir, r.hash()}, err
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
				if err := add(filepath.Join(m.made[name].dir, folder, name), folder, name, to); err != nil {
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
