package measure

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	r := &Result{
		Schema: Schema, Tools: map[string]string{"gcc": "12.2.0"}, Settings: Settings{Engines: Engines(), Runs: 3},
		Rows:        []Row{row("w", map[Engine][]float64{Native: {1, 2}})},
		Interpreter: &Interpreter{Instructions: 10, Seconds: 2},
	}
	data, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v, %v; want %+v", got, err, r)
	}
	for text, want := range map[string]string{"{}": "schema", "nothing": "not a file of the bench"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestDrifts(t *testing.T) {
	r := Result{Rows: []Row{row("w", map[Engine][]float64{Native: {1, 2}, QEMU: {1}, Host: {1}, Interp: {1}})}}
	r.Rows[0].Engines[Native].Guest = []float64{1.1, 1.7}
	r.Rows[0].Engines[QEMU].Guest = []float64{1.16}
	r.Rows[0].Engines[Interp].Guest = []float64{0.9}
	want := []string{"w, native: 2.000 s by the host's clock, 1.700 s by the guest's", "w, qemu: 1.000 s by the host's clock, 1.160 s by the guest's"}
	if got := r.Drifts(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestMachine(t *testing.T) {
	if got := cpuModel("processor\t: 0\nmodel name\t: Some  CPU @ 2 GHz\nflags : x\nmodel name : other\n"); got != "Some CPU @ 2 GHz" {
		t.Errorf("CPU %q", got)
	}
	if got := memTotal("MemFree: 1 kB\nMemTotal:       2048 kB\n"); got != 2<<20 {
		t.Errorf("memory %d", got)
	}
	if got := version.FindString("QEMU emulator version 7.2.22 (Debian 1:7.2)"); got != "7.2.22" {
		t.Errorf("version %q", got)
	}
	if m := describe(); m.CPU == "" || m.CPUs == 0 || m.Memory == 0 || !strings.HasPrefix(m.Kernel, "Linux ") {
		t.Errorf("%+v", m)
	}
}

func TestTranslatorSummary(t *testing.T) {
	var tr Translator
	path, err := tr.summary(`{"files": [{"path": "/a", "instructions": 10, "host_bytes": 400, "functions": 1}], "seconds": 5}`)
	if err != nil || path != "/a" || tr.Instructions != 10 || tr.HostBytes != 400 || tr.PerInstruction() != 40 {
		t.Errorf("%q, %v, %+v", path, err, tr)
	}
	for _, text := range []string{"", `{"files": []}`} {
		if _, err := tr.summary(text); err == nil {
			t.Errorf("%q is no summary of one file", text)
		}
	}
}

func TestGroupMemory(t *testing.T) {
	group, pages := parseStat("12 (a) b) S 1 34 34 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 100 5000 77 18446744073709551615 1 1")
	if group != 34 || pages != 77 {
		t.Errorf("group %d, pages %d", group, pages)
	}
	if group, pages := parseStat("12 (a) S 1"); group != 0 || pages != 0 {
		t.Errorf("a short line: %d, %d", group, pages)
	}
}
