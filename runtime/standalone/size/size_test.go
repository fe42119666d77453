package size

import "testing"

func TestParse(t *testing.T) {
	for text, want := range map[string]uint64{
		"512": 512 << 20, "1": 1 << 20, "0": 0, "8192B": 8192, "64k": 64 << 10, "64M": 64 << 20, "1G": 1 << 30, "1.5G": 3 << 29, "0.5g": 1 << 29,
		"1.25": 5 << 18, "2T": 2 << 40, "8388607T": 8388607 << 40,
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "M", "1X", "-1", "1e3", "1/2", "0x10", "1.", ".5G", "1 G", "1GB", "0.3B", "1.0001K", "8388608T", "99999999999999999999"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q: is taken for %d", text, got)
		}
	}
}

func TestString(t *testing.T) {
	for n, want := range map[uint64]string{0: "0B", 1023: "1023B", 8192: "8K", 3 << 29: "1536M", 32 << 30: "32G", 1<<30 + 8192: "1048584K"} {
		got := String(n)
		if back, err := Parse(got); got != want || err != nil || back != n {
			t.Errorf("%d: %q, which is %d, %v; want %q", n, got, back, err, want)
		}
	}
}
