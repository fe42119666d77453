package lift

import (
	"encoding/binary"
	"errors"
	"testing"

	"axpress/ir"
	"axpress/lifter/discover"
)

// TestMalformed: what is no unit is refused.
func TestMalformed(t *testing.T) {
	block := func(start, end uint64) discover.Block { return discover.Block{Start: start, End: end} }
	for name, fn := range map[string]*discover.Function{
		"no blocks":    {Start: 0x1000},
		"empty block":  {Start: 0x1000, Blocks: []discover.Block{block(0x1000, 0x1000)}},
		"misaligned":   {Start: 0x1002, Blocks: []discover.Block{block(0x1002, 0x1006)}},
		"overlap":      {Start: 0x1000, Blocks: []discover.Block{block(0x1000, 0x1008), block(0x1004, 0x100c)}},
		"unsorted":     {Start: 0x1000, Blocks: []discover.Block{block(0x1008, 0x100c), block(0x1000, 0x1004)}},
		"start inside": {Start: 0x1004, Blocks: []discover.Block{block(0x1000, 0x1008)}},
		"entry inside": {Start: 0x1000, Entries: []uint64{0x1000, 0x1004}, Blocks: []discover.Block{block(0x1000, 0x1008)}},
	} {
		if f, err := Lift(fn, words{}, Options{}); !errors.Is(err, ErrFunction) || f != nil {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

// TestMissingCode: where there are no words, the interpreter is asked.
func TestMissingCode(t *testing.T) {
	fn := &discover.Function{Start: 0x9000, Blocks: []discover.Block{{Start: 0x9000, End: 0x9008}}}
	f := liftUnit(t, fn, words{}, Options{})
	for _, b := range f.Blocks {
		if b.Term.Kind != ir.TermInterpret {
			t.Errorf("%v ends in %v", b, b.Term.Kind)
		}
	}
}

// FuzzLift: any words give a unit that satisfies the verifier.
func FuzzLift(f *testing.F) {
	f.Add([]byte{0x1f, 0x04, 0xff, 0x47, 0x00, 0x00, 0xe0, 0xc3}, true)
	f.Add([]byte{0x35, 0, 0, 0, 0x83, 0, 0, 0, 0x01, 0x80, 0xfa, 0x6b}, false)
	f.Fuzz(func(t *testing.T, data []byte, kernel bool) {
		var code words
		for len(data) >= 4 && len(code) < 64 {
			code = append(code, binary.LittleEndian.Uint32(data))
			data = data[4:]
		}
		if len(code) > 0 {
			liftUnit(t, unit(code), code, Options{Kernel: kernel, Relocatable: !kernel})
		}
	})
}
