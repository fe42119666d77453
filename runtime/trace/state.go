package trace

import (
	"sync/atomic"

	"axpress/runtime/abi"
)

// archState is a copy of the architectural part of a State, and of its limit.
type archState struct {
	abi.Arch
	limit int64
}

// take copies s.
func (a *archState) take(s *abi.State) {
	a.Take(s)
	a.limit = atomic.LoadInt64(&s.Limit)
}
