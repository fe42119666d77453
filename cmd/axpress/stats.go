package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/machine"
	"axpress/runtime/standalone/outfile"
	"axpress/runtime/vcpu"
	"axpress/translator/prepare"
)

// stats is what --stats writes: the counters of one run, all CPUs together; of one with reboots, those since the last.
type stats struct {
	Kernel       string            `json:"kernel"`
	Engine       string            `json:"engine"`
	CPUs         int               `json:"cpus"`
	Boots        int               `json:"boots"`
	Stop         string            `json:"stop"`
	StopPC       string            `json:"stop_pc"`
	StopSymbol   string            `json:"stop_symbol,omitempty"`
	Instructions uint64            `json:"instructions"`             // retired
	Native       uint64            `json:"instructions_native"`      // of them in translated code
	Interpreted  uint64            `json:"instructions_interpreted"` // and in the interpreter
	PALcode      uint64            `json:"instructions_palcode"`     // CALL_PALs that left translated code
	NativeShare  float64           `json:"native_share"`             // Native of Instructions, 0 to 1
	Exits        map[string]uint64 `json:"exits"`                    // engine to machine, by reason
	NativeExits  map[string]uint64 `json:"native_exits"`             // native code to dispatcher, by reason
	Entries      uint64            `json:"native_entries"`
	// Compared counts the pages of programs' code that were compared with what they last held, because code may have
	// changed; Changed those that were new or had changed.
	Compared uint64 `json:"code_pages_compared"`
	Changed  uint64 `json:"code_pages_changed"`
	// Mapped counts the pages that were mapped for hot code, each at the cost of a host signal and two mappings at most.
	Mapped uint64 `json:"window_pages_mapped"`
	// Segments counts the system calls that set GS for hot code, where programs may not do so themselves.
	Segments uint64 `json:"segment_base_calls"`
	// Off is what the engines did without for a reason of the host.
	Off []string `json:"host_lacks"`
	// Stale counts the context switches to an address space whose code the kernel had moved in the page tables without a
	// TBI: a machine whose translations outlive the switch would have run the old page.
	Stale uint64 `json:"code_translations_stale"`
	// Helpers are the thunks that Go served: loads and stores there are refills of
	// the soft TLB, accesses to devices, and faults.
	Helpers     map[string]uint64 `json:"helpers"`
	TLBRefills  uint64            `json:"tlb_refills"` // the loads and stores among Helpers
	CallPALs    map[string]uint64 `json:"call_pals"`   // those that left the engine
	Interrupts  uint64            `json:"interrupts"`
	IPIs        []ipiStats        `json:"ipis"` // by CPU
	Rests       uint64            `json:"idle_loops_found"`
	HostSeconds float64           `json:"host_seconds"`        // of the guest's run
	Translation float64           `json:"translation_seconds"` // before it
	GuestTime   float64           `json:"guest_seconds"`
	// NotTranslated is what the cache did not have and could not be translated: the interpreter ran it.
	NotTranslated []prepare.Left `json:"not_translated"`
	Misses        []miss         `json:"misses"` // where the interpreter had to start, most frequent first
	MissedPCs     int            `json:"missed_pcs"`
}

// ipiStats is ipi.Stats.
type ipiStats struct {
	Sent     uint64            `json:"sent"`
	Taken    uint64            `json:"taken"`
	Merged   uint64            `json:"merged"` // sent to the CPU while another one was pending
	Lost     uint64            `json:"lost"`   // sent to the CPU, at IPL 6 or above (--ipi edge)
	TakenFor map[string]uint64 `json:"taken_for"`
	LostFor  map[string]uint64 `json:"lost_for"`
}

// miss is a guest PC without native code.
type miss struct {
	PC     string `json:"pc"`
	Symbol string `json:"symbol,omitempty"`
	Count  uint64 `json:"count"`
}

// maxMisses is how many misses stats keeps: enough to be the hints of a kernel.
const maxMisses = 4096

// stats collects the counters of the last boot, which has ended.
func (s *session) stats(m machine.Stats, stop machine.Stop, took time.Duration, names symbols.Names) *stats {
	all := s.translated.stats(m, stop, took, names)
	all.Boots = s.boots
	count := map[uint64]uint64{}
	for _, e := range s.engines {
		for pc, n := range e.Misses() {
			count[pc] += n
		}
	}
	all.Off = append(all.Off, s.off...)
	all.addMisses(names, count)
	return all
}

// stats are the counters of a machine on which the guest ran.
func (t *translated) stats(m machine.Stats, stop machine.Stop, took time.Duration, names symbols.Names) *stats {
	s := &stats{
		Kernel: t.kernelFile, Engine: t.engine, CPUs: t.cpus, Stop: stop.Reason.String(), StopPC: fmt.Sprintf("%#x", stop.PC),
		HostSeconds: took.Seconds(), Translation: t.translating.Seconds(), GuestTime: float64(m.VirtualNS) / 1e9,
		Exits: map[string]uint64{}, NativeExits: map[string]uint64{}, Helpers: map[string]uint64{}, CallPALs: map[string]uint64{},
		NotTranslated: append([]prepare.Left{}, t.left...), Misses: []miss{}, Off: []string{}, StopSymbol: names.At(stop.PC),
	}
	for _, c := range m.CPUs {
		s.Instructions += uint64(c.Instructions)
		s.Interrupts += c.Interrupts
		s.IPIs = append(s.IPIs, ipiStats(c.IPIs))
		s.Rests += c.Spins
		s.Stale += c.StaleCode
		addAll(s.Exits, c.Exits)
		addAll(s.CallPALs, c.CallPALs)
		s.addEngine(&c.Engine)
	}
	s.PALcode = s.Instructions - s.Native - s.Interpreted
	if s.Instructions > 0 {
		s.NativeShare = float64(s.Native) / float64(s.Instructions)
	}
	return s
}

func addAll(to, from map[string]uint64) {
	for name, n := range from {
		to[name] += n
	}
}

// addEngine adds an engine's counters.
func (s *stats) addEngine(c *vcpu.Counters) {
	s.Native += c.Translated
	s.Interpreted += c.Interpreted
	s.Entries += c.Entries
	s.Compared += c.Compared
	s.Changed += c.Changed
	s.Mapped += c.Mapped
	s.Segments += c.Segments
	for i, n := range c.Helpers {
		addTo(s.Helpers, abi.ThunkNames[i], n)
		if i <= abi.ThunkStoreCond3 {
			s.TLBRefills += n
		}
	}
	addTo(s.Helpers, "load", c.Loads)
	addTo(s.Helpers, "store", c.Stores)
	for i, n := range c.Exits {
		addTo(s.NativeExits, abi.Exit(i).String(), n)
	}
}

// addTo adds n to what counts has under name; what never happened is not listed.
func addTo(counts map[string]uint64, name string, n uint64) {
	if n != 0 {
		counts[name] += n
	}
}

// addMisses names the PCs at which the interpreter had to start.
func (s *stats) addMisses(names symbols.Names, count map[uint64]uint64) {
	s.MissedPCs = len(count)
	pcs := make([]uint64, 0, len(count))
	for pc := range count {
		pcs = append(pcs, pc)
	}
	slices.SortFunc(pcs, func(x, y uint64) int {
		return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y))
	})
	for _, pc := range pcs[:min(len(pcs), maxMisses)] {
		s.Misses = append(s.Misses, miss{PC: fmt.Sprintf("%#x", pc), Symbol: names.At(pc), Count: count[pc]})
	}
}

// hints are the misses in the kernel's image: its own translation can have them.
func (s *stats) hints() (pcs []uint64) {
	for _, m := range s.Misses {
		if pc, err := strconv.ParseUint(m.PC, 0, 64); err == nil && pc >= image.KSEGBase {
			pcs = append(pcs, pc)
		}
	}
	slices.Sort(pcs)
	return slices.Compact(pcs)
}

// write writes s as JSON to the file at path.
func (s *stats) write(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := outfile.Write(path, outfile.Bytes(append(data, '\n'))); err != nil {
		return fmt.Errorf("--stats: %w", err)
	}
	return nil
}
