package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"axpress/bench/measure"
)

var update = flag.Bool("update", false, "make the example's page anew from its JSON")

// The example is what this package makes of its JSON.
func TestExample(t *testing.T) {
	r, err := measure.Read(filepath.Join("example", fileJSON))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := Write("example", r, nil); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Files(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("example", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("example/%s is not what is made of the JSON (%v); go test ./bench/report -update makes it", name, err)
		}
	}
}
