package profile

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
)

// Format names the file's format; a file that says otherwise is refused.
const Format = "axpress profile 1"

// ErrFormat is wrapped by the refusal of a file that is no profile.
var ErrFormat = errors.New("not a profile that 'axpress run --profile-out' wrote")

// Hash identifies a guest file: image.Image.Hash.
type Hash [32]byte

// String returns h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Unit is what a profile knows of one unit.
type Unit struct {
	Name         string // for people only
	Instructions uint64 // retired in it
}

// Image is what a profile knows of one guest file.
type Image struct {
	Name  string          // for people only
	Units map[uint64]Unit // by the address of the unit's first entry
}

// Profile says how many instructions were retired in which units. The zero value is
// an empty one. It must not be used by several goroutines at once if one of them
// changes it.
type Profile struct {
	images map[Hash]*Image
}

// Add adds n instructions to the unit of file h whose first entry is at entry. The
// names are kept for people; the first that is given stays.
func (p *Profile) Add(h Hash, file string, entry uint64, unit string, n uint64) {
	if p.images == nil {
		p.images = map[Hash]*Image{}
	}
	img := p.images[h]
	if img == nil {
		img = &Image{Name: file, Units: map[uint64]Unit{}}
		p.images[h] = img
	}
	u, known := img.Units[entry]
	if !known {
		u.Name = unit
	}
	u.Instructions += n
	img.Units[entry] = u
}

// Merge adds q to p: the profile of both runs.
func (p *Profile) Merge(q *Profile) {
	for h, img := range q.images {
		for entry, u := range img.Units {
			p.Add(h, img.Name, entry, u.Name, u.Instructions)
		}
	}
}

// Image returns what p knows of file h, nil if nothing. It must not be changed.
func (p *Profile) Image(h Hash) *Image { return p.images[h] }

// Total is the number of instructions in p.
func (p *Profile) Total() (n uint64) {
	for _, img := range p.images {
		for _, u := range img.Units {
			n += u.Instructions
		}
	}
	return n
}

// place is a unit of any file.
type place struct {
	hash  Hash
	entry uint64
	n     uint64
}

// Hot returns the entries of those units of file h that belong to the fewest units,
// of all files, which together make share (0 to 1) of all instructions; sorted. A
// unit without instructions is never hot.
func (p *Profile) Hot(h Hash, share float64) (entries []uint64) {
	var all []place
	for hash, img := range p.images {
		for entry, u := range img.Units {
			if u.Instructions > 0 {
				all = append(all, place{hash, entry, u.Instructions})
			}
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.n, a.n), slices.Compare(a.hash[:], b.hash[:]), cmp.Compare(a.entry, b.entry))
	})
	want, sum := share*float64(p.Total()), 0.0
	for _, u := range all {
		if sum >= want {
			break
		}
		sum += float64(u.n)
		if u.hash == h {
			entries = append(entries, u.entry)
		}
	}
	slices.Sort(entries)
	return entries
}

// The file.
type (
	fileJSON struct {
		Format string      `json:"format"`
		Images []imageJSON `json:"images"`
	}
	imageJSON struct {
		Hash  string     `json:"hash"`
		Name  string     `json:"name"`
		Units []unitJSON `json:"units"`
	}
	unitJSON struct {
		Entry        string `json:"entry"`
		Name         string `json:"name"`
		Instructions uint64 `json:"instructions"`
	}
)

// Write writes p to w: images by their hash, units from the hottest down. Equal
// profiles give equal bytes.
func (p *Profile) Write(w io.Writer) error {
	f := fileJSON{Format: Format, Images: []imageJSON{}}
	hashes := slices.SortedFunc(maps.Keys(p.images), func(a, b Hash) int { return slices.Compare(a[:], b[:]) })
	for _, h := range hashes {
		img := p.images[h]
		out := imageJSON{Hash: h.String(), Name: img.Name, Units: []unitJSON{}}
		entries := slices.SortedFunc(maps.Keys(img.Units), func(a, b uint64) int {
			return cmp.Or(cmp.Compare(img.Units[b].Instructions, img.Units[a].Instructions), cmp.Compare(a, b))
		})
		for _, entry := range entries {
			u := img.Units[entry]
			out.Units = append(out.Units, unitJSON{fmt.Sprintf("%#x", entry), u.Name, u.Instructions})
		}
		f.Images = append(f.Images, out)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(f)
}

// Load reads the profile in the file at path. What is no profile gives an error that
// wraps ErrFormat and says what is wrong.
func Load(path string) (*Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Read reads a profile, as Load does.
func Read(r io.Reader) (*Profile, error) {
	var f fileJSON
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	if f.Format != Format {
		return nil, fmt.Errorf("%w: its format is %q, not %q", ErrFormat, f.Format, Format)
	}
	p := &Profile{}
	for _, img := range f.Images {
		var h Hash
		if raw, err := hex.DecodeString(img.Hash); err != nil || copy(h[:], raw) != len(h) || len(raw) != len(h) {
			return nil, fmt.Errorf("%w: hash %q of %s is no SHA-256", ErrFormat, img.Hash, img.Name)
		}
		for _, u := range img.Units {
			entry, err := strconv.ParseUint(u.Entry, 0, 64)
			if err != nil {
				return nil, fmt.Errorf("%w: entry %q of %s is no address", ErrFormat, u.Entry, img.Name)
			}
			p.Add(h, img.Name, entry, u.Name, u.Instructions)
		}
	}
	return p, nil
}
