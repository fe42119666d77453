package gocode

import (
	"encoding/hex"
	"fmt"

	"axpress/runtime/abi"
	"axpress/runtime/codepage"
	"axpress/runtime/mem"
)

// pages is the translated functions of programs.
type pages = codepage.Pages[pageUnits]

// pageUnits are the units of a page, by the offset of their entries.
type pageUnits [abi.PageSize / 4]Unit

// newPages takes the functions of programs out of functions. Errors: a hash or an offset
// is none.
func newPages(functions []Function, ram *mem.RAM) (*pages, error) {
	all, units := codepage.New[pageUnits](ram), map[string]*pageUnits{}
	for _, f := range functions {
		if f.Page == "" {
			continue
		}
		if units[f.Page] == nil {
			hash, err := hex.DecodeString(f.Page)
			if err != nil || len(hash) != 32 {
				return nil, fmt.Errorf("BUG: page %q is no SHA-256", f.Page)
			}
			units[f.Page] = &pageUnits{}
			all.Add([32]byte(hash), units[f.Page])
		}
		*f.Link = f.Code
		for _, at := range f.Entries {
			if at >= abi.PageSize {
				return nil, fmt.Errorf("BUG: entry %#x of a page", at)
			}
			units[f.Page][at/4] = f.Code
		}
	}
	return all, nil
}
