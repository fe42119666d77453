package e2e

import (
	"testing"

	"axpress/bench/guest"
)

// BenchmarkBoot measures a boot to userland and the power-off, in wall time of the
// whole command, with everything translated before:
//
//	go test -run '^$' -bench Boot -benchtime 5x ./bench/e2e
func BenchmarkBoot(b *testing.B) {
	const cmdline = "console=ttyS0 axpress.run=shutdown"
	g := build(b, guest.Plain)
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"native", func() { boot(b, g, "native", cmdline) }},
		{"interp", func() { boot(b, g, "interp", cmdline) }},
		{"QEMU", func() { bootQEMU(b, g, cmdline) }},
	} {
		c.run() // fills the caches
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.run()
			}
		})
	}
}
