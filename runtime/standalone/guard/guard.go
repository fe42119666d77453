package guard

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"axpress/runtime/standalone/ending"
	"axpress/runtime/standalone/terminal"
)

// Program is what is guarded.
type Program struct {
	Name  string // begins the line about its end
	Trace bool   // show all that Go's runtime has to say; its status is then Go's, 2
	Main  func(context.Context) int
}

// Signal is the cause of the context's end: a signal from outside. It is context.Canceled, too.
type Signal struct{ os.Signal }

// Error implements error.
func (s Signal) Error() string { return "ended by " + s.String() }

// Is implements what errors.Is asks.
func (s Signal) Is(target error) bool { return target == context.Canceled }

// doubled is for how long another signal is that of the same wish: timeout(1) sends its signal to the process and then to
// the group that it is in.
const doubled = time.Second

// Off lets pass all that Go's runtime has to say, for programs that are none of ours: tests of the packages that import this.
func Off() { tracing = true }

// Run runs p and returns its exit status. SIGINT, SIGTERM and SIGHUP end the context of Main, a second one ends the
// process at once, if it comes later than doubled. One that the caller has the process ignore (nohup, a shell's background) is ignored, but for SIGTERM.
// Precondition: called once, by main.
func Run(p Program) int {
	nameLen = copy(name[:], p.Name)
	tracing = p.Trace
	// The line needs the text that comes before the stacks, and the empty line behind it.
	debug.SetTraceback("single")
	signals := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	asked := make(chan os.Signal, 2)
	signal.Notify(asked, signals...)
	defer signal.Stop(asked)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	go func() {
		cancel(Signal{<-asked})
		for meant := time.Now().Add(doubled); time.Now().Before(meant); {
			<-asked
		}
		terminal.GiveBack()
		fmt.Fprintf(os.Stderr, "%s: interrupted\n", p.Name)
		os.Exit(ending.Interrupted) // the cache is whole at all times
	}()
	defer flush()
	return p.Main(ctx)
}
