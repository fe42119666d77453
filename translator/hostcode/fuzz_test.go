package hostcode

import "testing"

// FuzzDecode: any bytes decode to an instruction that is in them, or are refused.
func FuzzDecode(f *testing.F) {
	for _, b := range [][]byte{{0xc3}, {0xe8, 1, 2, 3, 4}, {0xeb, 0xfe}, {0xc5, 0xf8, 0x77}, {0x65, 0x48, 0x8b, 0x04, 0x25, 1, 2, 3, 4}, {0x66, 0x66}, {}} {
		f.Add(b, uint32(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, at uint32) {
		at %= uint32(len(text)) + 1
		i, err := decode(text, at)
		if err == nil && (i.Len <= 0 || uint64(at)+uint64(i.Len) > uint64(len(text))) {
			t.Fatalf("%x at %d: %d bytes", text, at, i.Len)
		}
	})
}
