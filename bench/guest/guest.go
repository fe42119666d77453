package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
)

// Flavour says which kernel configuration is built.
type Flavour string

// The flavours.
const (
	Small   Flavour = "small"   // what the guest needs and little else: minutes to build; for the demo and for CI
	Generic Flavour = "generic" // the architecture's defconfig and the same list: what a distribution ships
)

// Flavours returns every flavour, the default first.
func Flavours() []Flavour { return []Flavour{Small, Generic} }

// Variant says which change is made to the kernel on purpose.
type Variant string

// The variants. Both make io_submit read the user's pointer into $17 (a1), as the compiler of the customer's bug
// report did; without that, a kernel with the fault handler's old mistake happens to work.
const (
	Plain    Variant = ""          // Debian's kernel
	A1       Variant = "a1"        // io_submit uses $17; the fault handler is right: io_submit gives EFAULT
	A1OldBug Variant = "a1-oldbug" // the same, and the fault handler writes $16..$18 two slots too low: gp is lost
)

// Variants returns every variant, the default first.
func Variants() []Variant { return []Variant{Plain, A1, A1OldBug} }

// Options says what to build and where. The zero value is the small kernel, unchanged, in the user's cache.
type Options struct {
	Flavour  Flavour   // "" is Small
	Variant  Variant   // "" is Plain
	CacheDir string    // "" is $XDG_CACHE_HOME/axpress/guest, or ~/.cache/axpress/guest
	Jobs     int       // how many compilers run at once; 0 is one for each CPU
	Log      io.Writer // progress for a person, a line at a time; nil is silent

	// KernelSource is what the kernel is made of: a folder, an archive, or the name of a Debian package; "" is the package of
	// the release's newest kernel.
	KernelSource string
	// Kernel is a vmlinux of somebody's own, which is taken as it is; "" is one that is built.
	Kernel string
	// Initrd is an initramfs of somebody's own in place of the guest's; "" is the guest's.
	Initrd string
}

// Guest is a built guest. The paths are absolute.
type Guest struct {
	Flavour Flavour
	Variant Variant
	Kernel  string // vmlinux, ELF with symbols
	Release string // of the kernel, as uname -r says it; "" if it is somebody's own
	Initrd  string // initramfs.cpio.gz
	Busybox string // the static busybox in it; "" if the initramfs is somebody's own
	Aio     string // the static reproducer in it; likewise
	Built   bool   // false when everything was found in the cache
}

// Build returns the guest that o describes: what was imported, else what the cache has, else what it builds.
//
// Preconditions: for building, a Debian system with apt; root, or the packages of Packages(GroupGuest) installed.
// Postconditions: on success every file named in the Guest is complete. On an error or when ctx ends, the cache has
// no half-made entry. Two Builds at a time, in one process or in two, do not disturb each other: one waits.
func Build(ctx context.Context, o Options) (*Guest, error) {
	b, err := newBuilder(o)
	if err != nil {
		return nil, err
	}
	return b.guest(ctx)
}

// guest makes the guest.
func (b *builder) guest(ctx context.Context) (*Guest, error) {
	g := &Guest{Flavour: b.o.Flavour, Variant: b.o.Variant, Kernel: b.o.Kernel, Initrd: b.o.Initrd}
	if err := b.kernel(ctx, g); err != nil {
		return nil, err
	}
	if b.o.Initrd != "" {
		return g, nil
	}
	busybox, err := busyboxRecipe()
	if err != nil {
		return nil, err
	}
	busyboxDir, built, err := b.ensure(ctx, busybox, b.buildBusybox)
	if err != nil {
		return nil, fmt.Errorf("guest: build busybox: %w", err)
	}
	g.Built = g.Built || built
	initrd, err := initrdRecipe(busybox)
	if err != nil {
		return nil, err
	}
	initrdDir, built, err := b.ensure(ctx, initrd, b.buildInitrd(busyboxDir))
	if err != nil {
		return nil, fmt.Errorf("guest: build the initramfs: %w", err)
	}
	g.Built = g.Built || built
	g.Initrd, g.Aio = filepath.Join(initrdDir, fileInitrd), filepath.Join(initrdDir, fileAio)
	g.Busybox = filepath.Join(busyboxDir, fileBusybox)
	return g, nil
}

// kernel makes the guest's kernel.
func (b *builder) kernel(ctx context.Context, g *Guest) error {
	if b.o.Kernel != "" {
		return nil
	}
	r, err := kernelRecipe(b.o.Flavour)
	if err != nil {
		return err
	}
	dir, built, err := b.ensure(ctx, r, b.buildKernels(b.o.Flavour))
	if err != nil {
		return fmt.Errorf("guest: build the %s kernels: %w", b.o.Flavour, err)
	}
	m, err := readManifest(dir)
	if err != nil {
		return err
	}
	g.Kernel, g.Release, g.Built = filepath.Join(dir, variantFile(fileKernel, b.o.Variant)), m.Sources[sourceRelease], built
	if _, err := os.Stat(g.Kernel); err != nil {
		return fmt.Errorf("guest: kernel %s has no variant %q: its patches do not fit this source", g.Release, b.o.Variant)
	}
	return nil
}

// withDefaults fills the empty fields and refuses values that mean nothing.
func (o Options) withDefaults() (Options, error) {
	if o.Flavour == "" {
		o.Flavour = Small
	}
	if !slices.Contains(Flavours(), o.Flavour) {
		return o, fmt.Errorf("guest: no kernel flavour %q; there are %q", o.Flavour, Flavours())
	}
	if !slices.Contains(Variants(), o.Variant) {
		return o, fmt.Errorf("guest: no kernel variant %q; there are %q", o.Variant, Variants())
	}
	if o.Jobs < 0 {
		return o, fmt.Errorf("guest: %d jobs; want 0 (one for each CPU) or more", o.Jobs)
	}
	if o.Jobs == 0 {
		o.Jobs = runtime.NumCPU()
	}
	if o.CacheDir == "" {
		dir, err := DefaultCacheDir()
		if err != nil {
			return o, err
		}
		o.CacheDir = dir
	}
	for _, path := range []*string{&o.CacheDir, &o.Kernel, &o.Initrd} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return o, fmt.Errorf("guest: %q: %w", *path, err)
		}
		*path = abs
	}
	for _, path := range []string{o.Kernel, o.Initrd} {
		if _, err := os.Stat(path); path != "" && err != nil {
			return o, fmt.Errorf("guest: %w", err)
		}
	}
	if o.Kernel != "" && (o.KernelSource != "" || o.Variant != Plain) {
		return o, errors.New("guest: a kernel of one's own is not built: neither its source nor a variant can be chosen")
	}
	return o, nil
}

// builder makes the entries of a store.
type builder struct {
	o     Options
	store store
	jobs  int
	log   logger
	host  *host // of what entries are built; nil until one must be built
	// groups are the packages that building needs.
	groups []Group
	// entries are what ensure has returned, by recipe.ours.
	entries map[string]string
}

// newBuilder returns a builder that needs the packages of the groups, beside those of the guest.
func newBuilder(o Options, groups ...Group) (*builder, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &builder{o: o, store: store{dir: o.CacheDir}, jobs: o.Jobs, log: logger{o.Log},
		groups: append([]Group{GroupGuest}, groups...), entries: map[string]string{}}, nil
}

// ensure returns the folder of the recipe's entry: the imported one, else that of the store, else build makes it.
func (b *builder) ensure(ctx context.Context, r recipe, build buildFunc) (dir string, built bool, err error) {
	ours := r.ours()
	defer func() {
		if err == nil {
			b.entries[ours] = dir
		}
	}()
	if dir, err = b.imported(r); dir != "" || err != nil {
		return dir, false, err
	}
	if r, err = b.onHost(ctx, r); err != nil {
		return "", false, err
	}
	return b.store.ensure(ctx, b.log, r, build)
}

// imported returns the folder of the recipe's entry if it was imported, or "". A kernel of a source that was asked for is
// built here.
func (b *builder) imported(r recipe) (dir string, err error) {
	if r.linux && b.o.KernelSource != "" {
		return "", nil
	}
	list, err := b.store.readImported()
	if err != nil {
		return "", err
	}
	return b.store.entryOf(list, r), nil
}

// host is what a system has that entries are built of.
type host struct {
	versions map[string]string // of the installed packages
	release  string            // Debian's codename, to choose the source list
	linux    linuxSource
}

// ErrNoDebian says that nothing can be built here.
var ErrNoDebian = errors.New("guest: this is no Debian, of whose packages the guest is built: build it on one and bring it here " +
	"(axpress guest export FILE there, axpress guest import FILE here)")

// onHost returns the recipe with what the host has. The first time it looks, and installs what is missing.
func (b *builder) onHost(ctx context.Context, r recipe) (recipe, error) {
	if b.host == nil {
		h, err := b.findHost(ctx)
		if err != nil {
			return r, err
		}
		b.host = h
	}
	return r.on(b.host)
}

// findHost looks at the system, and installs what is missing.
func (b *builder) findHost(ctx context.Context) (*host, error) {
	if list, err := b.store.readImported(); err != nil {
		return nil, err
	} else if len(list) > 0 {
		b.log.printf("what was imported does not have all that is needed here, or is of another version of axpress")
	}
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		return nil, ErrNoDebian
	}
	release, err := debianRelease()
	if err != nil {
		return nil, err
	}
	packages := Packages(b.groups...)
	if b.o.KernelSource != "" || b.o.Kernel != "" {
		packages = slices.DeleteFunc(packages, func(p Package) bool { return p.Name == sourceMeta })
	}
	if err := requirePackages(ctx, b.log, packages); err != nil {
		return nil, err
	}
	versions, err := installedVersions(ctx, packageNames(packages))
	if err != nil {
		return nil, err
	}
	h := &host{versions: versions, release: release}
	if b.o.Kernel == "" {
		h.linux, err = findLinux(ctx, b.log, b.o.KernelSource)
	}
	return h, err
}

// logger writes progress lines.
type logger struct{ w io.Writer }

func (l logger) printf(format string, args ...any) {
	if l.w != nil {
		fmt.Fprintf(l.w, "guest: "+format+"\n", args...)
	}
}
