package standalone

import (
	"encoding/json"
	"os"
	"time"

	"axpress/runtime/engine"
	"axpress/runtime/gocode"
	"axpress/runtime/machine"
	"axpress/runtime/sampler"
	"axpress/runtime/standalone/outfile"
	"axpress/runtime/vcpu"
)

// Run is what --stats writes of a run.
type Run struct {
	machine.Stats
	Stop    string
	StopPC  uint64
	Began   time.Time
	Seconds float64           // of the last boot, by the host's clock
	Misses  map[uint64]uint64 // guest PCs at which the interpreter had to start
	Samples []Sample          `json:",omitempty"`
}

// Sample is a place where the guest was, and the instructions that count for it.
type Sample struct {
	sampler.Place
	N uint64
}

// recorder knows the engines of a run.
type recorder struct {
	samples  bool
	began    time.Time
	engine   *engine.Mixed     // of the last boot; nil in lockstep
	samplers []*sampler.Engine // of all boots; none if nobody wants samples
}

// newEngine makes the engine of c.
func (r *recorder) newEngine(c *machine.CPU, functions []gocode.Function) (vcpu.Engine, error) {
	tier, err := gocode.New(gocode.Config{CPU: &c.CPU, Functions: functions})
	if err != nil {
		return nil, err
	}
	if r.engine = engine.New(&c.CPU, tier); !r.samples {
		return r.engine, nil
	}
	s := sampler.New(c, r.engine, sampler.DefaultPeriod)
	r.samplers = append(r.samplers, s)
	return s, nil
}

// write writes the file of a run that has ended.
func (r *recorder) write(path string, s machine.Stats, stop machine.Stop, took time.Duration) error {
	run := Run{Stats: s, Stop: stop.Reason.String(), StopPC: stop.PC, Began: r.began, Seconds: took.Seconds()}
	if r.engine != nil {
		run.Misses = r.engine.Misses()
	}
	for _, s := range r.samplers {
		for place, n := range s.Samples() {
			run.Samples = append(run.Samples, Sample{place, n})
		}
	}
	data, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return err
	}
	return outfile.Write(path, outfile.Bytes(append(data, '\n')))
}

// Read reads the file.
func Read(path string) (*Run, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Run
	return &r, json.Unmarshal(data, &r)
}
