package conform

import (
	"testing"

	"axpress/lifter/isa"
)

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
		{"jsr", "EV4", Full}, {"addq/v", "EV4", Part}, {"addt", "EV4", Part}, {"minub8", "PCA56", Full},
		{"sqrtt", "EV6", Part}, {"addg", "EV4", Interp}, {"hw_ld", "EV4", Full}, {"call_pal", "EV4", Full}, {"fbeq", "EV4", Full},
	} {
		r := byName[tt.name]
		if r.Since != tt.since || r.Engines[1].Level != tt.ir || r.Engines[2].Level != tt.ir {
			t.Errorf("%s: %+v, want since %s, %s", tt.name, r, tt.since, tt.ir)
		}
	}
}
