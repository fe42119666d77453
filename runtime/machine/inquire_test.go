package machine

import (
	"context"
	"testing"
	"time"
)

// CPUs that run say where they are, in parallel and in turn; those of a machine that does not run stay silent.
func TestInquire(t *testing.T) {
	for _, mode := range []ClockMode{ClockHost, ClockDeterministic} {
		g := newGuest(t, `
		loop:
			addq s3,1,s3
			br   zero,@loop
		`, func(c *Config) { c.CPUs, c.Clock = 3, mode })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := g.m.Run(ctx)
			done <- err
		}()
		last := int64(0)
		for range 20 {
			s := g.m.Inquire(t.Context())
			if len(s.CPUs) != 3 || len(s.Silent) != 0 {
				t.Fatalf("mode %d: %+v", mode, s)
			}
			boot := s.CPUs[0]
			if boot.Doing != "runs" || boot.PC < guestVA || boot.IPL != 7 || boot.Instructions < last || s.CPUs[2].Doing != "halted" || s.CPUs[2].CPU != 2 {
				t.Errorf("mode %d: %+v", mode, s)
			}
			last = boot.Instructions
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for range 2 {
			late, end := context.WithTimeout(t.Context(), time.Millisecond)
			if s := g.m.Inquire(late); len(s.Silent) != 3 {
				t.Errorf("mode %d: a machine that does not run says %+v", mode, s)
			}
			end()
			if err := g.m.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
