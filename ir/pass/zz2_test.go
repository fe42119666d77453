package pass

import (
	"fmt"
	"os"
	"testing"

	"axpress/ir"
	"axpress/ir/eval"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/lift"
)

type anyMem struct {
	eval.Machine
	w    map[uint64]byte
	salt uint64
	n    int
}

func (m *anyMem) at(a uint64) byte {
	if b, ok := m.w[a]; ok {
		return b
	}
	h := (a ^ m.salt) * 0x9e3779b97f4a7c15
	h ^= h >> 31
	h *= 0xbf58476d1ce4e5b9
	if a&6 == 6 { return 0 }
	return byte(h >> 40)
}
func (m *anyMem) Load(va uint64, size int) (uint64, bool) {
	if va%uint64(size) != 0 && m.salt&1 == 0 {
		return 0, false
	}
	m.n++
	v := uint64(0)
	for i := size - 1; i >= 0; i-- {
		v = v<<8 | uint64(m.at(va+uint64(i)))
	}
	m.Trace("l", va, v)
	return v, true
}
func (m *anyMem) Store(va uint64, size int, v uint64) bool {
	if va%uint64(size) != 0 && m.salt&1 == 0 {
		return false
	}
	m.n++
	for i := 0; i < size; i++ {
		m.w[va+uint64(i)] = byte(v >> (8 * i))
	}
	m.Trace("s", va, v)
	return true
}
func (m *anyMem) LoadLocked(va uint64, size int) (uint64, bool) { return m.Load(va, size) }
func (m *anyMem) StoreCond(va uint64, size int, v uint64) (bool, bool) {
	ok := m.Store(va, size, v)
	return va&8 == 0 || m.n > 50, ok
}
func (m *anyMem) LdState(off int64, t ir.Type) uint64 {
	if v, ok := m.Fields[off]; ok {
		return v & (^uint64(0) >> (64 - t.Bits()))
	}
	h := uint64(off)*0x9e3779b97f4a7c15 ^ m.salt
	if m.salt & 2 == 0 { h = 1 }
	return h & (^uint64(0) >> (64 - t.Bits()))
}

func zzrun(f *ir.Func, entry int, seed uint64) (string, eval.Kind) {
	m := &anyMem{w: map[uint64]byte{}, salt: seed}
	m.Budget = 400
	m.Fields = map[int64]uint64{}
	for i := range m.R {
		m.R[i] = uint64(i)*0x12345678*seed ^ seed
		if i < 32 { m.R[i] &^= 7 }
		if seed%3 == 0 {
			m.R[i] &= 0xff8
		}
	}
	h := uint64(0)
	m.Machine.Trace = func(what string, a, v uint64) { h = (h^a)*0x9e3779b97f4a7c15 + v }
	r, err := eval.Run(f, m, entry)
	return fmt.Sprint(r, err, h, m.R, m.n), r.Kind
}

func TestZZEval(t *testing.T) {
	img, _ := image.Open(os.Getenv("AXPRESS_GUEST_KERNEL"))
	found, err := discover.Discover(img, discover.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[eval.Kind]int{}
	bad := 0
	for k, fn := range found.Functions {
		if k%4 != 0 { continue }
		f, err := lift.Lift(fn, img, lift.Options{Kernel: true})
		if err != nil {
			t.Fatal(err)
		}
		f.Relocatable = false
		var want []string
		ents := min(len(f.Entries), 12)
		for e := 0; e < ents; e++ {
			for s := uint64(1); s < 5; s++ {
				w, kd := zzrun(f, e, s+uint64(k)*8)
				kinds[kd]++
				want = append(want, w)
			}
		}
		if err := Run(f, Options{Pinned: uint32(k) * 77}); err != nil {
			t.Fatal(err)
		}
		i := 0
		for e := 0; e < ents; e++ {
			for s := uint64(1); s < 5; s++ {
				if w, _ := zzrun(f, e, s+uint64(k)*8); w != want[i] {
					t.Errorf("%s entry %d seed %d:\n%s\nwant\n%s", fn.Name, e, s, w, want[i])
					if bad++; bad > 3 {
						t.FailNow()
					}
				}
				i++
			}
		}
	}
	t.Log(kinds)
}
