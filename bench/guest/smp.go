package guest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cavaliergopher/cpio"

	"axpress/bench/smp"
	"axpress/bench/workloads"
)

// SMP is what `axpress stress` runs. The paths are absolute.
type SMP struct {
	Guest  *Guest // the kernel
	Initrd string // initramfs whose init is the program of bench/smp
}

// BuildSMP returns the guest for several CPUs, building what the cache does not have. Conditions are those of Build.
func BuildSMP(ctx context.Context, o Options) (*SMP, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	g, err := Build(ctx, o)
	if err != nil {
		return nil, err
	}
	versions, err := installedVersions(ctx, packageNames(Packages(GroupGuest)))
	if err != nil {
		return nil, err
	}
	sources, err := smp.Sources()
	if err != nil {
		return nil, err
	}
	r := recipe{kind: "smp", inputs: map[string]string{"flags": fmt.Sprintf("%q %q %q", smp.Flags(), workloads.AlphaLink(), smp.Libs())}}
	for name, text := range sources {
		r.inputs["file "+name] = string(text)
	}
	if err := r.addVersions(versions, "gcc-alpha-linux-gnu", "binutils-alpha-linux-gnu", "libc6.1-dev-alpha-cross"); err != nil {
		return nil, err
	}
	dir, _, err := store{dir: o.CacheDir}.ensure(ctx, logger{o.Log}, r, buildSMP(sources))
	if err != nil {
		return nil, fmt.Errorf("guest: build the program for several CPUs: %w", err)
	}
	return &SMP{Guest: g, Initrd: filepath.Join(dir, fileInitrd)}, nil
}

// buildSMP returns the buildFunc of the program's initramfs.
func buildSMP(sources map[string][]byte) buildFunc {
	return func(ctx context.Context, _ recipe, work, out string, output *os.File) (map[string]string, error) {
		if err := writeSources(work, sources); err != nil {
			return nil, err
		}
		args := slices.Concat(smp.Flags(), workloads.AlphaLink(), []string{"-o", smp.Name})
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			if filepath.Ext(name) == ".c" {
				args = append(args, name)
			}
		}
		c := command{dir: work, log: output}
		if err := c.run(ctx, crossPrefix+"gcc", append(args, smp.Libs()...)...); err != nil {
			return nil, err
		}
		content, err := os.ReadFile(filepath.Join(work, smp.Name))
		if err != nil {
			return nil, err
		}
		nodes := []node{
			{"bin/" + smp.Name, cpio.TypeReg | 0o755, content},
			{"init", cpio.TypeSymlink | 0o777, []byte("/bin/" + smp.Name)},
		}
		for _, d := range []string{"dev", "proc", "tmp"} {
			nodes = append(nodes, node{d, cpio.TypeDir | 0o755, nil})
		}
		return nil, writeInitramfs(filepath.Join(out, fileInitrd), nodes)
	}
}
