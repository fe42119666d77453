package measure

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// warmth is for how long all processors are kept busy before a run on two CPUs, or one that it is compared with. A virtual
// machine's processors that were idle are slow at first: natively, smp-compute took 0.49 s behind 4 s of idling, and 0.46 s if a
// second of work lay between.
const warmth = time.Second

// keepBusy keeps all processors busy for d, or until ctx ends.
func keepBusy(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for ctx.Err() == nil {
			}
		})
	}
	all.Wait()
}
