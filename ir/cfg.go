package ir

// CFG is the flow graph inside a Func: the blocks reachable from its entries,
// their predecessors and dominators. The edges are those of Jump, Br and Switch;
// the continuation of a Call is an entry of its own, reached through the guest
// state. It does not follow later changes of the Func.
type CFG struct {
	// Order holds the reachable blocks in reverse postorder; a block is meant by
	// its index in Order below.
	Order []*Block
	// Index maps Block.ID to the index in Order, -1 for unreachable blocks.
	Index []int32
	// Succs and Preds hold one element per edge, so a block may occur twice.
	Succs [][]int32
	Preds [][]int32
	// Entry says which blocks are entries.
	Entry []bool
	// Idom is the immediate dominator, always smaller than the block's own index;
	// -1 for the common root above all entries.
	Idom []int32

	pre, post []int32 // interval of the dominator tree
}

// Flows says whether t has edges along which values flow (see CFG).
func (t *Term) Flows() bool {
	return t.Kind == TermJump || t.Kind == TermBr || t.Kind == TermSwitch
}

// NewCFG analyses f. The entries and edges of f must be well formed.
func NewCFG(f *Func) *CFG {
	c := &CFG{Index: make([]int32, f.nextBlock)}
	for i := range c.Index {
		c.Index[i] = -1
	}
	c.order(f)
	n := len(c.Order)
	c.Succs, c.Preds = make([][]int32, n), make([][]int32, n)
	c.Entry = make([]bool, n)
	for _, e := range f.Entries {
		c.Entry[c.Index[e.Block.ID]] = true
	}
	c.edges()
	c.dominators()
	c.intervals()
	return c
}

// order fills Order and Index by a depth-first walk from the entries.
func (c *CFG) order(f *Func) {
	type frame struct {
		b    *Block
		next int
	}
	var stack []frame
	post := make([]*Block, 0, len(f.Blocks))
	const onStack = -2
	// The last entry is walked first, so that the first is first in Order.
	for i := len(f.Entries) - 1; i >= 0; i-- {
		if b := f.Entries[i].Block; c.Index[b.ID] == -1 {
			c.Index[b.ID] = onStack
			stack = append(stack, frame{b, 0})
		}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			s := top.b.Term.flowSucc(top.next)
			if s == nil {
				post = append(post, top.b)
				stack = stack[:len(stack)-1]
				continue
			}
			top.next++
			if c.Index[s.ID] == -1 {
				c.Index[s.ID] = onStack
				stack = append(stack, frame{s, 0})
			}
		}
	}
	c.Order = make([]*Block, len(post))
	for i, b := range post {
		n := len(post) - 1 - i
		c.Order[n] = b
		c.Index[b.ID] = int32(n)
	}
}

// flowSucc returns the i-th block that values flow to, nil after the last. The
// order is backward, which makes the first successor come first in Order.
func (t *Term) flowSucc(i int) *Block {
	if !t.Flows() {
		return nil
	}
	if i < len(t.Cases) {
		return t.Cases[len(t.Cases)-1-i].Edge.Block
	}
	if i -= len(t.Cases); i < len(t.Succs) {
		return t.Succs[len(t.Succs)-1-i].Block
	}
	return nil
}

func (c *CFG) edges() {
	for i, b := range c.Order {
		if !b.Term.Flows() {
			continue
		}
		b.Term.Edges(func(e *Edge) {
			s := c.Index[e.Block.ID]
			c.Succs[i] = append(c.Succs[i], s)
			c.Preds[s] = append(c.Preds[s], int32(i))
		})
	}
}

// dominators fills Idom by the iterative algorithm of Cooper, Harvey and Kennedy
// ("A Simple, Fast Dominance Algorithm").
func (c *CFG) dominators() {
	const unknown = -2
	c.Idom = make([]int32, len(c.Order))
	for i := range c.Idom {
		c.Idom[i] = unknown
		if c.Entry[i] {
			c.Idom[i] = -1
		}
	}
	for changed := true; changed; {
		changed = false
		for i := range c.Order {
			if c.Entry[i] {
				continue
			}
			dom := int32(unknown)
			for _, p := range c.Preds[i] {
				switch {
				case c.Idom[p] == unknown:
				case dom == unknown:
					dom = p
				default:
					dom = c.intersect(dom, p)
				}
			}
			if c.Idom[i] != dom {
				c.Idom[i] = dom
				changed = true
			}
		}
	}
}

// intersect returns the nearest common dominator; the root is -1, below every index.
func (c *CFG) intersect(a, b int32) int32 {
	for a != b {
		if a > b {
			a = c.Idom[a]
		} else {
			b = c.Idom[b]
		}
	}
	return a
}

// intervals numbers the dominator tree so that Dominates is two comparisons.
// Children have larger indices than their parents: sizes add up backward, and
// positions are dealt out forward.
func (c *CFG) intervals() {
	n := len(c.Order)
	c.pre, c.post = make([]int32, n), make([]int32, n)
	size := make([]int32, n)
	for i := n - 1; i >= 0; i-- {
		size[i]++
		if p := c.Idom[i]; p >= 0 {
			size[p] += size[i]
		}
	}
	next := make([]int32, n) // next free position inside a block's interval
	root := int32(0)
	for i := range c.Order {
		at := &root
		if p := c.Idom[i]; p >= 0 {
			at = &next[p]
		}
		c.pre[i] = *at
		c.post[i] = *at + size[i]
		*at += size[i]
		next[i] = c.pre[i] + 1
	}
}

// Dominates says whether every path from an entry to block b goes through
// block a; a block dominates itself.
func (c *CFG) Dominates(a, b int32) bool {
	return c.pre[a] <= c.pre[b] && c.pre[b] < c.post[a]
}

// TreeOrder returns the place of block b in a preorder walk of the dominator
// tree: smaller than those of the blocks that b dominates.
func (c *CFG) TreeOrder(b int32) int { return int(c.pre[b]) }
