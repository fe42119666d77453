package hostcode

import (
	"container/heap"

	"axpress/runtime/abi"
)

// thunkBytes is the size of the jump to a thunk, of which there is one each at the
// beginning of the text (artifact.Link).
const thunkBytes = 8

// Thunk returns the name of the thunk that the code at at jumps to, "" if it is none.
func Thunk(at uint32) string {
	if at%thunkBytes == 0 && at/thunkBytes < abi.NumThunks {
		return abi.ThunkNames[at/thunkBytes]
	}
	return ""
}

// ShortestLoop returns the number of host instructions of the shortest way round a
// loop that calls no thunk, 0 if there is none. With one loop and code for rare cases
// this is what the loop costs; of nested loops it finds an inner one.
func (u *Unit) ShortestLoop() int {
	blocks, at := u.blocks()
	best := 0
	for i := range blocks {
		if blocks[i].slow || !blocks[i].backwards {
			continue
		}
		if n := shortestCycle(blocks, at, i, best); n > 0 && (best == 0 || n < best) {
			best = n
		}
	}
	return best
}

// block is a run of instructions entered at its start only.
type block struct {
	insts     int
	slow      bool // calls a thunk
	backwards bool // jumped to from further down
	succs     []uint32
}

// blocks cuts the unit into blocks, and returns their numbers by address.
func (u *Unit) blocks() (list []block, at map[uint32]int) {
	leaders, backwards := map[uint32]bool{u.Code: true}, map[uint32]bool{}
	jump := func(from, to uint32) {
		leaders[to] = true
		if to <= from {
			backwards[to] = true
		}
	}
	for i := range u.Insts {
		in := &u.Insts[i]
		switch in.Flow {
		case Jump, Cond:
			jump(in.At, in.Target)
		case Indirect:
			for _, t := range u.targets[in.At] {
				jump(in.At, t)
			}
		}
		if in.Flow != Next && in.Flow != Call {
			leaders[in.End()] = true
		}
	}
	at = map[uint32]int{}
	for i := range u.Insts {
		in := &u.Insts[i]
		if leaders[in.At] {
			at[in.At] = len(list)
			list = append(list, block{backwards: backwards[in.At]})
		}
		b := &list[len(list)-1]
		b.insts++
		b.slow = b.slow || in.Flow == Call && Thunk(in.Target) != ""
		switch in.Flow {
		case Next, Call:
			if leaders[in.End()] {
				b.succs = append(b.succs, in.End())
			}
		case Jump:
			b.succs = append(b.succs, in.Target)
		case Cond:
			b.succs = append(b.succs, in.Target, in.End())
		case Indirect:
			b.succs = append(b.succs, u.targets[in.At]...)
		}
	}
	return list, at
}

// shortestCycle returns the number of instructions of the shortest way from the block
// start back to it, 0 if there is none that is shorter than limit (0: no limit).
func shortestCycle(blocks []block, at map[uint32]int, start, limit int) int {
	far := map[int]int{}
	q := &queue{}
	reach := func(from block, distance int) {
		for _, s := range from.succs {
			i, inside := at[s]
			if !inside || blocks[i].slow || limit > 0 && distance >= limit {
				continue
			}
			if old, seen := far[i]; !seen || distance < old {
				far[i] = distance
				heap.Push(q, queued{i, distance})
			}
		}
	}
	reach(blocks[start], blocks[start].insts)
	for q.Len() > 0 {
		b := heap.Pop(q).(queued)
		if b.block == start {
			return b.distance
		}
		if far[b.block] == b.distance {
			reach(blocks[b.block], b.distance+blocks[b.block].insts)
		}
	}
	return 0
}

// queue is a heap of blocks to go on from, the nearest first.
type queue []queued

type queued struct{ block, distance int }

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, k int) bool { return q[i].distance < q[k].distance }
func (q queue) Swap(i, k int)      { q[i], q[k] = q[k], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(queued)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
