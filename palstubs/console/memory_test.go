package console

import "testing"

func TestUsedMemory(t *testing.T) {
	const size = 1 << 30
	for cmdline, want := range map[string]uint64{
		"": size, "console=ttyS0": size, "mem=64M": 64 << 20, "mem=64M mem=32m": 32 << 20, "a mem=0x4000000 b": 64 << 20, "mem=65536k\tquiet": 64 << 20,
		"mem=8G": size, "mem=0": size, "mem=x": size, "xmem=64M": size, "mem=0100000000": 1 << 24, "mem=67108865": 64 << 20, "mem=64Mx": 64 << 20, "mem=0x": size,
		"mem=1g": 1 << 30,
	} {
		if got := UsedMemory(size, cmdline); got != want {
			t.Errorf("%q: %#x, want %#x", cmdline, got, want)
		}
	}
	if got := UsedMemory(64<<30, ""); got != MaxMemory {
		t.Errorf("64 GB: %#x", got)
	}
}
