package conform

import (
	"testing"

	"axpress/ir"
	"axpress/lifter/isa"
)

// A form that is left to the interpreter in some state of the machine, other than with
// floating point disabled, or for all operands, is not translated in full.
func TestLiftedInto(t *testing.T) {
	const head = "func \"x\" @0x100 {\nentry 0x100 b0\nb0 @0x100:\n  v0:i64 = ldstate 8\n  v1:i64 = getreg r1\n  v2:i1 = icmp.eq v0, v0\n  v3:i1 = icmp.eq v1, v0\n"
	add, addt := isa.OpADDQ.Info(), isa.OpADDT.Info()
	for _, tt := range []struct {
		body string
		info *isa.Info
		want how
	}{
		{"retire 1\nret v0", add, whole},
		{"guard v3\nretire 1\nret v0", add, guarded},
		{"guard v2\nretire 1\nret v0", add, moded},
		{"guard v2\nretire 1\nret v0", addt, whole},
		{"guard v2\nguard v2\nretire 1\nret v0", addt, moded},
		{"guard v2\nv4:i64 = fpop 0x54221403, v0, v1\nretire 1\nret v0", addt, called},
		{"interpret", add, left},
	} {
		f, err := ir.Parse(head + tt.body + "\n}")
		if err != nil {
			t.Fatal(err)
		}
		if got := liftedInto(f[0], tt.info); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.body, got, tt.want)
		}
	}
}

// Every instruction has a row, the interpreter does all of them in full, and no
// engine lacks one. Some rows that are known, so that the computation itself is
// tested.
func TestTable(t *testing.T) {
	rows, err := Table()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != isa.NumOps-1 {
		t.Errorf("%d rows of %d", len(rows), isa.NumOps-1)
	}
	byName := map[string]Row{}
	for _, r := range rows {
		byName[r.Name] = r
		if r.Engines[0].Level != Full {
			t.Errorf("%s: the interpreter: %+v", r.Name, r.Engines[0])
		}
		for i, s := range r.Engines {
			if s.Level == Missing {
				t.Errorf("%s: %s lacks it", r.Name, Engines[i])
			}
		}
	}
	for _, tt := range []struct{ name, since, ir string }{
		{"addq", "EV4", Full}, {"ldq", "EV4", Full}, {"ldbu", "EV56", Full}, {"ctpop", "EV67", Full}, {"beq", "EV4", Full},
		{"jsr", "EV4", Full}, {"addq/v", "EV4", Full}, {"addt", "EV4", Full}, {"minub8", "PCA56", Full},
		{"sqrtt", "EV6", Full}, {"addg", "EV4", Full}, {"hw_ld", "EV4", Full}, {"call_pal", "EV4", Full}, {"fbeq", "EV4", Full},
	} {
		r := byName[tt.name]
		if r.Since != tt.since || r.Engines[1].Level != tt.ir || r.Engines[2].Level != tt.ir {
			t.Errorf("%s: %+v, want since %s, %s", tt.name, r, tt.since, tt.ir)
		}
	}
}
