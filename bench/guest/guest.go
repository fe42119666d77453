package guest

import (
	"context"
	"fmt"
	"io"
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
}

// Guest is a built guest. The paths are absolute.
type Guest struct {
	Flavour Flavour
	Variant Variant
	Kernel  string // vmlinux, ELF with symbols
	Initrd  string // initramfs.cpio.gz
	Busybox string // the static busybox in it
	Aio     string // the static reproducer in it
	Built   bool   // false when everything was found in the cache
}

// Build returns the guest that o describes, building what the cache does not have.
//
// Preconditions: a Debian system with apt; root, or the packages of Packages(GroupGuest) installed.
// Postconditions: on success every file named in the Guest is complete. On an error or when ctx ends, the cache has
// no half-made entry. Two Builds at a time, in one process or in two, do not disturb each other: one waits.
func Build(ctx context.Context, o Options) (*Guest, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	log := logger{o.Log}
	if err := ensurePackages(ctx, log, Packages(GroupGuest)); err != nil {
		return nil, err
	}
	versions, err := installedVersions(ctx, packageNames(Packages(GroupGuest)))
	if err != nil {
		return nil, err
	}
	release, err := debianRelease()
	if err != nil {
		return nil, err
	}
	kernel, err := kernelRecipe(o.Flavour, versions)
	if err != nil {
		return nil, err
	}
	busybox, err := busyboxRecipe(versions, release)
	if err != nil {
		return nil, err
	}
	initrd, err := initrdRecipe(versions, busybox)
	if err != nil {
		return nil, err
	}
	b := builder{store: store{dir: o.CacheDir}, jobs: o.Jobs, log: log, release: release}
	kernelDir, kernelNew, err := b.store.ensure(ctx, log, kernel, b.buildKernels(o.Flavour))
	if err != nil {
		return nil, fmt.Errorf("guest: build the %s kernels: %w", o.Flavour, err)
	}
	busyboxDir, busyboxNew, err := b.store.ensure(ctx, log, busybox, b.buildBusybox)
	if err != nil {
		return nil, fmt.Errorf("guest: build busybox: %w", err)
	}
	initrdDir, initrdNew, err := b.store.ensure(ctx, log, initrd, b.buildInitrd(busyboxDir))
	if err != nil {
		return nil, fmt.Errorf("guest: build the initramfs: %w", err)
	}
	return &Guest{
		Flavour: o.Flavour,
		Variant: o.Variant,
		Kernel:  filepath.Join(kernelDir, variantFile(fileKernel, o.Variant)),
		Initrd:  filepath.Join(initrdDir, fileInitrd),
		Busybox: filepath.Join(busyboxDir, fileBusybox),
		Aio:     filepath.Join(initrdDir, fileAio),
		Built:   kernelNew || busyboxNew || initrdNew,
	}, nil
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
	dir, err := filepath.Abs(o.CacheDir)
	if err != nil {
		return o, fmt.Errorf("guest: cache folder %q: %w", o.CacheDir, err)
	}
	o.CacheDir = dir
	return o, nil
}

// builder makes the entries of a store.
type builder struct {
	store   store
	jobs    int
	log     logger
	release string // Debian's codename, to choose the source list
}

// logger writes progress lines.
type logger struct{ w io.Writer }

func (l logger) printf(format string, args ...any) {
	if l.w != nil {
		fmt.Fprintf(l.w, "guest: "+format+"\n", args...)
	}
}
