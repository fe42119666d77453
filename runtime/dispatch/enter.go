package dispatch

import "axpress/runtime/abi"

// enter, resume and thunkTable are in enter_amd64.s.

//go:noescape
func enter(s *abi.State)

//go:noescape
func resume(s *abi.State)

//go:noescape
func thunkTable(t *[abi.NumThunks]uint64)

// hostFaultHandler returns the address of the signal handler.
func hostFaultHandler() uint64
