package lockstep

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/runtime/vcpu"
	"axpress/translator/gobuild"
	"axpress/translator/goprogram"
)

// goSeeds is how many random guests of each mode there are for the Go back end, each of
// which is a program to build.
const goSeeds = 2

func TestRandomKernelCodeGo(t *testing.T) {
	for seed := range int64(goSeeds) {
		goLockstep(t, seed, kernelGuest(t, seed))
	}
}

func TestRandomUserCodeGo(t *testing.T) {
	for seed := range int64(goSeeds) {
		kernel, user := userGuest(t, 100+seed)
		goLockstep(t, 100+seed, kernel, user)
	}
}

// goLockstep has the Go back end make a program of the guest, and lets that compare
// itself with the interpreter.
func goLockstep(t *testing.T, seed int64, images ...*image.Image) {
	t.Helper()
	m, err := gobuild.Find(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := goprogram.Translate(t.Context(), images, "guest", goprogram.Options{Check: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Missing) > 0 {
		t.Fatalf("%d functions not translated: %s", len(r.Missing), r.Missing[0])
	}
	main, err := goprogram.Main(images[0], nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, stats := filepath.Join(dir, "guest"), filepath.Join(dir, "stats.json")
	source := filepath.Join(dir, "source")
	if err := m.Write(source, "guest", append(r.Packages, main)); err != nil {
		t.Fatal(err)
	}
	if err := m.Build(t.Context(), source, program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "--lockstep", "--memory", strconv.Itoa(kernelRAM)+"B", "--timeout", hang.String(), "--stats", stats)
	out, err := cmd.CombinedOutput()
	// A wild access may end in a machine check, which halts the CPU.
	if err != nil && !strings.Contains(string(out), "halted") {
		t.Errorf("seed %d: %v\n%s", seed, err, out)
	}
	data, err := os.ReadFile(stats)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		CPUs []struct{ Engine vcpu.Counters }
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if e := &s.CPUs[0].Engine; e.Translated < e.Interpreted {
		t.Errorf("seed %d: %d instructions compared, %d interpreted alone", seed, e.Translated, e.Interpreted)
	} else {
		t.Logf("seed %d: %+v", seed, *e)
	}
}
