package codepage

import (
	"crypto/sha256"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// Pages are known by what they hold, and how many are remembered is bounded: a guest that runs code in ever other
// memory does not make the host's grow.
func TestPagesAreBounded(t *testing.T) {
	ram, err := mem.New((maxLive + 8) * abi.PageSize)
	if err != nil {
		t.Fatal(err)
	}
	defer ram.Close()
	c := New[int](ram)
	ram.Write64(5*abi.PageSize, 77)
	mine := new(int)
	c.Add(sha256.Sum256(ram.Bytes()[5*abi.PageSize:6*abi.PageSize]), mine)
	for n := range uint64(maxLive + 8) {
		if p := c.check(abi.PAddr(n * abi.PageSize)); (p.Code == mine) != (n == 5) {
			t.Fatalf("page %d has the code %p", n, p.Code)
		}
		if len(c.live) > maxLive {
			t.Fatalf("%d pages remembered", len(c.live))
		}
	}
	if c.check(5*abi.PageSize).Code != mine || c.compared != maxLive+9 || c.changed != maxLive+9 {
		t.Errorf("after all: %d compared, %d new", c.compared, c.changed)
	}
	if c.check(5*abi.PageSize).Code != mine || c.changed != maxLive+9 {
		t.Errorf("what is remembered was new again: %d", c.changed)
	}
	ram.Write64(5*abi.PageSize, 78)
	if c.check(5*abi.PageSize).Code != nil {
		t.Error("a page that has changed has the code of the old one")
	}
}
