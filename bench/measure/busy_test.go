package measure

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestKeepBusy(t *testing.T) {
	const d, patience = 100 * time.Millisecond, 20 * time.Second // on a machine that is very busy
	before, began := processorTime(os.Getpid()), time.Now()
	keepBusy(t.Context(), d)
	if took := time.Since(began); took < d {
		t.Errorf("busy for %v of %v", took, d)
	}
	for processorTime(os.Getpid())-before < d {
		if time.Since(began) > patience {
			t.Fatalf("not busy for %v within %v", d, patience)
		}
		keepBusy(t.Context(), d)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	keepBusy(ended, time.Hour)
}
