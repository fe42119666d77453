package guest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// symbol is one line of a configuration: CONFIG_A=y, or "# CONFIG_A is not set", which is the value n.
type symbol struct{ name, value string }

// line returns the symbol as kconfig writes it.
func (s symbol) line() string {
	if s.value == "n" {
		return "# " + s.name + " is not set"
	}
	return s.name + "=" + s.value
}

// readConfig reads the configuration in a file.
func readConfig(path string) ([]symbol, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseConfig(path, string(text))
}

// parseConfig reads a configuration or a fragment of one. Other comments and empty lines are skipped; anything else
// is an error that names the file and the line.
func parseConfig(file, text string) ([]symbol, error) {
	var symbols []symbol
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# CONFIG_"); ok {
			if name, ok := strings.CutSuffix(rest, " is not set"); ok && !strings.Contains(name, " ") {
				symbols = append(symbols, symbol{"CONFIG_" + name, "n"})
				continue
			}
		}
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !strings.HasPrefix(name, "CONFIG_") || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("%s:%d: %q is no configuration line; want CONFIG_NAME=value or # CONFIG_NAME is not set",
				file, number, line)
		}
		symbols = append(symbols, symbol{name, value})
	}
	return symbols, nil
}

// parseFragment reads a fragment, in which a line may have alternatives for kernels that call a thing otherwise, with
// " | " between them: "CONFIG_NEW=y | CONFIG_OLD=y". The first counts whose symbol known has; if it has none of them,
// the first of all, which will then not stick.
func parseFragment(file, text string, known func(name string) bool) ([]symbol, error) {
	var chosen []symbol
	number := 0
	for line := range strings.Lines(text) {
		number++
		at := strings.Repeat("\n", number-1) // so that an error names the place in text
		choices := []string{line}
		if strings.HasPrefix(line, "CONFIG_") || strings.HasPrefix(line, "# CONFIG_") {
			choices = strings.Split(line, " | ")
		}
		var first, found []symbol
		for _, choice := range choices {
			symbols, err := parseConfig(file, at+choice)
			if err != nil {
				return nil, err
			}
			if first == nil {
				first = symbols
			}
			if len(symbols) == 1 && found == nil && known(symbols[0].name) {
				found = symbols
			}
		}
		if found == nil {
			found = first
		}
		chosen = append(chosen, found...)
	}
	return chosen, nil
}

// kconfigEntry is the line that defines a symbol.
var kconfigEntry = regexp.MustCompile(`(?m)^[ \t]*(?:menu)?config[ \t]+([A-Za-z0-9_]+)[ \t]*$`)

// kconfigSymbols returns the names, with CONFIG_, of the symbols that the kernel's source has for Alpha.
func kconfigSymbols(source string) (map[string]bool, error) {
	known := map[string]bool{}
	err := filepath.WalkDir(source, func(at string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if filepath.Base(filepath.Dir(at)) == "arch" && filepath.Dir(filepath.Dir(at)) == filepath.Clean(source) && e.Name() != "alpha" {
				return fs.SkipDir // another architecture
			}
			return nil
		}
		if !strings.HasPrefix(e.Name(), "Kconfig") {
			return nil
		}
		text, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		for _, m := range kconfigEntry.FindAllStringSubmatch(string(text), -1) {
			known["CONFIG_"+m[1]] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("symbols of the kernel's configuration: %w", err)
	}
	return known, nil
}

// mergeConfig lays fragments over a base: a later value of a symbol replaces an earlier one, in the earlier one's place.
func mergeConfig(base []symbol, fragments ...[]symbol) []symbol {
	merged := append([]symbol(nil), base...)
	at := map[string]int{}
	for i, s := range merged {
		at[s.name] = i
	}
	for _, fragment := range fragments {
		for _, s := range fragment {
			if i, ok := at[s.name]; ok {
				merged[i] = s
				continue
			}
			at[s.name] = len(merged)
			merged = append(merged, s)
		}
	}
	return merged
}

// formatConfig writes symbols as a file.
func formatConfig(symbols []symbol) string {
	var b strings.Builder
	for _, s := range symbols {
		b.WriteString(s.line())
		b.WriteByte('\n')
	}
	return b.String()
}

// checkConfig compares what was wanted with what kconfig made of it. A symbol that is not mentioned in got counts as
// n: that is how kconfig leaves out what cannot be set.
func checkConfig(wanted, got []symbol) error {
	values := map[string]string{}
	for _, s := range got {
		values[s.name] = s.value
	}
	var wrong []string
	for _, s := range mergeConfig(nil, wanted) {
		value, ok := values[s.name]
		if !ok {
			value = "n"
		}
		if value != s.value {
			wrong = append(wrong, fmt.Sprintf("%s: wanted %s, is %s", s.name, s.value, value))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("configuration: %d symbols did not stick, because a symbol that they depend on is not set "+
		"or does not exist in this version; correct bench/guest/recipe/*.config:\n\t%s",
		len(wrong), strings.Join(wrong, "\n\t"))
}
