package ir

// How far a unit goes without a poll.
//
// A run that is to end does so at the next poll, so the guest must not go on for long
// without one. What polls are three things: OpPoll, a return (see CFG.ReturnPolls), and
// whatever looks up or enters a unit: the lookup asks first, and the places where units
// are entered without a lookup, the entries of calls, begin with an OpPoll, or have at
// most CallEntryInsts instructions before it.
//
// A path that is free of polls therefore has two parts at most: from a poll to a return
// that does not poll, and from the place behind the call in the caller to the next poll.
// The second part cannot end in such a return, as a call has come back on it. Each part
// is PollFree instructions long at most (pass bound), and both together half as many as
// the runtime allows (abi.PollReach).

const (
	// PollFree is the most guest instructions that a unit retires between polls.
	PollFree = 512
	// CallEntryInsts is how many instructions are before the poll where calls enter.
	CallEntryInsts = 2
)

// Polls says whether b has a poll.
func (b *Block) Polls() bool {
	for _, v := range b.Vals {
		if v.Op == OpPoll {
			return true
		}
	}
	return false
}

// ReturnPolls says, by index in Order, which blocks end in a return that polls: those
// that a call may have come back before, without a poll since. Others need none, as the
// last poll was in this unit, or where it was entered. So leaves have none, nor what
// returns early.
func (c *CFG) ReturnPolls() []bool {
	polls := make([]bool, len(c.Order))
	back := make([]bool, len(c.Order))
	var work []int32
	reach := func(i int32) {
		if !back[i] {
			back[i] = true
			work = append(work, i)
		}
	}
	for _, b := range c.Order {
		if b.Term.Kind == TermCall {
			reach(c.Index[b.Term.Succs[0].Block.ID])
		}
	}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		b := c.Order[i]
		if b.Polls() {
			continue
		}
		polls[i] = b.Term.Kind == TermRet
		for _, s := range c.Succs[i] {
			reach(s)
		}
	}
	return polls
}
