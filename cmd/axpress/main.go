package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"axpress/runtime/standalone/guard"
	"axpress/runtime/standalone/stdout"
)

// traceVariable makes internal errors show where they happened.
const traceVariable = "AXPRESS_TRACE"

// gcPercent trades memory, of which little is live, for time.
const gcPercent = 300

func main() {
	os.Exit(int(realMain()))
}

func realMain() status {
	// Translation makes much garbage and runs beside llc, which is what counts.
	debug.SetGCPercent(gcPercent)
	return status(guard.Run(guard.Program{Name: "axpress", Trace: os.Getenv(traceVariable) == "1", Main: func(ctx context.Context) int {
		return int(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
	}}))
}

// streams are the standard streams of a command.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// app is what the subcommands share.
type app struct {
	streams
	cacheDir string
	trace    bool
}

// run executes one command line and returns the exit status, after writing at most
// one line about a failure to the error stream.
func run(ctx context.Context, args []string, s streams) (st status) {
	ctx, out, stop := stdout.Watch(ctx, s.out)
	defer stop()
	s.out = out
	a := &app{streams: s, trace: os.Getenv(traceVariable) == "1"}
	defer func() {
		if p := recover(); p != nil {
			st = a.internal(p)
		}
	}()
	began := false
	root := a.root()
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		began = true
		return checkOutputs(c.Flags())
	}
	root.SetArgs(args)
	c, err := mistyped(root, args)
	if err == nil {
		c, err = root.ExecuteContextC(ctx)
	}
	if err != nil && !began {
		err = fail(statusUsage, "%w; see %s --help", err, c.CommandPath())
	}
	if err = afterOutput(out, err); err == nil {
		return statusOK
	}
	st = statusOf(err)
	if st == statusInternal {
		return a.internal(err)
	}
	fmt.Fprintf(s.err, "axpress: %s\n", message(err))
	return st
}

// internal reports a bug of ours in one line.
func (a *app) internal(p any) status {
	text := strings.TrimPrefix(message(fmt.Errorf("%v", p)), "BUG: ")
	fmt.Fprintf(a.err, "axpress: internal error: %s; please report it with the output of 'axpress version' (%s=1 shows more)\n", text, traceVariable)
	if a.trace {
		fmt.Fprintf(a.err, "%s", debug.Stack())
	}
	return statusInternal
}

// message is what the user is told about err: one line.
func message(err error) string {
	if isCanceled(err) {
		return "interrupted"
	}
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, " ")
}

// root is the command without a subcommand.
func (a *app) root() *cobra.Command {
	var version bool
	c := &cobra.Command{
		Use:           "axpress",
		Short:         "Translate Alpha Linux to x86-64 ahead of time and run it",
		Long:          "Axpress translates Alpha AXP code, a Linux kernel and its programs, to native x86-64 code once, and runs it.",
		Example:       rootExamples,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs, // mistyped has seen them
		RunE: func(c *cobra.Command, _ []string) error {
			if version {
				return a.printVersion(false)
			}
			return c.Help()
		},
	}
	c.SetIn(a.in)
	c.SetOut(a.out)
	c.SetErr(a.err)
	c.SetFlagErrorFunc(flagError)
	c.SetUsageTemplate(c.UsageTemplate() + seeStatus)
	c.Flags().BoolVar(&version, "version", false, "print what 'axpress version' does")
	c.PersistentFlags().StringVar(&a.cacheDir, "cache", "", "folder of the translations (default: axpress/translations in the user's cache folder)")
	c.AddCommand(a.demo(), a.guest(), a.translate(), a.run(), a.disasm(), a.ir(), a.isa(), a.fuzz(), a.bench(), a.suite(), a.hostile(), a.stress(), a.bisect(), a.trial(),
		a.cache(), a.version(), a.man(), statusTopic())
	c.SetHelpCommand(helpCommand())
	c.InitDefaultHelpCmd()
	c.InitDefaultCompletionCmd()
	completeValues(c)
	return c
}
