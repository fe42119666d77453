package guest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
)

// buildBusybox is the buildFunc of busybox: a small static one, from Debian's source package.
func (b *builder) buildBusybox(ctx context.Context, r recipe, work, out string, log *os.File) (map[string]string, error) {
	c := command{dir: work, log: log}
	b.log.printf("busybox: fetching Debian's source")
	source, version, err := fetchSource(ctx, c, b.log, b.host.release, "busybox")
	if err != nil {
		return nil, err
	}
	if err := applyPatches(source, busyboxPatches()); err != nil {
		return nil, err
	}
	c.dir = source
	c.env = append(c.env, "SOURCE_DATE_EPOCH=0")
	if err := configureBusybox(ctx, c); err != nil {
		return nil, err
	}
	b.log.printf("busybox: compiling %s with %d jobs", version, b.jobs)
	c.onLine = newCounter(b.log, "busybox", "files compiled", busyboxFiles).compiled
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

// configureBusybox writes .config in busybox's source, c.dir: everything that recipe/busybox.config does not name is
// off.
func configureBusybox(ctx context.Context, c command) error {
	if err := c.run(ctx, "make", "allnoconfig"); err != nil {
		return err
	}
	path := filepath.Join(c.dir, ".config")
	symbols, err := readConfig(path)
	if err != nil {
		return err
	}
	ours, err := busyboxFragment()
	if err != nil {
		return err
	}
	// allnoconfig names every symbol, also those whose menu is off, so that oldconfig finds no new one to switch on.
	if err := os.WriteFile(path, []byte(formatConfig(mergeConfig(symbols, ours))), 0o644); err != nil {
		return err
	}
	if err := c.run(ctx, "sh", "-c", "yes '' | make oldconfig"); err != nil {
		return err
	}
	return checkBusyboxConfig(path)
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
	got, err := readConfig(path)
	if err != nil {
		return err
	}
	wanted, err := busyboxFragment()
	if err != nil {
		return err
	}
	return checkConfig(wanted, got)
}
