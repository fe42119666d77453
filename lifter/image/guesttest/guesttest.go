// Package guesttest gives built guests to tests, and skips by name those that want one where there is none.
// It is imported by tests only.
//
// 'go test ./...' builds no kernel and installs no package: 'make test' does, sets All, and names the guest in the other
// variables, as 'axpress guest build --env' prints them. A guest that is missing there is a failure.
package guesttest

import (
	"os"
	"path/filepath"
	"testing"
)

// All is the variable that 'make test' sets to 1: every test must run, and may build and install what it needs.
const All = "AXPRESS_TEST_ALL"

// The variables that name a guest's files.
const (
	kernel   = "AXPRESS_GUEST_KERNEL"
	initrd   = "AXPRESS_GUEST_INITRD"
	programs = "AXPRESS_GUEST_PROGRAMS" // separated as in PATH
)

// Build returns where t may build guests and install packages for that; elsewhere t is skipped.
func Build(t testing.TB) {
	t.Helper()
	if testing.Short() || os.Getenv(All) != "1" {
		t.Skipf("needs built guests, which 'make test' provides (%s=1, without -short)", All)
	}
}

// Kernel is the path of a guest's vmlinux.
func Kernel(t testing.TB) string {
	t.Helper()
	return file(t, kernel)
}

// Initrd is the path of its initramfs.
func Initrd(t testing.TB) string {
	t.Helper()
	return file(t, initrd)
}

// Programs are the paths of programs of the guest.
func Programs(t testing.TB) []string {
	t.Helper()
	return filepath.SplitList(file(t, programs))
}

// file is what the variable name says.
func file(t testing.TB, name string) string {
	t.Helper()
	path := os.Getenv(name)
	switch {
	case path != "":
	case os.Getenv(All) == "1":
		t.Fatalf("%s names no file, and %s=1 says that nothing may be skipped", name, All)
	default:
		t.Skipf("%s names no file: 'make test' provides it, or 'axpress guest build --env'", name)
	}
	return path
}
