package discover

import (
	"errors"
	"fmt"
	"sort"

	"axpress/lifter/image"
)

// EndKind says how a block ends.
type EndKind uint8

// The ways in which a block ends. Unless the kind says that control does not
// come back, execution may continue at Block.End.
const (
	EndFall      EndKind = iota // runs into the block at End, which may be in another unit
	EndCond                     // conditional branch to Target or End
	EndBranch                   // BR (BSR with Ra 31) to Target
	EndCall                     // BSR (BR that keeps a return address) to Target; returns to End
	EndCallReg                  // JSR (JMP that keeps a return address); returns to End
	EndJump                     // JMP (JSR with Ra 31): a jump table, a computed goto, or a tail call
	EndReturn                   // RET
	EndCoroutine                // JSR_COROUTINE; comes back to End
	EndPAL                      // CALL_PAL; continues at End
	EndPALStop                  // CALL_PAL that does not continue at End: rti, retsys, bugchk
	EndTrap                     // a word that is no instruction: opDEC; it is the block's last word
	numEndKinds
)

var endNames = [numEndKinds]string{"fall", "cond", "branch", "call", "callreg", "jump", "return", "coroutine", "pal", "palstop", "trap"}

// String returns the kind in lower case.
func (k EndKind) String() string {
	if int(k) < len(endNames) {
		return endNames[k]
	}
	return fmt.Sprintf("end(%d)", uint8(k))
}

// Block is a run of instructions that is entered at Start and left at its end.
type Block struct {
	Start, End uint64 // guest addresses; End is exclusive
	Kind       EndKind
	// Target is where a direct branch or call goes, inside the unit or not; 0
	// where the kind has no such thing.
	Target uint64
	// Succs are the starts of the blocks of this unit that may follow, the
	// return site of a call included; sorted, each once.
	Succs []uint64
	// JumpTable has all targets of an EndJump that was resolved, sorted, each
	// once, inside the unit (then also in Succs) or not; nil if unresolved.
	JumpTable []uint64
}

// Function is one unit of translation: a guest function, or the part of one
// that lies in a page or was split off for its size.
type Function struct {
	Name   string
	Start  uint64 // guest address of the primary entry
	Parent uint64 // start of the guest function that this unit is part of; Start if it is that function's first unit
	// GP is the value of $29 while the function's code runs, 0 if unknown: from
	// its ldgp, else from the nearest function before it that has one. A guess.
	GP     uint64
	Blocks []Block // sorted by Start; they do not overlap
	// Entries are the block starts that must be enterable from the dispatcher:
	// Start, then, sorted, branch and call targets of other units, return sites,
	// PCs after CALL_PAL, loop headers, hints, and labels whose address is taken.
	Entries []uint64
	// CallGuess has, by PC of a JSR or JMP, the target that constants in the
	// image make likely. It is a guess: compare at run time.
	CallGuess map[uint64]uint64
}

// Code supplies instruction words. It says false outside of executable memory
// that the file supplies, and for a misaligned address. *image.Image is one.
type Code interface {
	Word(va uint64) (uint32, bool)
}

var _ Code = (*image.Image)(nil)

// DefaultMaxFunction is what Options.MaxFunction 0 means, in instructions.
const DefaultMaxFunction = 4000

// Options are what Discover can be told. The zero value suits a kernel.
type Options struct {
	Hints       []uint64 // addresses that earlier runs entered; what is no code is ignored
	MaxFunction int      // split functions of more instructions than this; 0: DefaultMaxFunction
	// PageLimited makes units that do not cross pages of image.PageSize bytes,
	// as for userland, whose translations are found by the content of a page.
	PageLimited bool
}

// Unresolved is a jump or branch whose target is not known.
type Unresolved struct {
	PC       uint64
	Function string // name of the unit
	Reason   string
}

// Stats counts what was found.
type Stats struct {
	Functions, Blocks, Entries int
	Text                       int // words in executable sections
	Instructions               int // words that belong to blocks
	Padding                    int // words that belong to no block and do nothing: nop, unop, fnop, zero
	Data                       int // words after bugchk, where a kernel keeps its message
	Missed                     int // words that belong to no block and are none of these
	JumpTables                 int // resolved indirect jumps
	Unbounded                  int // of these, tables whose length had to be guessed from their contents
	TailJumps                  int // JMP through $27: calls in tail position
	Unresolved                 int
	RegCalls, Guessed          int // JSRs, and those with a guess
	Rounds                     int
}

// Coverage returns the part of the text, padding and data excluded, that belongs
// to blocks: 0 to 1.
func (s *Stats) Coverage() float64 {
	if s.Instructions == 0 {
		return 0
	}
	return float64(s.Instructions) / float64(s.Text-s.Padding-s.Data)
}

// Result is what Discover found.
type Result struct {
	Functions  []*Function // sorted by the address of their first block
	Unresolved []Unresolved
	Stats      Stats
}

// ErrNoCode says that an image has no executable bytes, or that no function was found in them.
var ErrNoCode = errors.New("no code")

// maxRounds bounds how often new finds are analysed for further finds. Real
// programs need three to six rounds; what later ones would find becomes hints.
const maxRounds = 32

// Discover finds the functions of an image. The only error is ErrNoCode.
func Discover(img *image.Image, o Options) (*Result, error) {
	if o.MaxFunction <= 0 {
		o.MaxFunction = DefaultMaxFunction
	}
	code := newCodeMap(img) // every executable word has an index
	if code.n == 0 {
		return nil, fmt.Errorf("discover: %s: %w in its %d segments; give a program, not data", img.Name, ErrNoCode, len(img.Segments))
	}
	f := &finder{img: img, code: code, opt: o, infos: map[int]*funcInfo{}, blockAt: make([]int32, code.n), consts: constants(img)}
	f.seed()
	f.explore()
	for f.rounds = 1; f.rounds < maxRounds; f.rounds++ {
		f.analyse()
		if f.explore() {
			continue
		}
		// Only when nothing else is left to follow are weaker signs believed.
		if f.addPointers(); f.explore() {
			continue
		}
		if f.addGaps(); !f.explore() {
			break
		}
	}
	f.analyse()
	if len(f.funcs) == 0 {
		return nil, fmt.Errorf("discover: %s: %w: no function was found in its %d executable words; give a program, not data", img.Name, ErrNoCode, code.n)
	}
	return f.result(), nil
}

// finder is the state of one Discover.
type finder struct {
	img     *image.Image
	code    *codeMap
	opt     Options
	work    []int // code indexes to follow
	grew    bool  // something was reached since explore was last called
	rounds  int
	names   map[int]string // of function symbols, by code index
	labels  map[int]string // of other symbols
	relocs  []uint64       // addresses that relocations put into data
	consts  []span         // where constants are
	hasSyms bool           // function symbols cover (nearly) all code
	gp0     uint64         // $29 where nothing better is known

	funcs   []*funcInfo       // in address order, from the last partition
	infos   map[int]*funcInfo // by start
	blockAt []int32           // by code index: number of the block that starts here, in the function at hand
	flow    flowState         // scratch
}

// partition cuts the reached code into functions at the starts known by now.
func (f *finder) partition() {
	f.funcs = f.funcs[:0]
	gp := f.gp0
	for a := range f.code.areas {
		area := &f.code.areas[a]
		var cur *funcInfo
		reached, blocks := 0, 0
		first, end := area.first, area.first+area.n
		flush := func(end int) {
			if cur == nil {
				return
			}
			if cur.end != end || cur.reached != reached || cur.marks != blocks || cur.gp != gp {
				cur.end, cur.reached, cur.marks, cur.gp = end, reached, blocks, gp
				cur.stale = true
			}
			f.funcs = append(f.funcs, cur)
		}
		for i := first; i < end; i++ {
			m := f.code.mark[i]
			if m&mReached == 0 {
				continue
			}
			if m&mStart != 0 || cur == nil {
				flush(i)
				f.code.mark[i] |= mStart | mBlock
				cur = f.infos[i]
				if cur == nil {
					cur = &funcInfo{start: i, stale: true}
					f.infos[i] = cur
				}
				reached, blocks = 0, 0
				if g, ok := f.prologueGP(i); ok {
					gp = g
				}
			}
			reached++
			if m&(mBlock|mStart) != 0 {
				blocks++
			}
		}
		flush(end)
	}
}

// funcAt returns the function of the last partition that contains index i, or nil.
func (f *finder) funcAt(i int) *funcInfo {
	k := sort.Search(len(f.funcs), func(k int) bool { return f.funcs[k].start > i }) - 1
	if k < 0 || i >= f.funcs[k].end {
		return nil
	}
	return f.funcs[k]
}

// analyse brings every function whose code changed up to date: blocks,
// constants, jump tables, guesses. What that finds is queued for explore.
func (f *finder) analyse() {
	f.partition()
	for _, fn := range f.funcs {
		if fn.stale {
			fn.stale = false
			f.analyseFunc(fn)
		}
	}
}
