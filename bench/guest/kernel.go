package guest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// crossPrefix is what Debian's cross tools for Alpha are called by.
const crossPrefix = "alpha-linux-gnu-"

// sourceRelease is where a kernel's manifest has what uname -r says.
const sourceRelease = "uname -r"

// kernelConfigFiles returns the fragments, under recipe/, of a flavour.
func kernelConfigFiles(f Flavour) []string {
	if f == Small {
		return []string{"kernel-common.config", "kernel-small.config"}
	}
	return []string{"kernel-common.config", "kernel-generic.config"}
}

// kernelConfig returns what a flavour wants of the kernel's configuration.
//
// known says which symbols the kernel has: of a line's alternatives the first that it has counts.
func kernelConfig(f Flavour, known func(symbol string) bool) ([]symbol, error) {
	var wanted []symbol
	for _, name := range kernelConfigFiles(f) {
		text, err := recipeFile(name)
		if err != nil {
			return nil, err
		}
		symbols, err := parseFragment("bench/guest/recipe/"+name, text, known)
		if err != nil {
			return nil, err
		}
		wanted = mergeConfig(wanted, symbols)
	}
	return wanted, nil
}

// variantFile returns what a variant's vmlinux or System.map is called in a store entry.
func variantFile(name string, v Variant) string {
	if v == Plain {
		return name
	}
	return name + "-" + string(v)
}

// buildKernels returns the buildFunc of one flavour's kernels, all variants.
func (b *builder) buildKernels(f Flavour) buildFunc {
	return func(ctx context.Context, r recipe, work, out string, log *os.File) (map[string]string, error) {
		c := command{dir: work, log: log}
		source, objects := filepath.Join(work, "linux"), filepath.Join(work, "objects")
		if err := b.unpackLinux(ctx, c, b.host.linux, source, objects); err != nil {
			return nil, err
		}
		for i, step := range kernelSteps() {
			if err := applyPatches(source, step.patches); err != nil && i > 0 && b.o.KernelSource != "" {
				b.log.printf("%v; there is no variant %q of this kernel", err, step.variant)
				break // the later ones build on it
			} else if err != nil {
				return nil, err
			}
			if i == 0 {
				if err := b.configureKernel(ctx, c, f, source, objects); err != nil {
					return nil, err
				}
			}
			what := variantFile(string(f), step.variant)
			b.log.printf("%s kernel: compiling with %d jobs", what, b.jobs)
			c.onLine = newCounter(b.log, what+" kernel", "files compiled", kernelFiles(f, step.variant)).compiled
			if err := b.makeKernel(ctx, c, source, objects, "-j"+strconv.Itoa(b.jobs), "vmlinux"); err != nil {
				return nil, err
			}
			for from, to := range map[string]string{
				"vmlinux":    variantFile(fileKernel, step.variant),
				"System.map": variantFile(fileSystemMap, step.variant),
				".config":    fileConfig,
			} {
				if err := copyFile(filepath.Join(objects, from), filepath.Join(out, to)); err != nil {
					return nil, err
				}
			}
		}
		release, err := os.ReadFile(filepath.Join(objects, "include", "config", "kernel.release"))
		if err != nil {
			return nil, err
		}
		sources := maps.Clone(r.system)
		sources[sourceRelease] = strings.TrimSpace(string(release))
		return sources, nil
	}
}

// copyFile copies a file; the copy can be executed if the original can.
func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}

// unpackLinux makes the folder of the kernel's source and the empty one of its objects.
func (b *builder) unpackLinux(ctx context.Context, c command, from linuxSource, source, objects string) error {
	for _, d := range []string{source, objects} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	b.log.printf("unpacking %s", from.path)
	if err := from.unpack(ctx, c, source); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(source, "arch", "alpha", "Kconfig")); err != nil {
		return fmt.Errorf("%s is no kernel's source: it has no arch/alpha/Kconfig", from.path)
	}
	for _, name := range []string{".config", "include/config"} { // somebody has built a kernel in it
		if _, err := os.Stat(filepath.Join(source, name)); err == nil {
			return c.run(ctx, "make", "-C", source, "ARCH=alpha", "mrproper")
		}
	}
	return nil
}

// makeKernel runs the kernel's make. What a build tells about its time and place is fixed, so that the same recipe
// gives the same kernel.
func (b *builder) makeKernel(ctx context.Context, c command, source, objects string, args ...string) error {
	c.env = append(c.env,
		"ARCH=alpha", "CROSS_COMPILE="+crossPrefix,
		"KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970", "KBUILD_BUILD_USER=axpress", "KBUILD_BUILD_HOST=guest",
		"KBUILD_BUILD_VERSION=1")
	return c.run(ctx, "make", append([]string{"-C", source, "O=" + objects}, args...)...)
}

// configureKernel writes objects/.config and checks that every symbol that the recipe wants is in it.
func (b *builder) configureKernel(ctx context.Context, c command, f Flavour, source, objects string) error {
	known, err := kconfigSymbols(source)
	if err != nil {
		return err
	}
	wanted, err := kernelConfig(f, func(name string) bool { return known[name] })
	if err != nil {
		return err
	}
	path := filepath.Join(objects, ".config")
	if f == Small {
		// Everything that the list does not name is off.
		list := filepath.Join(objects, "wanted.config")
		if err := os.WriteFile(list, []byte(formatConfig(wanted)), 0o644); err != nil {
			return err
		}
		c.env = append(c.env, "KCONFIG_ALLCONFIG="+list)
		if err := b.makeKernel(ctx, c, source, objects, "allnoconfig"); err != nil {
			return err
		}
	} else {
		// Everything that the list does not name is as the architecture's maintainers have it.
		base := filepath.Join(source, "arch", "alpha", "configs", "defconfig")
		symbols, err := readConfig(base)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(formatConfig(mergeConfig(symbols, wanted))), 0o644); err != nil {
			return err
		}
		if err := b.makeKernel(ctx, c, source, objects, "olddefconfig"); err != nil {
			return err
		}
	}
	got, err := readConfig(path)
	if err != nil {
		return err
	}
	return checkConfig(wanted, got)
}
