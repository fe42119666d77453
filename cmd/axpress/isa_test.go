package main

import (
	"encoding/json"
	"strings"
	"testing"

	"axpress/lifter/isa"
)

func TestISA(t *testing.T) {
	r := cli(t, t.Context(), t.TempDir(), "isa")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if r.status != statusOK || len(lines) != len(isa.Table())+2 || !strings.Contains(lines[len(lines)-1], "missing: 0") {
		t.Errorf("status %d, %d lines, %s", r.status, len(lines), r.err)
	}
	r = cli(t, t.Context(), t.TempDir(), "isa", "--json")
	var got struct {
		Engines []string
		CPUs    []struct {
			Name  string
			Amask uint64
		}
		Instructions []struct {
			Name    string
			Engines []struct{ Level string }
		}
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.CPUs) != len(isa.Models()) || len(got.Instructions) != len(isa.Table()) || len(got.Instructions[0].Engines) != len(got.Engines) {
		t.Errorf("%d CPUs, %d instructions, engines %v", len(got.CPUs), len(got.Instructions), got.Engines)
	}
}
