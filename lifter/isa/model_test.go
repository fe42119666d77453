package isa

import (
	"strings"
	"testing"
)

// What the Handbook says of implementations (tables D-2 to D-4), one row each.
func TestModels(t *testing.T) {
	tests := []struct {
		name                     string
		implver, amask, hwrpb    uint64
		bwx, fix, cix, mvi, base bool
	}{
		{"EV4", 0, 0x0000, 2, false, false, false, false, true},
		{"EV5", 1, 0x0000, 5, false, false, false, false, true},
		{"EV56", 1, 0x0001, 7, true, false, false, false, true},
		{"PCA56", 1, 0x0101, 9, true, false, false, true, true},
		{"EV6", 2, 0x0303, 8, true, true, false, true, true},
		{"EV67", 2, 0x1307, 11, true, true, true, true, true},
		{"EV68", 2, 0x1307, 13, true, true, true, true, true},
		{"EV7", 2, 0x1307, 15, true, true, true, true, true},
	}
	if len(tests) != len(Models()) {
		t.Errorf("%d models, want %d", len(Models()), len(tests))
	}
	for _, tt := range tests {
		m := ModelByName(tt.name)
		if m == nil {
			t.Errorf("no %s", tt.name)
			continue
		}
		if m.Implver != tt.implver || m.Amask != tt.amask || m.CPUType != tt.hwrpb {
			t.Errorf("%s: %+v", tt.name, *m)
		}
		for ext, want := range map[Ext]bool{ExtBWX: tt.bwx, ExtFIX: tt.fix, ExtCIX: tt.cix, ExtMVI: tt.mvi, ExtBase: tt.base, ExtVAX: true, ExtPAL: true} {
			if m.Has(ext) != want {
				t.Errorf("%s has %v: %v", tt.name, ext, m.Has(ext))
			}
		}
	}
	if ModelByName("EV3") != nil || (*Model)(nil).Or() != ModelByName("EV67") {
		t.Error("EV3 exists, or the default is not EV67")
	}
	for ext, want := range map[Ext]string{ExtBase: "EV4", ExtBWX: "EV56", ExtMVI: "PCA56", ExtFIX: "EV6", ExtCIX: "EV67"} {
		if got := ext.Since().Name; got != want {
			t.Errorf("%v since %s, want %s", ext, got, want)
		}
	}
}

// Every form of every instruction has a sample, which is of that form.
func TestSamples(t *testing.T) {
	for _, r := range Table() {
		samples := r.Op.Samples()
		if len(samples) != len(r.Forms) {
			t.Errorf("%s: %d samples of %d forms", r.Name, len(samples), len(r.Forms))
			continue
		}
		for i, in := range samples {
			name, _, _ := strings.Cut(Disasm(in, 0, Style{Plain: true}), "\t")
			if in.Op != r.Op || name != r.Forms[i] {
				t.Errorf("sample of %s is %v (%s)", r.Forms[i], in, name)
			}
		}
	}
	if OpInvalid.Samples() != nil {
		t.Error("a sample of what is no instruction")
	}
}

// An instruction of an extension that a model lacks is none, whatever else it is.
func TestModelDecode(t *testing.T) {
	for _, r := range Table() {
		word := uint32(r.Opcode) << opcodeShift
		for _, m := range Models() {
			in := Decode(word)
			got := m.Decode(word)
			if want := m.Has(in.Op.Info().Ext); (got == in) != (want || in.Op == OpInvalid) || !want && got.Op != OpInvalid {
				t.Errorf("%s: %08x decodes to %v", m.Name, word, got)
			}
		}
	}
}
