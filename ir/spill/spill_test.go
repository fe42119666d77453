package spill

import (
	"strings"
	"testing"

	"axpress/ir"
)

// In a loop the slot of a register holds the value of the last time around, which
// is another one than the value now, though it has the same name.
func TestForgetValuesOfTheLastIteration(t *testing.T) {
	fs, err := ir.Parse(loopUnit)
	if err != nil {
		t.Fatal(err)
	}
	f := fs[0]
	if err := ir.Verify(f); err != nil {
		t.Fatal(err)
	}
	cfg := ir.NewCFG(f)
	slots := Solve(cfg, f.NumValues(), true)
	for i, b := range cfg.Order {
		for r, id := range slots[i] {
			if id == 0 {
				continue
			}
			for _, v := range b.Vals {
				if int32(v.ID)+1 == id {
					t.Errorf("b%d: slot of register %d said to hold v%d, which is defined there", b.ID, r, v.ID)
				}
			}
		}
	}
}

const loopUnit = `
func "loop" @0xfffffc0000310000 kernel promoted {
entry 0xfffffc0000310000 b0
b0 @0xfffffc0000310000:
  v0:i64 = getreg r16
  v1:i64 = getreg r1
  jump b1(v0)
b1(v2:i64) @0xfffffc0000310004:
  v3:i64 = load v2 [r16=v2]
  v4:i64 = const 8
  v5:i64 = add v2, v4
  v6:i64 = load v5 [r2=v3 r16=v5]
  v7:i1 = icmp.eq v6, v1
  br v7, b1(v5), b2
b2 @0xfffffc0000310010:
  exit code 1 imm 0 [r2=v3 r16=v5]
}
`

// What every way into a block has stored need not be stored again: at the head of
// the loop r16 is in its slot, as the parameter.
func TestKeepParameters(t *testing.T) {
	fs, err := ir.Parse(loopUnit)
	if err != nil {
		t.Fatal(err)
	}
	cfg := ir.NewCFG(fs[0])
	slots := Solve(cfg, fs[0].NumValues(), true)
	for i, b := range cfg.Order {
		if len(b.Params) == 1 && slots[i][16] != int32(b.Params[0].ID)+1 {
			t.Errorf("at the loop's head the slot of r16 holds value %d, want the parameter %d", slots[i][16]-1, b.Params[0].ID)
		}
	}
}

// A register that is stored is known to be there, also behind the edge.
func TestKnowWhatIsStored(t *testing.T) {
	fs, err := ir.Parse(strings.Replace(loopUnit, "  jump b1(v0)", "  setreg r2, v1\n  jump b1(v0)", 1))
	if err != nil {
		t.Fatal(err)
	}
	cfg := ir.NewCFG(fs[0])
	for _, early := range []bool{false, true} {
		h := Solve(cfg, fs[0].NumValues(), early)[1]
		// The loop's exits store another r2, if registers are stored early.
		if known := h[2] != 0; known == early {
			t.Errorf("early %v: at the loop's head the slot of r2 holds value %d", early, h[2]-1)
		}
	}
}
