package clipper

import "axpress/runtime/device"

// wiredOr makes a line for one of several functions of a slot that share an
// interrupt pin: the pin is asserted while any of them asserts it.
func (p *Platform) wiredOr(bit int) device.Line {
	if p.pins == nil {
		p.pins = map[int]int{}
	}
	out := p.Chipset.DRIR(bit)
	was := false
	return device.LineFunc(func(level bool) {
		if level == was {
			return
		}
		was = level
		if level {
			p.pins[bit]++
		} else {
			p.pins[bit]--
		}
		out.Set(p.pins[bit] > 0)
	})
}
