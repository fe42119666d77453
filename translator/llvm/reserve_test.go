package llvm

import (
	"testing"

	"axpress/ir"
)

// The STx_C of reserved, by the address of the instruction, and whether they are exchanges.
func TestExchanges(t *testing.T) {
	fs, err := ir.Parse(reserved)
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Verify(fs[0]); err != nil {
		t.Fatal(err)
	}
	found := exchanges(fs[0], ir.NewCFG(fs[0]))
	want := map[int]bool{3: true, 5: false, 9: false, 13: true, 20: false}
	for _, b := range fs[0].Blocks {
		for _, v := range b.Vals {
			if v.Op != ir.OpStoreCond {
				continue
			}
			if found[v.ID] != want[v.ID] {
				t.Errorf("v%d: %v", v.ID, found[v.ID])
			}
			delete(want, v.ID)
		}
	}
	if len(want) != 0 {
		t.Errorf("not seen: %v", want)
	}
}

const reserved = `
func "reserved" @0xfffffc0000310000 kernel promoted {
entry 0xfffffc0000310000 b0
b0 @0xfffffc0000310000:
  v0:i64 = getreg r16
  jump b5
b5 @0xfffffc0000310000:
  v1:i64 = loadlocked v0 [r16=v0]
  v2:i64 = add v1, v0
  v3:i1 = storecond v0, v2 [r16=v0]
  br v3, b1, b5
b1 @0xfffffc0000310010:
  v5:i1 = storecond v0, v2 [r16=v0]
  v6:i64 = loadlocked v0 [r16=v0]
  v7:i64 = load v6 [r16=v0]
  v9:i1 = storecond v0, v7 [r16=v0]
  v10:i64 = loadlocked v0 [r16=v0]
  br v9, b2, b3
b2 @0xfffffc0000310020:
  v13:i1 = storecond v0, v7 [r16=v0]
  v14:i64 = loadlocked v0 [r16=v0]
  br v13, b3, b4
b3 @0xfffffc0000310030:
  store v0, v7 [r16=v0]
  jump b4
b4 @0xfffffc0000310040:
  v20:i1 = storecond v0, v7 [r16=v0]
  exit code 1 imm 0 [r16=v0]
}
`
