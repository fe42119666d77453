package guesttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is missing is skipped by name, and is a failure where nothing may be skipped.
func TestMissing(t *testing.T) {
	for _, c := range []struct {
		all, path       string
		skipped, failed bool
	}{
		{all: "", path: "", skipped: true},
		{all: "1", path: "", failed: true},
		{all: "", path: "vmlinux"},
		{all: "1", path: "vmlinux"},
	} {
		t.Setenv(All, c.all)
		t.Setenv(kernel, c.path)
		f := &fake{TB: t}
		if got := Kernel(f); got != c.path || f.skipped != c.skipped || f.failed != c.failed {
			t.Errorf("%+v: %q, skipped %t, failed %t", c, got, f.skipped, f.failed)
		}
	}
}

// fake notes what becomes of a test.
type fake struct {
	testing.TB
	skipped, failed bool
}

func (f *fake) Skipf(string, ...any)  { f.skipped = true }
func (f *fake) Fatalf(string, ...any) { f.failed = true }

// The variable is set where everything is to run.
func TestMakefileRunsAll(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), All+"=1 $(GO) test") {
		t.Errorf("the Makefile runs no tests with %s=1", All)
	}
}
