package main

import (
	"fmt"
	"testing"

	"axpress/lifter/isa"
)

// TestRunCPU: the guest sees the model that --cpu names, in the HWRPB and by IMPLVER
// and AMASK, and what the model lacks traps, on both engines. The guest powers off
// if everything is as it should be, and halts if not.
func TestRunCPU(t *testing.T) {
	dir := t.TempDir()
	for _, m := range isa.Models() {
		checks := []string{"lda s0,-1(zero)", "sll s0,42,s0"}
		expect := func(reg string, v uint64) {
			checks = append(checks, fmt.Sprintf("lda %s,-%d(%s)", reg, v, reg), fmt.Sprintf("beq %s,.+8", reg), "call_pal 0")
		}
		checks = append(checks, "ldq t0,0x2230(s0)")
		expect("t0", m.CPUType)
		checks = append(checks, "implver t0")
		expect("t0", m.Implver)
		checks = append(checks, "lda t0,-1(zero)", "amask t0,t0", "ornot zero,t0,t0")
		expect("t0", m.Amask)
		if m.Implver == 1 { // Linux reads SC_CTL of a 21164
			checks = append(checks, "lda t1,1(zero)", "sll t1,40,t1", "ldah t1,-16(t1)", "addq s0,t1,t1", "ldq t0,0xa8(t1)")
		}
		plain := kernelFile(t, program(t, append(checks, powerOff...)...))
		bytes := kernelFile(t, program(t, append(append(checks, "sextb t0,t0", "ctpop t0,t0"), powerOff...)...))
		for _, engine := range []string{engineInterp, engineNative} {
			run := func(kernel string) result {
				return cli(t, t.Context(), dir, "run", "--cpu", m.Name, "--kernel", kernel, "--memory", bootMem, "--engine", engine)
			}
			if r := run(plain); r.status != statusOK {
				t.Errorf("%s, %s: is not what it should be: %d %s", m.Name, engine, r.status, r.err)
			}
			want := statusHalt
			if m.Has(isa.ExtBWX) && m.Has(isa.ExtCIX) {
				want = statusOK
			}
			if r := run(bytes); r.status != want {
				t.Errorf("%s, %s: SEXTB and CTPOP: status %d, want %d: %s", m.Name, engine, r.status, want, r.err)
			}
		}
	}
	if r := cli(t, t.Context(), dir, "run", "--cpu", "ev3", "--kernel", "x"); r.status != statusUsage {
		t.Errorf("ev3: %d %s", r.status, r.err)
	}
}

// Commands without --cpu have the default model.
func TestModelWithoutOption(t *testing.T) {
	o, err := new(translation).options(&app{})
	if err != nil || o.Pipeline.Model.Or() != isa.DefaultModel() {
		t.Errorf("model %v, error %v", o.Pipeline.Model, err)
	}
}
