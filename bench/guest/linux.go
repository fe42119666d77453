package guest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// linuxSource is a source of the kernel.
type linuxSource struct {
	path   string // a folder or an archive
	folder bool
	id     string // what identifies the content; it goes into the kernel's key
}

// sourceMeta is the package that depends on the newest linux-source-N.N of its release.
const sourceMeta = "linux-source"

// findLinux returns the source that is asked for: "" is the release's newest, else a folder, an archive or a package, which
// is installed if it is missing and that may be done.
func findLinux(ctx context.Context, log logger, asked string) (linuxSource, error) {
	if asked == "" {
		return releaseSource(ctx)
	}
	info, err := os.Stat(asked)
	switch {
	case err == nil && info.IsDir():
		return folderSource(asked)
	case err == nil:
		return archiveSource(asked)
	case !errors.Is(err, fs.ErrNotExist) || strings.Contains(asked, "/"):
		return linuxSource{}, fmt.Errorf("guest: the kernel's source: %w", err)
	case !regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`).MatchString(asked):
		return linuxSource{}, fmt.Errorf("guest: the kernel's source: %q is no folder, no archive and no package's name", asked)
	}
	if err := requirePackages(ctx, log, []Package{{GroupGuest, asked, []Choice{{Name: asked}}, "the kernel's source"}}); err != nil {
		return linuxSource{}, err
	}
	return packageSource(ctx, asked)
}

// releaseSource returns the source in the package that sourceMeta, which is installed, depends on.
func releaseSource(ctx context.Context) (linuxSource, error) {
	depends, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Depends}", sourceMeta).Output()
	if err != nil {
		return linuxSource{}, fmt.Errorf("guest: what %s depends on: %w", sourceMeta, err)
	}
	name := dependency(string(depends))
	if name == "" {
		return linuxSource{}, fmt.Errorf("guest: the package %s depends on no %s-N.N but on %q; say which with --kernel-source", sourceMeta, sourceMeta, depends)
	}
	return packageSource(ctx, name)
}

// dependency returns the linux-source-N.N in a Depends field, or "".
func dependency(depends string) string {
	return regexp.MustCompile(`\blinux-source-[0-9]+(\.[0-9]+)+\b`).FindString(depends)
}

// packageSource returns the source that an installed package has.
func packageSource(ctx context.Context, name string) (linuxSource, error) {
	versions, err := installedVersions(ctx, []string{name})
	if err != nil {
		return linuxSource{}, err
	}
	list, err := exec.CommandContext(ctx, "dpkg-query", "-L", name).Output()
	if err != nil {
		return linuxSource{}, fmt.Errorf("guest: dpkg-query -L %s: %w", name, err)
	}
	for line := range strings.Lines(string(list)) {
		line = strings.TrimSpace(line)
		if ok, _ := filepath.Match("linux-*.tar.*", filepath.Base(line)); ok {
			return linuxSource{path: line, id: "package " + name + " " + versions[name]}, nil
		}
	}
	return linuxSource{}, fmt.Errorf("guest: the package %s has no linux-*.tar.* among its files", name)
}

// archiveSource returns the source in an archive that tar can read.
func archiveSource(path string) (linuxSource, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return linuxSource{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return linuxSource{}, fmt.Errorf("guest: the kernel's source: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return linuxSource{}, fmt.Errorf("guest: the kernel's source: %w", err)
	}
	return linuxSource{path: path, id: "archive " + hex.EncodeToString(h.Sum(nil))}, nil
}

// folderSource returns the source in a folder. As make does, it takes a file to be what it was while its size and its
// time are: to read a kernel's files would cost seconds each time.
func folderSource(path string) (linuxSource, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return linuxSource{}, err
	}
	for _, name := range []string{"Makefile", "arch/alpha/Kconfig"} {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			return linuxSource{}, fmt.Errorf("guest: %s is no kernel's source: it has no %s", path, name)
		}
	}
	h := sha256.New()
	err = filepath.WalkDir(path, func(at string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(path, at)
		if err != nil {
			return err
		}
		if name == ".git" {
			return fs.SkipDir
		}
		if e.IsDir() {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(h, "%q %d %d %s\n", name, info.Size(), info.ModTime().UnixNano(), info.Mode())
		return err
	})
	if err != nil {
		return linuxSource{}, fmt.Errorf("guest: the kernel's source: %w", err)
	}
	return linuxSource{path: path, folder: true, id: "folder " + hex.EncodeToString(h.Sum(nil))}, nil
}

// unneeded are a third of a kernel's files, none of which a kernel for Alpha without graphics needs.
var unneeded = []string{
	"*/Documentation/*/*", "*/tools/testing/*", "*/drivers/gpu/drm/*/*.[ch]", "*/sound/*/*.[ch]",
	"*/arch/arm/*.[chS]", "*/arch/arm64/*.[chS]", "*/arch/arm*/boot/dts/*", "*/arch/mips/*.[chS]",
	"*/arch/powerpc/*.[chS]", "*/arch/riscv/*.[chS]", "*/arch/s390/*.[chS]",
}

// unpack writes the source to the folder to, which is empty.
func (l linuxSource) unpack(ctx context.Context, c command, to string) error {
	exclude := []string{"--exclude=.git"}
	for _, pattern := range unneeded {
		exclude = append(exclude, "--exclude="+pattern)
	}
	if !l.folder {
		return c.run(ctx, "tar", append([]string{"-xf", l.path, "-C", to, "--strip-components=1", "--no-same-owner"}, exclude...)...)
	}
	args := append([]string{"-o", "pipefail", "-c", `from=$1 to=$2; shift 2; tar -C "$from" "$@" -cf - . | tar -C "$to" --no-same-owner -xf -`, "copy", l.path, to}, exclude...)
	return c.run(ctx, "bash", args...)
}
