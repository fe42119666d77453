package pass

import (
	"testing"

	"axpress/ir"
)

// nest is a loop (b1 to b4) around a loop (b2, b3); b5 is behind both.
const nest = `func "nest" @0x1000 {
entry 0x1000 b0
b0 @0x1000:
  jump b1
b1 @0x1004:
  jump b2
b2 @0x1008:
  v0:i64 = getreg r1
  v1:i64 = const 0
  v2:i1 = icmp.eq v0, v1
  br v2, b3, b4
b3 @0x100c:
  jump b2
b4 @0x1010:
  v3:i64 = getreg r2
  v4:i64 = const 0
  v5:i1 = icmp.eq v3, v4
  br v5, b1, b5
b5 @0x1014:
  v6:i64 = getreg r26
  ret v6
}
`

func TestInnermost(t *testing.T) {
	c := ir.NewCFG(parse(t, nest))
	inner := innermost(c)
	want := map[uint64]bool{0x1008: true, 0x100c: true}
	for i, b := range c.Order {
		if inner[i] != want[b.PC] {
			t.Errorf("%v at %#x: innermost is %v", b, b.PC, inner[i])
		}
	}
}
