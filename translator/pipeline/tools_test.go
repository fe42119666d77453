package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"axpress/lifter/asmtest"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain"
	"axpress/translator/toolchain/toolchaintest"
)

// A translation by an llc that is not what it says, or is killed, ends with an error. Nothing
// of it may reach the cache, not even units that are left out.
func TestToolsThatFail(t *testing.T) {
	best := toolchaintest.Find(t)
	img, _, err := asmtest.Assemble("f", fmt.Sprintf(".entry f\n.text %#x\n.func f\n\taddq a0,a1,v0\n\tret zero,(ra),1\n.end\n", modes["user"].text))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ compile, want, missing string }{
		"works":                       {compile: "exec LLC <MODULE"},
		"calls units by C's rules":    {compile: "sed s/hhvmcc/ccc/ MODULE | LLC", want: "calling convention hhvmcc is not what it was"},
		"knows no such convention":    {compile: "sed s/hhvmcc/nosuchcc/ MODULE | LLC", want: "llc failed"},
		"is killed after the probe":   {compile: "if grep -q probe MODULE; then exec LLC <MODULE; fi; kill -KILL $$", want: "signal: killed"},
		"refuses all after the probe": {compile: "if grep -q probe MODULE; then exec LLC <MODULE; fi; echo no >&2; exit 1", missing: "f: llc failed: exit status 1: no"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, module := filepath.Join(dir, "llc"), filepath.Join(dir, "module")
			text := "#!/bin/sh\nif test \"$1\" = --version; then exec LLC; fi; cat >MODULE; " + c.compile + "\n"
			text = strings.NewReplacer("LLC", best.Path()+` "$@"`, "MODULE", module).Replace(text)
			if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
			tools, err := toolchain.At(path)
			if err != nil {
				t.Fatal(err)
			}
			a, err := pipeline.Translate(t.Context(), img, tools, pipeline.Options{})
			if c.want == "" {
				if err != nil || strings.Join(a.Missing, "") != c.missing {
					t.Errorf("%v, left out: %v; want %q", err, a.Missing, c.missing)
				}
				return
			}
			if err == nil {
				t.Fatalf("an artefact, without %v", a.Missing)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}
