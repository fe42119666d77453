package main

import (
	"debug/elf"
	"fmt"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/lifter/isa"
	"axpress/runtime/klog/klogtest"
)

// withLog writes a kernel whose start is code, with the variables and the log of Linux behind it, at kernelVA+0x8000, and their
// symbols if it has them.
func withLog(t *testing.T, symbols bool, code []byte, lines ...string) string {
	t.Helper()
	const behind = 0x8000
	r := klogtest.Ring{PA: kernelVA - image.KSEGBase + behind, Records: lines, CountBits: 6, SizeBits: 13}
	data := append(append(code, make([]byte, behind-len(code))...), r.Bytes()...)
	syms := []imagetest.Sym{{Name: "_start", Addr: kernelVA, Size: 0x40, Type: elf.STT_FUNC}}
	for name, s := range r.Symbols() {
		if symbols {
			syms = append(syms, imagetest.Sym{Name: name, Addr: s.Addr, Size: s.Size, Type: elf.STT_OBJECT})
		}
	}
	return writeFile(t, imagetest.Build(imagetest.File{
		Entry: kernelVA,
		Segs:  []imagetest.Seg{{VAddr: kernelVA, Data: data, MemSize: 0x20000, Flags: elf.PF_R | elf.PF_W | elf.PF_X}},
		Syms:  syms,
		Secs:  []imagetest.Sec{{Name: ".text", Addr: kernelVA, Size: 0x40, Flags: elf.SHF_EXECINSTR}},
	}))
}

// A run that does not end by power-off ends with the kernel's last words, if the console had none of them, and the CPUs' places.
func TestLastWords(t *testing.T) {
	const panicked, ended = "Kernel panic - not syncing: no init", "---[ end Kernel panic - not syncing: no init ]---"
	base := []string{"lda s0,-1(zero)", "sll s0,42,s0", "ldah t0,258(s0)", "lda t0,-0x8000(t0)"}
	panics := program(t, append(base, "stl zero,0(t0)", "addq s3,1,s3", "br zero,.-4")...)
	loops := program(t, append(base, "addq s3,1,s3", "br zero,.-4")...)
	halts := program(t, append(base, "ldah t0,4(zero)", "ldq t1,0x2200(s0)", "bis t1,t0,t1", "stq t1,0x2200(s0)", "call_pal 0")...)
	log := []string{"Linux version 6", "Command line: x", panicked, ended}
	place := " <_start+0x"
	for _, c := range []struct {
		name   string
		kernel string
		args   []string
		want   status
		says   []string
		not    string
	}{
		{"panic", withLog(t, true, panics, log...), nil, statusPanic, []string{"the last 4 lines", "[    0.000000] Linux version 6\n", "[    0.003000] " + ended, place, "the guest panicked", panicked}, ""},
		{"panic, lines", withLog(t, true, panics, log...), []string{"--log-tail", "2"}, statusPanic, []string{"the last 2 lines", panicked, place}, "Linux version"},
		{"panic, no lines", withLog(t, true, panics, log...), []string{"--log-tail", "0"}, statusPanic, []string{place}, "[    0.003000]"},
		{"time ran out", withLog(t, true, loops, "Linux version 6"), []string{"--timeout", "1s"}, statusTimeout, []string{"Linux version 6", place, "of 1s, translating took"}, ""},
		{"no symbols", withLog(t, false, loops, "Linux version 6"), []string{"--timeout", "1s"}, statusTimeout, []string{"cannot be shown: the kernel's file has no symbols"}, "Linux version"},
		{"halt", withLog(t, true, halts, "reboot: System halted"), nil, statusHalt, []string{"System halted", "CPU 0 halted", "as it was told to"}, ""},
		{"power-off", withLog(t, true, halts, "reboot: Power down"), nil, statusOK, nil, "CPU 0"},
	} {
		for _, engine := range []string{engineInterp, engineNative, engineGo} {
			if engine == engineGo && (testing.Short() || c.name != "panic" && c.name != "halt") {
				continue
			}
			dir := t.TempDir()
			if r := cli(t, t.Context(), dir, "translate", c.kernel); engine == engineNative && r.status != statusOK {
				t.Fatal(r.err)
			}
			r := cli(t, t.Context(), dir, append([]string{"run", "--kernel", c.kernel, "--memory", bootMem, "--engine", engine}, c.args...)...)
			if r.status != c.want {
				t.Errorf("%s, %s: status %d, %s", c.name, engine, r.status, r.err)
			}
			for _, says := range c.says {
				if engine == engineGo && (says == place || strings.HasPrefix(says, "CPU 0")) {
					continue // a program of the Go back end has no names of places
				}
				if !strings.Contains(r.err, says) {
					t.Errorf("%s, %s: does not say %q:\n%s", c.name, engine, says, r.err)
				}
			}
			if c.not != "" && strings.Contains(r.err, c.not) {
				t.Errorf("%s, %s: says %q:\n%s", c.name, engine, c.not, r.err)
			}
		}
	}
}

// --timeout counts what comes before the guest, and says so.
func TestTimeoutCountsTranslating(t *testing.T) {
	r := cli(t, t.Context(), t.TempDir(), "run", "--kernel", halting(t, 4), "--memory", bootMem, "--timeout", "1ns")
	if r.status != statusTimeout || !strings.Contains(r.err, "--timeout 1ns ran out while the guest was translated; it has not run") {
		t.Errorf("%d %s", r.status, r.err)
	}
}

// The HWRPB says what a model is, and without the paravirtual clock that there is none, and a rate that the model has.
func TestMachineInHWRPB(t *testing.T) {
	for _, m := range isa.Models() {
		for clock, ssn := range map[string]uint64{"on": 'Q' | 'E'<<8 | 'M'<<16 | 'U'<<24, "off": 'A' | 'X'<<8 | 'P'<<16 | 'R'<<24} {
			hz := uint64(250_000_000)
			if clock == "off" {
				hz = m.MHz * 1_000_000
			}
			checks := []string{"lda s0,-1(zero)", "sll s0,42,s0"}
			expect := func(offset, v uint64) { // v has 31 bits
				low := int64(int16(v))
				checks = append(checks, fmt.Sprintf("ldl t0,%#x(s0)", 0x2000+offset), fmt.Sprintf("ldah t1,%d(zero)", (int64(v)-low)>>16),
					fmt.Sprintf("lda t1,%d(t1)", low), "subl t0,t1,t0", "beq t0,.+8", "call_pal 0")
			}
			expect(0x30, m.PABits)
			expect(0x38, 255)
			expect(0x40, ssn)
			expect(0x70, hz)
			kernel := kernelFile(t, program(t, append(checks, "ldah t0,4(zero)", "ldq t1,0x2200(s0)", "bis t1,t0,t1", "stq t1,0x2200(s0)", "call_pal 0")...))
			r := cli(t, t.Context(), t.TempDir(), "run", "--cpu", m.Name, "--pv-clock", clock, "--kernel", kernel, "--memory", bootMem, "--engine", engineInterp)
			if r.status != statusOK {
				t.Errorf("%s, clock %s: is not what it should be: %d %s", m.Name, clock, r.status, r.err)
			}
			if warned := strings.Contains(r.err, "no instructions for bytes and words"); warned == m.Has(isa.ExtBWX) {
				t.Errorf("%s: warned %t: %s", m.Name, warned, r.err)
			}
		}
	}
	if r := cli(t, t.Context(), t.TempDir(), "run", "--kernel", halting(t, 4), "--pv-clock", "maybe"); r.status != statusUsage || !strings.Contains(r.err, "want on or off") {
		t.Errorf("%d %s", r.status, r.err)
	}
}

// lastLine is that of what a command said.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
