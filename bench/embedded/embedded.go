// Package embedded reads what programs of the bench have of their sources in themselves.
//
// In: an embedded file system, and a folder without others below it. Out: its files.
package embedded

import (
	"embed"
	"fmt"
)

// Files returns the contents of the files in a folder, by their names.
func Files(from embed.FS, folder string) (map[string][]byte, error) {
	entries, err := from.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("embedded files: %w", err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if all[e.Name()], err = from.ReadFile(folder + "/" + e.Name()); err != nil {
			return nil, fmt.Errorf("embedded files: %w", err)
		}
	}
	return all, nil
}
