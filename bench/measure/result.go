package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"

	"axpress/bench/workloads"
)

// Schema is the version of the JSON file.
const Schema = 1

// Engine is a way to run a workload.
type Engine string

// The engines.
const (
	Host   Engine = "host"   // the same C, compiled for this machine
	Native Engine = "native" // our translated code
	Go     Engine = "go"     // the same by way of Go source
	Interp Engine = "interp" // our interpreter
	QEMU   Engine = "qemu"   // qemu-system-alpha
	User   Engine = "user"   // qemu-alpha, which runs single programs
)

// Engines returns every engine, in the order of the tables.
func Engines() []Engine {
	return []Engine{Host, Native, Before, NativeCold, NativeCalls, Go, Interp, QEMU, User}
}

// Title is how a person calls the engine.
func (e Engine) Title() string {
	switch e {
	case Host:
		return "host, gcc -O2"
	case Native:
		return "axpress, native"
	case Before:
		return "another build of axpress (--before), native"
	case NativeCold:
		return "axpress, no hot code"
	case NativeCalls:
		return "axpress, GS by calls"
	case Go:
		return "axpress, Go back end"
	case Interp:
		return "axpress, interpreter"
	case QEMU:
		return "qemu-system-alpha"
	case User:
		return "qemu-alpha"
	}
	return string(e)
}

// Result is what a bench found out. It has no names of machines, people or folders.
type Result struct {
	Schema      int               `json:"schema"`
	Machine     Machine           `json:"machine"`
	Tools       map[string]string `json:"tools"` // name -> version
	Settings    Settings          `json:"settings"`
	Rows        []Row             `json:"rows"`
	Interpreter *Interpreter      `json:"interpreter,omitempty"`
	Translator  *Translator       `json:"translator,omitempty"`
}

// Machine is where it ran.
type Machine struct {
	CPU    string `json:"cpu"`
	CPUs   int    `json:"cpus"`
	Memory uint64 `json:"memory_bytes"`
	Kernel string `json:"kernel"`
	Load   string `json:"load_before"` // of the last minute, when the bench began
}

// Settings are how it ran.
type Settings struct {
	Flavour string   `json:"guest_kernel"`
	Engines []Engine `json:"engines"`
	Runs    int      `json:"runs"`
	Cold    bool     `json:"cold"`           // the first run counts
	CPU     bool     `json:"processor_time"` // instead of elapsed time
}

// Row is one workload.
type Row struct {
	Name    string           `json:"name"`
	Group   workloads.Group  `json:"group"`
	Doc     string           `json:"doc"`
	Engines map[Engine]*Cell `json:"engines"`
}

// Cell is one workload on one engine.
type Cell struct {
	Seconds []float64 `json:"seconds"`                 // by the host's clock, one for each run
	Guest   []float64 `json:"guest_seconds,omitempty"` // by the guest's
	Output  string    `json:"output,omitempty"`        // hash and size
	Error   string    `json:"error,omitempty"`         // why the times do not count
}

// Interpreter is the interpreter's speed.
type Interpreter struct {
	Workloads    []string `json:"workloads"`
	Instructions uint64   `json:"instructions"`
	Seconds      float64  `json:"seconds"`
}

// PerSecond is the guest instructions a second.
func (i Interpreter) PerSecond() float64 { return float64(i.Instructions) / i.Seconds }

// Translator is what translating the guest's kernel costs.
type Translator struct {
	Flavour      string  `json:"guest_kernel"`
	Instructions int     `json:"instructions"`
	HostBytes    int64   `json:"host_bytes"`
	Seconds      float64 `json:"seconds"`
	PeakMemory   uint64  `json:"peak_memory_bytes"` // of all its processes together
	LoadSeconds  float64 `json:"load_seconds"`      // of the artefact, median
}

// Failed returns the rows and engines whose times do not count, a line each.
func (r *Result) Failed() (list []string) {
	for _, row := range r.Rows {
		for _, e := range Engines() {
			if c := row.Engines[e]; c != nil && c.Error != "" {
				list = append(list, fmt.Sprintf("%s, %s: %s", row.Name, e, c.Error))
			}
		}
	}
	return list
}

// Drifts returns the rows and engines whose guest has another idea of how long a run took than the host, a line each. A
// guest whose clock stands still or runs away may also do less work than it should.
func (r *Result) Drifts() (list []string) {
	const share, seconds = 0.1, 0.05
	for _, row := range r.Rows {
		for _, e := range Engines() {
			c := row.Engines[e]
			if !c.Good() || len(c.Guest) != len(c.Seconds) {
				continue
			}
			for i, g := range c.Guest {
				if math.Abs(g-c.Seconds[i]) > seconds+share*c.Seconds[i] {
					list = append(list, fmt.Sprintf("%s, %s: %.3f s by the host's clock, %.3f s by the guest's", row.Name, e, c.Seconds[i], g))
				}
			}
		}
	}
	return list
}

// Row returns the row of that name, or nil.
func (r *Result) Row(name string) *Row {
	if i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Name == name }); i >= 0 {
		return &r.Rows[i]
	}
	return nil
}

// Read reads a file of what JSON returned.
func Read(path string) (*Result, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: not a file of the bench: %w", path, err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("%s: its schema is %d, this program's is %d: measure again", path, r.Schema, Schema)
	}
	return &r, nil
}

// JSON returns the file's content.
func (r *Result) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}
