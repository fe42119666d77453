// Package gobuild makes programs of emitted Go source, with the Go tool chain.
//
// In: packages of translator/gosrc. Out: a folder with a Go module, and the executable
// that 'go build' makes of it. The module needs nothing but this one, whose source must
// be at hand, and what this one needs.
package gobuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"axpress/translator/gosrc"
)

// ErrMissing is wrapped where the Go tool chain or this module's source is missing.
var ErrMissing = errors.New("cannot build Go programs")

// modulePath is the path of this module.
const modulePath = "axpress"

// Module is this module's source, and the Go tool chain.
type Module struct {
	dir      string
	goTool   string
	version  string // that the module asks for
	requires []require
}

type require struct{ Path, Version string }

// Find finds the tool chain, and the source in dir; if that is "", the module that the
// current folder belongs to.
func Find(ctx context.Context, dir string) (*Module, error) {
	m := &Module{dir: dir}
	var err error
	if m.goTool, err = exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("%w: go is not in PATH; install Go 1.26 or later", ErrMissing)
	}
	if dir == "" {
		out, err := m.run(ctx, "", "env", "GOMOD")
		if err != nil {
			return nil, err
		}
		file := strings.TrimSpace(string(out))
		if file == "" || file == os.DevNull {
			return nil, fmt.Errorf("%w: the current folder is in no Go module; say where the source of %s is (--module DIR)", ErrMissing, modulePath)
		}
		m.dir = filepath.Dir(file)
	}
	if m.dir, err = filepath.Abs(m.dir); err != nil {
		return nil, err
	}
	return m, m.read(ctx)
}

// read reads the module's go.mod.
func (m *Module) read(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(m.dir, "go.mod")); err != nil {
		return fmt.Errorf("%w: %s is not the source of %s (--module DIR): %w", ErrMissing, m.dir, modulePath, err)
	}
	out, err := m.run(ctx, m.dir, "mod", "edit", "-json")
	if err != nil {
		return err
	}
	var mod struct {
		Module  struct{ Path string }
		Go      string
		Require []require
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return fmt.Errorf("go mod edit -json: %w", err)
	}
	if mod.Module.Path != modulePath {
		return fmt.Errorf("%w: %s is the source of %s, not of %s; say where that is (--module DIR)", ErrMissing, m.dir, mod.Module.Path, modulePath)
	}
	m.version, m.requires = mod.Go, mod.Require
	return nil
}

// Write writes the module called name into dir: its go.mod and the packages. What other
// packages and Go files an earlier Write has left there goes away first. Errors: dir
// holds something else.
func (m *Module) Write(dir, name string, packages []gosrc.Package) error {
	if err := clear(dir); err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(m.dir, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644); err != nil {
		return err
	}
	for _, p := range packages {
		folder := filepath.Join(dir, filepath.FromSlash(p.Path))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for _, f := range p.Files {
			if err := os.WriteFile(filepath.Join(folder, f.Name), f.Text, 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "go.mod"), m.goMod(name), 0o644)
}

// marker is at the beginning of the go.mod of folders that Write has filled.
const marker = "// Made by axpress.\n"

// clear makes dir a folder without emitted Go files, and without the folders that held
// nothing else.
func clear(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		entries, err := os.ReadDir(dir)
		if err == nil && len(entries) > 0 {
			err = fmt.Errorf("%s: the folder is not empty, and was not written by axpress", dir)
		}
		return err
	case err != nil:
		return err
	case !bytes.HasPrefix(mod, []byte(marker)):
		return fmt.Errorf("%s: there is another Go module", dir)
	}
	var folders []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != dir {
			folders = append(folders, path)
		}
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(text, []byte("// "+gosrc.Header+"\n")) {
			return err
		}
		return os.Remove(path)
	})
	for _, folder := range slices.Backward(folders) {
		if entries, rerr := os.ReadDir(folder); rerr == nil && len(entries) == 0 {
			err = errors.Join(err, os.Remove(folder))
		}
	}
	return err
}

// goMod requires this module at its place, and all that it requires at the same versions,
// so that the tool chain has nothing to look for.
func (m *Module) goMod(name string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%smodule %s\n\ngo %s\n\nrequire %s v0.0.0\n\nreplace %s => %s\n\nrequire (\n", marker, name, m.version, modulePath, modulePath, quoted(m.dir))
	for _, r := range m.requires {
		fmt.Fprintf(&b, "\t%s %s // indirect\n", r.Path, r.Version)
	}
	b.WriteString(")\n")
	return b.Bytes()
}

// quoted is path as go.mod files write it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\"'`()[]{},") {
		return fmt.Sprintf("%q", path)
	}
	return path
}

// Build makes the executable out of the module in dir, for processors like this one.
func (m *Module) Build(ctx context.Context, dir, out string) error {
	_, err := m.run(ctx, dir, "build", "-o", out, ".")
	return err
}

// Vet runs go vet on the module in dir.
func (m *Module) Vet(ctx context.Context, dir string) error {
	_, err := m.run(ctx, dir, "vet", "./...")
	return err
}

// run runs the go command in dir. Its failure says what the command said.
func (m *Module) run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, m.goTool, args...)
	cmd.Dir = dir
	cmd.Env = slices.Concat(os.Environ(), []string{"CGO_ENABLED=0", "GOWORK=off"}, hostLevel())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		const most = 4000
		text := stderr.String()
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, text[:min(len(text), most)])
	}
	return out, nil
}
