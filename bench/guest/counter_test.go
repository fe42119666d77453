package guest

import (
	"strings"
	"testing"
	"time"
)

// A build says every few seconds how far it is and how long it will still take.
func TestCounter(t *testing.T) {
	for _, k := range []struct {
		total int
		want  string
	}{
		{8, "guest: small kernel: 2 files compiled, about 60 s left\nguest: small kernel: 4 files compiled, about 40 s left\nguest: small kernel: 6 files compiled, about 20 s left\nguest: small kernel: 8 files compiled\n"},
		{0, "guest: small kernel: 2 files compiled\nguest: small kernel: 4 files compiled\nguest: small kernel: 6 files compiled\nguest: small kernel: 8 files compiled\n"},
	} {
		var b strings.Builder
		c := newCounter(logger{&b}, "small kernel", "files compiled", k.total)
		at := c.start
		c.now = func() time.Time { return at }
		for range 8 {
			at = at.Add(10 * time.Second)
			c.compiled("  LD      vmlinux.o")
			c.compiled("  CC      init/main.o")
		}
		if b.String() != k.want {
			t.Errorf("%q", b.String())
		}
	}
}
