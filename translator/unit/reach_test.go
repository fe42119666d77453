package unit

import (
	"os"
	"testing"

	"axpress/ir"
	"axpress/ir/pass"
	"axpress/lifter/image"
	"axpress/runtime/abi"
)

// A path without polls may have two parts, see package ir, and an instruction beyond them.
func TestPartsOfPath(t *testing.T) {
	if 2*ir.PollFree > abi.PollReach {
		t.Errorf("a part has %d instructions, both may have %d", ir.PollFree, abi.PollReach)
	}
}

// All functions of a whole kernel poll often enough, at both settings.
func TestKernelPolls(t *testing.T) {
	path := os.Getenv("AXPRESS_GUEST_KERNEL")
	if path == "" {
		t.Skip("AXPRESS_GUEST_KERNEL names no kernel")
	}
	img, err := image.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, full := range map[string]bool{"cheap": false, "full": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Find(img, Options{Full: full})
			if err != nil {
				t.Fatal(err)
			}
			most, polled, returns := int64(0), 0, 0
			for _, f := range s.Functions {
				u, err := s.Make(f)
				if err != nil {
					t.Errorf("%s: %v", f.Name, err)
					continue
				}
				n, err := pass.Reach(u)
				if err != nil || n > ir.PollFree {
					t.Errorf("%s @%#x: %d instructions without a poll, %v", f.Name, f.Start, n, err)
				}
				most = max(most, n)
				for _, c := range f.calls {
					if b := u.Entries[c.index].Block; !pollsSoon(b) {
						t.Errorf("%s: calls enter at %#x, and nothing polls there", f.Name, c.pc)
					}
				}
				c := ir.NewCFG(u)
				for i, polls := range c.ReturnPolls() {
					if c.Order[i].Term.Kind == ir.TermRet {
						returns++
						if polls {
							polled++
						}
					}
				}
			}
			t.Logf("%d functions, at most %d instructions without a poll; %d of %d returns poll", len(s.Functions), most, polled, returns)
		})
	}
}

// pollsSoon says whether there is a poll behind ir.CallEntryInsts instructions from the
// beginning of b at the latest.
func pollsSoon(b *ir.Block) bool {
	for n := int64(0); n <= ir.CallEntryInsts; b = b.Term.Succs[0].Block {
		for _, v := range b.Vals {
			switch v.Op {
			case ir.OpPoll:
				return n <= ir.CallEntryInsts
			case ir.OpRetire:
				n += v.Imm
			}
		}
		if b.Term.Kind != ir.TermJump {
			return false
		}
	}
	return false
}
