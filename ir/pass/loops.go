package pass

import (
	"maps"
	"slices"

	"axpress/ir"
)

// innermost says which blocks, by index in the order of c, lie in a loop that has no
// loop inside. Loops are natural ones: an edge back to a block that dominates its
// source. A loop with a second way in, such as one around a call, is none.
func innermost(c *ir.CFG) []bool {
	inner := make([]bool, len(c.Order))
	for _, l := range innerLoops(c) {
		for _, i := range l.body {
			inner[i] = true
		}
	}
	return inner
}

// innerLoop is a natural loop. Its body, header included, is in ascending order.
type innerLoop struct {
	header int32
	body   []int32
}

// innerLoops returns the loops that have no loop inside, in the order of their headers.
func innerLoops(c *ir.CFG) (loops []innerLoop) {
	header := make([]bool, len(c.Order))
	latches := map[int32][]int32{} // by header
	for i := range c.Order {
		h := int32(i)
		for _, p := range c.Preds[i] {
			if c.Dominates(h, p) {
				header[i] = true
				latches[h] = append(latches[h], p)
			}
		}
	}
	for i := range c.Order {
		h := int32(i)
		if !header[i] {
			continue
		}
		if body, nested := loopBody(c, h, latches[h], header); !nested {
			loops = append(loops, innerLoop{h, slices.Sorted(maps.Keys(body))})
		}
	}
	return loops
}

// loopBody returns the blocks of the loop that begins at h and ends at the blocks of
// latches, and whether there is another header among them.
func loopBody(c *ir.CFG, h int32, latches []int32, header []bool) (body map[int32]bool, nested bool) {
	body = map[int32]bool{h: true}
	work := latches
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		if body[i] {
			continue
		}
		body[i] = true
		nested = nested || header[i]
		work = append(work, c.Preds[i]...)
	}
	return body, nested
}
