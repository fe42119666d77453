package sched

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// Crash is a panic on the thread of a CPU.
type Crash struct {
	value any
	stack []byte
}

// Error says what the panic was, and where.
func (c *Crash) Error() string {
	return fmt.Sprintf("%v\n\non the thread of a CPU:\n%s", c.value, c.stack)
}

// Parallel calls cpu(0) to cpu(n-1), each on a thread of the host of its own, and serve on
// the calling goroutine. It returns when all have ended: the error of a CPU. failed is
// called at once with such an error, or a *Crash, on the thread of that CPU, and must make the
// others end. A Crash is a panic here again.
func Parallel(n int, over *Oversubscription, cpu func(i int) error, failed func(error), serve func()) error {
	// A thread that computes keeps one of Go's processors, and this goroutine and the
	// one that types need some too.
	before := runtime.GOMAXPROCS(0)
	if want := n + 2; before < want {
		runtime.GOMAXPROCS(want)
		defer runtime.GOMAXPROCS(before)
	}
	var (
		done sync.WaitGroup
		mu   sync.Mutex
		err  error
	)
	fail := func(e error) {
		mu.Lock()
		if err == nil {
			err = e
		}
		mu.Unlock()
		failed(e)
	}
	for i := range n {
		done.Go(func() {
			if e := thread(i, over, cpu); e != nil {
				fail(e)
			}
		})
	}
	serve()
	done.Wait()
	if c, ok := err.(*Crash); ok {
		panic(c.Error())
	}
	return err
}

// thread runs a CPU on a thread of its own.
func thread(i int, over *Oversubscription, cpu func(int) error) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	precise()
	over.Awake(1)
	defer over.Awake(-1)
	defer func() {
		if p := recover(); p != nil {
			err = &Crash{p, debug.Stack()}
		}
	}()
	return cpu(i)
}
