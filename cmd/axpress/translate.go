package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"axpress/lifter/image"
	"axpress/translator/prepare"
	"axpress/translator/toolchain"
)

func (a *app) translate() *cobra.Command {
	var t translation
	var g goBackend
	var asJSON, verbose bool
	c := &cobra.Command{
		Use:   "translate FILE...",
		Short: "Translate kernels, programs, or all programs of an initramfs or folder",
		Long: "Translate makes native code of Alpha files and puts it into the cache: a vmlinux, compressed or not, a boot\n" +
			"image, ELF programs, or the programs in an initramfs or a folder. What the cache has is not translated again. Ctrl-C leaves the cache whole.\n\n" +
			"The compiler is llc of LLVM 14, 15 or 16, the oldest of these on PATH; " + toolchain.Variable + "=PATH names another one.\n\n" +
			"With --backend go it needs no LLVM: it writes the source of a Go program that holds the kernel, and runs it.\n" +
			"There --profile says what ran: only that is translated, the rest is interpreted.",
		RunE: func(c *cobra.Command, args []string) error {
			o, err := t.options(a)
			if errors.Is(err, errHelped) {
				return nil
			}
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return fail(statusUsage, "translate: which file? Give a vmlinux, programs, an initramfs or a folder")
			}
			if err := g.check(args); err != nil {
				return err
			}
			if g.backend == backendGo {
				return g.translate(c.Context(), args[0], o, a.out)
			}
			start := time.Now()
			var images []*image.Image
			for _, path := range args {
				found, skipped, err := prepare.Read(path)
				if err != nil {
					return err
				}
				images = append(images, found...)
				for _, s := range skipped {
					o.Report.Note("left out: " + s.Reason)
				}
			}
			results, err := prepare.Translate(c.Context(), images, o)
			if err != nil {
				return err
			}
			if len(results) == 0 {
				return fail(statusInput, "translate: %w in %s", prepare.ErrNothing, strings.Join(args, ", "))
			}
			sum, err := summarise(results, time.Since(start))
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.out, sum)
			}
			sum.text(a.out, verbose)
			return nil
		},
	}
	t.flags(c.Flags())
	g.flags(c.Flags())
	c.Flags().BoolVarP(&t.force, "force", "f", false, "translate again what the cache has")
	c.Flags().BoolVar(&asJSON, "json", false, "write the summary as JSON")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "name the units without native code")
	return c
}

// summary says what a translate did.
type summary struct {
	Files   []fileSummary `json:"files"`
	Seconds float64       `json:"seconds"`
}

// fileSummary is the part of summary about one file.
type fileSummary struct {
	File         string   `json:"file"`
	Kind         string   `json:"kind"`
	Key          string   `json:"key"`
	Path         string   `json:"path"`
	Cached       bool     `json:"cached"`
	Functions    int      `json:"functions"`
	Instructions int      `json:"instructions"`
	Bytes        int64    `json:"host_bytes"`
	PerInst      float64  `json:"host_bytes_per_instruction"`
	Seconds      float64  `json:"seconds"`
	Missing      []string `json:"left_out"`
}

func summarise(results []*prepare.Result, took time.Duration) (summary, error) {
	s := summary{Files: []fileSummary{}, Seconds: took.Seconds()}
	for _, r := range results {
		m := r.Artifact.Manifest
		missing, err := r.Missing()
		if err != nil {
			return s, fmt.Errorf("%s: %w", r.Path, err)
		}
		s.Files = append(s.Files, fileSummary{
			File: r.Name(), Kind: r.Image.Kind.String(), Key: r.Key, Path: r.Path, Cached: r.Cached,
			Functions: m.Functions, Instructions: m.Insts, Bytes: r.Bytes,
			PerInst: float64(r.Bytes) / float64(max(m.Insts, 1)), Seconds: r.Seconds, Missing: append([]string{}, missing...),
		})
	}
	return s, nil
}

func (s *summary) text(w io.Writer, verbose bool) {
	for _, f := range s.Files {
		how := fmt.Sprintf("translated in %.1f s", f.Seconds)
		if f.Cached {
			how = "in the cache already"
		}
		fmt.Fprintf(w, "%s: %s: %d functions, %d instructions, %d bytes (%.1f an instruction), %d units left to the interpreter\n",
			f.File, how, f.Functions, f.Instructions, f.Bytes, f.PerInst, len(f.Missing))
		for _, m := range f.Missing {
			if verbose {
				fmt.Fprintf(w, "  left out: %s\n", m)
			}
		}
	}
	if len(s.Files) > 1 {
		fmt.Fprintf(w, "%d files in %.1f s\n", len(s.Files), s.Seconds)
	}
}
