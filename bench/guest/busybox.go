package guest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// buildBusybox is the buildFunc of busybox: a static one, from Debian's source package.
func (b builder) buildBusybox(ctx context.Context, r recipe, work, out string, log *os.File) (map[string]string, error) {
	c := command{dir: work, log: log}
	b.log.printf("busybox: fetching Debian's source")
	source, version, err := fetchSource(ctx, c, b.release, "busybox")
	if err != nil {
		return nil, err
	}
	wanted, err := busyboxConfig(filepath.Join(source, "debian", "config", "pkg", "static"))
	if err != nil {
		return nil, err
	}
	path := filepath.Join(source, ".config")
	if err := os.WriteFile(path, []byte(formatConfig(wanted)), 0o644); err != nil {
		return nil, err
	}
	c.dir = source
	c.env = append(c.env, "SOURCE_DATE_EPOCH=0")
	if err := c.run(ctx, "sh", "-c", "yes '' | make oldconfig"); err != nil {
		return nil, err
	}
	if err := checkBusyboxConfig(path); err != nil {
		return nil, err
	}
	b.log.printf("busybox: compiling %s with %d jobs", version, b.jobs)
	c.onLine = compileProgress(b.log, "busybox")
	if err := c.run(ctx, "make", "-j"+strconv.Itoa(b.jobs), "busybox"); err != nil {
		return nil, err
	}
	if err := c.run(ctx, "make", "busybox.links"); err != nil {
		return nil, err
	}
	for from, to := range map[string]string{"busybox": fileBusybox, "busybox.links": fileLinks} {
		if err := os.Rename(filepath.Join(source, from), filepath.Join(out, to)); err != nil {
			return nil, err
		}
	}
	return map[string]string{"busybox": version}, nil
}

// busyboxConfig returns Debian's configuration with recipe/busybox.config laid over it.
func busyboxConfig(base string) ([]symbol, error) {
	text, err := os.ReadFile(base)
	if err != nil {
		return nil, fmt.Errorf("busybox's source package has no configuration to start from: %w", err)
	}
	symbols, err := parseConfig(base, string(text))
	if err != nil {
		return nil, err
	}
	ours, err := busyboxFragment()
	if err != nil {
		return nil, err
	}
	return mergeConfig(symbols, ours), nil
}

// busyboxFragment returns recipe/busybox.config.
func busyboxFragment() ([]symbol, error) {
	text, err := recipeFile("busybox.config")
	if err != nil {
		return nil, err
	}
	return parseConfig("bench/guest/recipe/busybox.config", text)
}

// checkBusyboxConfig checks that what the recipe wants has stuck.
func checkBusyboxConfig(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	got, err := parseConfig(path, string(text))
	if err != nil {
		return err
	}
	wanted, err := busyboxFragment()
	if err != nil {
		return err
	}
	return checkConfig(wanted, got)
}
