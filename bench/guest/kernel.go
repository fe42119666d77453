package guest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// crossPrefix is what Debian's cross tools for Alpha are called by.
const crossPrefix = "alpha-linux-gnu-"

// kernelConfigFiles returns the fragments, under recipe/, of a flavour.
func kernelConfigFiles(f Flavour) []string {
	if f == Small {
		return []string{"kernel-common.config", "kernel-small.config"}
	}
	return []string{"kernel-common.config", "kernel-generic.config"}
}

// kernelConfig returns what a flavour wants of the kernel's configuration.
func kernelConfig(f Flavour) ([]symbol, error) {
	var wanted []symbol
	for _, name := range kernelConfigFiles(f) {
		text, err := recipeFile(name)
		if err != nil {
			return nil, err
		}
		symbols, err := parseConfig("bench/guest/recipe/"+name, text)
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
func (b builder) buildKernels(f Flavour) buildFunc {
	return func(ctx context.Context, r recipe, work, out string, log *os.File) (map[string]string, error) {
		c := command{dir: work, log: log}
		source, objects := filepath.Join(work, "linux"), filepath.Join(work, "objects")
		if err := b.unpackLinux(ctx, c, source, objects); err != nil {
			return nil, err
		}
		for i, step := range kernelSteps() {
			if err := applyPatches(source, step.patches); err != nil {
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
		return installedVersions(ctx, []string{"linux-source-6.1", "gcc-alpha-linux-gnu", "binutils-alpha-linux-gnu"})
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

// unpackLinux makes the folder of the kernel's source, from Debian's package, and the empty one of its objects.
func (b builder) unpackLinux(ctx context.Context, c command, source, objects string) error {
	archive, err := linuxArchive(ctx)
	if err != nil {
		return err
	}
	for _, d := range []string{source, objects} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	b.log.printf("unpacking %s", filepath.Base(archive))
	args := []string{"-xf", archive, "-C", source, "--strip-components=1", "--no-same-owner"}
	for _, pattern := range []string{ // a third of the files, none of which a kernel for Alpha without graphics needs
		"*/Documentation/*/*", "*/tools/testing/*", "*/drivers/gpu/drm/*/*.[ch]", "*/sound/*/*.[ch]",
		"*/arch/arm/*.[chS]", "*/arch/arm64/*.[chS]", "*/arch/arm*/boot/dts/*", "*/arch/mips/*.[chS]",
		"*/arch/powerpc/*.[chS]", "*/arch/riscv/*.[chS]", "*/arch/s390/*.[chS]",
	} {
		args = append(args, "--exclude="+pattern)
	}
	return c.run(ctx, "tar", args...)
}

// makeKernel runs the kernel's make. What a build tells about its time and place is fixed, so that the same recipe
// gives the same kernel.
func (b builder) makeKernel(ctx context.Context, c command, source, objects string, args ...string) error {
	c.env = append(c.env,
		"ARCH=alpha", "CROSS_COMPILE="+crossPrefix,
		"KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970", "KBUILD_BUILD_USER=axpress", "KBUILD_BUILD_HOST=guest",
		"KBUILD_BUILD_VERSION=1")
	return c.run(ctx, "make", append([]string{"-C", source, "O=" + objects}, args...)...)
}

// configureKernel writes objects/.config and checks that every symbol that the recipe wants is in it.
func (b builder) configureKernel(ctx context.Context, c command, f Flavour, source, objects string) error {
	wanted, err := kernelConfig(f)
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

// linuxArchive returns where the package linux-source-6.1 put the kernel's source.
func linuxArchive(ctx context.Context) (string, error) {
	list, err := exec.CommandContext(ctx, "dpkg-query", "-L", "linux-source-6.1").Output()
	if err != nil {
		return "", fmt.Errorf("dpkg-query -L linux-source-6.1: %w", err)
	}
	for line := range strings.Lines(string(list)) {
		line = strings.TrimSpace(line)
		if base := filepath.Base(line); strings.HasPrefix(base, "linux-source-") && strings.HasSuffix(base, ".tar.xz") {
			return line, nil
		}
	}
	return "", fmt.Errorf("the package linux-source-6.1 has no linux-source-*.tar.xz; it has:\n%s", list)
}
