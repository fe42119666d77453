package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) man() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual's pages to a folder", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Man writes a page of the manual for each command, axpress.1 and so on, to a folder, which it makes.",
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := a.root()
			root.Long += "\n\nExit statuses:\n\n" + statusTable()
			forManual(root)
			version, _ := revision()
			header := &doc.GenManHeader{Section: "1", Manual: "Axpress", Source: "axpress " + version, Date: built()}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return nil
		},
	}
}

// forManual makes what c and the commands below it say into Markdown, of which cobra makes pages.
func forManual(c *cobra.Command) {
	c.DisableAutoGenTag = true // the same sources make the same pages
	c.Long, c.Short = asMarkdown(c.Long), escape(c.Short)
	for _, sub := range c.Commands() {
		forManual(sub)
	}
}

// asMarkdown makes the indented lines of a text into blocks that stay as they are.
func asMarkdown(text string) string {
	var b strings.Builder
	before := false
	for line := range strings.Lines(text) {
		block := strings.HasPrefix(line, "  ")
		if block != before {
			b.WriteString("\n") // a block is a paragraph
		}
		switch before = block; {
		case block:
			b.WriteString("    " + line)
		case strings.HasPrefix(line, "\t"):
			b.WriteString(line)
		default:
			b.WriteString(escape(line))
		}
	}
	return b.String()
}

// escape takes their meaning from the characters that mean something in Markdown.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`").Replace(text)
}

// built is the time of the program's sources; nil if it is not known.
func built() *time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				return &t
			}
		}
	}
	return nil
}
