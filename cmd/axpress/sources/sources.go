package sources

import (
	"cmp"
	"debug/dwarf"
	"errors"
	"io"
	"slices"
)

// Frame is a place in the source.
type Frame struct {
	Function string // "": the code is of no function that is described, as in assembler
	File     string // as the compiler wrote it: a path on the machine that it ran on
	Line     int    // the place in Function: of the code, or of the call of the frame before
	Start    int    // line where Function is declared; 0: not known
}

// Lines finds places. It must not be used by several goroutines at once.
type Lines struct {
	data  *dwarf.Data
	units []reach
	read  map[dwarf.Offset]*unit
}

// reach is a range of addresses of one unit.
type reach struct {
	low, high uint64 // high is exclusive
	entry     *dwarf.Entry
}

// unit is a unit of compilation that has been read.
type unit struct {
	rows      []dwarf.LineEntry // by address
	files     []*dwarf.LineFile
	functions []*scope
}

// scope is a function, or one that was inlined into another.
type scope struct {
	ranges             [][2]uint64
	name               string
	start              int // line of the declaration
	callFile, callLine int // where it was inlined
	inlined            []*scope
}

// New finds the units in d. Damaged data give an error.
func New(d *dwarf.Data) (*Lines, error) {
	l := &Lines{data: d, read: map[dwarf.Offset]*unit{}}
	for r := d.Reader(); ; r.SkipChildren() {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		ranges, err := d.Ranges(e)
		if err != nil {
			return nil, err
		}
		for _, at := range ranges {
			l.units = append(l.units, reach{at[0], at[1], e})
		}
	}
	slices.SortFunc(l.units, func(a, b reach) int { return cmp.Compare(a.low, b.low) })
	return l, nil
}

// Frames returns where the code at pc is from, innermost first, none if that is not
// described. Damaged data give an error.
func (l *Lines) Frames(pc uint64) ([]Frame, error) {
	i, found := slices.BinarySearchFunc(l.units, pc, func(r reach, pc uint64) int { return cmp.Compare(r.low, pc) })
	if !found {
		i--
	}
	if i < 0 || pc >= l.units[i].high {
		return nil, nil
	}
	u, err := l.unit(l.units[i].entry)
	if err != nil {
		return nil, err
	}
	return u.frames(pc), nil
}

// unit reads the unit that e begins.
func (l *Lines) unit(e *dwarf.Entry) (*unit, error) {
	if u := l.read[e.Offset]; u != nil {
		return u, nil
	}
	u := &unit{}
	l.read[e.Offset] = u
	lines, err := l.data.LineReader(e)
	if err != nil || lines == nil {
		return u, err
	}
	for {
		var row dwarf.LineEntry
		if err := lines.Next(&row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return u, err
		}
		u.rows = append(u.rows, row)
	}
	u.files = lines.Files()
	// The end of a sequence is where another one may begin.
	slices.SortStableFunc(u.rows, func(a, b dwarf.LineEntry) int {
		if a.Address == b.Address && a.EndSequence != b.EndSequence {
			if a.EndSequence {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Address, b.Address)
	})
	if !e.Children {
		return u, nil
	}
	r := l.data.Reader()
	r.Seek(e.Offset)
	if _, err := r.Next(); err != nil {
		return u, err
	}
	u.functions, err = l.scopes(r, dwarf.TagSubprogram)
	return u, err
}

// scopes reads the rest of the siblings at r, and what is below them: the scopes with the
// tag, which those that are no scopes may be around.
func (l *Lines) scopes(r *dwarf.Reader, tag dwarf.Tag) (list []*scope, err error) {
	for {
		e, err := r.Next()
		if err != nil || e == nil || e.Tag == 0 {
			return list, err
		}
		if e.Tag == tag {
			s, err := l.scope(r, e)
			if err != nil {
				return list, err
			}
			if len(s.ranges) > 0 {
				list = append(list, s)
			}
			continue
		}
		if !e.Children {
			continue
		}
		if e.Tag == dwarf.TagLexDwarfBlock || e.Tag == dwarf.TagNamespace || e.Tag == dwarf.TagClassType || e.Tag == dwarf.TagStructType {
			below, err := l.scopes(r, tag)
			if err != nil {
				return list, err
			}
			list = append(list, below...)
			continue
		}
		r.SkipChildren()
	}
}

// scope reads the scope that e describes, and what is inlined in it.
func (l *Lines) scope(r *dwarf.Reader, e *dwarf.Entry) (s *scope, err error) {
	s = &scope{callFile: number(e, dwarf.AttrCallFile), callLine: number(e, dwarf.AttrCallLine)}
	if s.ranges, err = l.data.Ranges(e); err != nil {
		return nil, err
	}
	if e.Children && len(s.ranges) == 0 {
		r.SkipChildren()
	} else if e.Children {
		if s.inlined, err = l.scopes(r, dwarf.TagInlinedSubroutine); err != nil {
			return nil, err
		}
	}
	if len(s.ranges) > 0 {
		err = l.name(s, e)
	}
	return s, err
}

// name finds name and line in e or in what it refers to.
func (l *Lines) name(s *scope, e *dwarf.Entry) error {
	const deepest = 8 // references after one another; compilers need two
	for range deepest {
		if name, ok := e.Val(dwarf.AttrName).(string); ok && s.name == "" {
			s.name = name
		}
		if s.start == 0 {
			s.start = number(e, dwarf.AttrDeclLine)
		}
		to, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			to, ok = e.Val(dwarf.AttrSpecification).(dwarf.Offset)
		}
		if !ok || s.name != "" && s.start != 0 {
			return nil
		}
		r := l.data.Reader()
		r.Seek(to)
		var err error
		if e, err = r.Next(); err != nil || e == nil {
			return err
		}
	}
	return nil
}

func number(e *dwarf.Entry, a dwarf.Attr) int {
	n, _ := e.Val(a).(int64)
	return int(n)
}

// frames returns the frames of the code at pc.
func (u *unit) frames(pc uint64) []Frame {
	i, _ := slices.BinarySearchFunc(u.rows, pc, func(r dwarf.LineEntry, pc uint64) int {
		if r.Address <= pc {
			return -1
		}
		return 1
	})
	if i--; i < 0 || u.rows[i].EndSequence || u.rows[i].File == nil || u.rows[i].Line == 0 {
		return nil
	}
	at := Frame{File: u.rows[i].File.Name, Line: u.rows[i].Line}
	var frames []Frame
	chain := inside(u.functions, pc)
	for k := len(chain) - 1; k >= 0; k-- {
		s := chain[k]
		at.Function, at.Start = s.name, s.start
		frames = append(frames, at)
		if k == 0 {
			break
		}
		if s.callFile < 0 || s.callFile >= len(u.files) || u.files[s.callFile] == nil || s.callLine == 0 {
			return frames
		}
		at = Frame{File: u.files[s.callFile].Name, Line: s.callLine}
	}
	if len(frames) == 0 {
		frames = []Frame{at}
	}
	return frames
}

// inside returns the scopes that pc is in, outermost first.
func inside(scopes []*scope, pc uint64) (chain []*scope) {
	for {
		i := slices.IndexFunc(scopes, func(s *scope) bool {
			return slices.ContainsFunc(s.ranges, func(r [2]uint64) bool { return r[0] <= pc && pc < r[1] })
		})
		if i < 0 {
			return chain
		}
		chain = append(chain, scopes[i])
		scopes = scopes[i].inlined
	}
}
