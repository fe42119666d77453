package machine

import (
	"axpress/runtime/abi"
	"axpress/runtime/interp"
	"axpress/runtime/vcpu"
)

// NewInterpreter makes the interpreter the engine of c: Config.NewEngine for runs
// without translated code.
func NewInterpreter(c *CPU) (vcpu.Engine, error) {
	e := &interpreter{c: c}
	e.CPU = interp.New(c.S, c.MMU, interp.Config{Cycles: c.Cycles, Model: c.Model, Exclusive: c.Exclusive})
	return e, nil
}

type interpreter struct {
	*interp.CPU
	c *CPU
}

// Stats implements Engine: everything a CPU retires is interpreted.
func (e *interpreter) Stats() map[string]uint64 {
	return map[string]uint64{"interpreted": uint64(e.c.S.Icount)}
}

// runFor runs e for n instructions; State.Limit is where that ends.
func runFor(e vcpu.Engine, n int64) abi.Exit {
	if exact, ok := e.(interface{ RunFor(n int64) abi.Exit }); ok {
		return exact.RunFor(n)
	}
	return e.Run()
}
