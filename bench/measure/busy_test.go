package measure

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestKeepBusy(t *testing.T) {
	const d = 100 * time.Millisecond
	before := processorTime(os.Getpid())
	began := time.Now()
	keepBusy(t.Context(), d)
	if took := time.Since(began); took < d {
		t.Errorf("busy for %v of %v", took, d)
	}
	if used := processorTime(os.Getpid()) - before; used < d/10 { // others may have the processors
		t.Errorf("%v of processor time in %v", used, d)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	keepBusy(ended, time.Hour)
}
