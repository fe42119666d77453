package artifact

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"sort"

	"axpress/runtime/abi"
)

// Kind says how the code is found.
type Kind string

// The kinds.
const (
	KindKernel Kind = "kernel" // by guest address
	KindPages  Kind = "pages"  // by page content
	KindHot    Kind = "hot"    // a program's hot functions, by guest address in pages of known content
)

// Unit is one translated unit, for listings and profiles.
type Unit struct {
	PC    uint64
	Code  uint32
	Insts uint32
	Name  string
}

// Artifact is a translation in memory.
type Artifact struct {
	Manifest
	Text    []byte
	Entries []abi.CodeEntry
	Pages   []abi.CodePage
	Spans   []abi.CodeSpan
	VPages  []abi.CodeVPage
	Faults  []abi.CodeFault
	Units   []Unit
	Missing []string // units without code: they are interpreted

	unitBytes []byte // unit list of a loaded artefact, not yet decoded
}

// Manifest describes an artefact; it is stored as JSON, for people and programs. All of it
// follows from what was translated: no time, no duration, no folder.
type Manifest struct {
	Format     string `json:"format"`
	Key        string `json:"key"`
	Layout     string `json:"layout"` // abi.LayoutHash
	Kind       Kind   `json:"kind"`
	Source     string `json:"source"`      // name of the file it was made from
	SourceHash string `json:"source_hash"` // SHA-256
	Tools      string `json:"tools"`       // what made it, for people: any that is supported is as good
	Functions  int    `json:"functions"`
	Insts      int    `json:"instructions"`
	Bytes      int    `json:"host_bytes"`
	// CodeStart and CodeEnd bound the physical addresses of a kernel's translated text.
	CodeStart uint64 `json:"code_start,omitempty"`
	CodeEnd   uint64 `json:"code_end,omitempty"`
}

// Page is the content of one page of userland that units were made from.
type Page struct {
	VAddr   uint64 // of its first byte in the image
	Content [abi.PageSize]byte
}

// SetVPages makes a the hot code of a program whose units lie in pages.
func (a *Artifact) SetVPages(pages []Page) {
	a.Kind = KindHot
	for i := range pages {
		a.VPages = append(a.VPages, abi.CodeVPage{VA: pages[i].VAddr, Hash: sha256.Sum256(pages[i].Content[:])})
	}
	slices.SortFunc(a.VPages, func(x, y abi.CodeVPage) int { return cmp.Compare(x.VA, y.VA) })
}

// SetPages turns entries by image address into entries by page content. Pages
// with the same content share the first one's units.
func (a *Artifact) SetPages(pages []Page) {
	a.Kind, a.Spans = KindPages, nil
	all := a.Entries
	a.Entries = nil
	seen := map[[32]byte]bool{}
	for i := range pages {
		p := &pages[i]
		hash := sha256.Sum256(p.Content[:])
		lo := sort.Search(len(all), func(i int) bool { return all[i].PC >= p.VAddr })
		hi := sort.Search(len(all), func(i int) bool { return all[i].PC >= p.VAddr+abi.PageSize })
		if lo == hi || seen[hash] {
			continue
		}
		seen[hash] = true
		a.Pages = append(a.Pages, abi.CodePage{Hash: hash, First: uint32(len(a.Entries)), N: uint32(hi - lo)})
		for _, e := range all[lo:hi] {
			e.PC -= p.VAddr
			a.Entries = append(a.Entries, e)
		}
	}
	sort.Slice(a.Pages, func(i, j int) bool { return string(a.Pages[i].Hash[:]) < string(a.Pages[j].Hash[:]) })
}
