package guest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

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
	b, err := newBuilder(o)
	if err != nil {
		return nil, err
	}
	return b.smp(ctx)
}

// smp makes the guest for several CPUs.
func (b *builder) smp(ctx context.Context) (*SMP, error) {
	sources, err := smp.Sources()
	if err != nil {
		return nil, err
	}
	r := initRecipe(recipe{kind: "smp", inputs: map[string]string{
		"flags": fmt.Sprintf("%q %q %q", smp.Flags(), workloads.AlphaLink(), smp.Libs()),
	}}, sources)
	g, _, err := b.withInit(ctx, r, buildSMP(sources))
	if err != nil {
		return nil, err
	}
	return &SMP{Guest: g, Initrd: g.Initrd}, nil
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
		nodes := initNodes(smp.Name, content)
		return nil, writeInitramfs(filepath.Join(out, fileInitrd), nodes)
	}
}
