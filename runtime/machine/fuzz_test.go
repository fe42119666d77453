package machine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
	"time"
)

// hung is how long a run goes on only if it does not notice that its context has ended: a thousand times its time.
const hung = 10 * time.Second

// FuzzGuest runs any bytes as a kernel: whatever they do, the run ends with a reason, and the machine can be closed.
// Registers point at RAM, the console's data and the devices, and all entry points at the code's start.
func FuzzGuest(f *testing.F) {
	const setup = `
		br    t12,@here
	here:
		lda   t12,48(t12)         # behind this
		mov   t12,a0
		lda   a1,2(zero)
		call_pal 0x34             # wrent: memory faults
		lda   a1,3(zero)
		call_pal 0x34             # instruction faults
		lda   a1,4(zero)
		call_pal 0x34             # unaligned accesses
		lda   s2,0x2000(s0)       # HWRPB
		lda   s3,0x7fff(s0)
		lda   sp,0x7000(s3)
	`
	f.Add([]byte{0x83, 0, 0, 0})
	f.Add(assemble(f, "ldq t0,0(s1)\nstq t0,64(s1)\ncall_pal 0x3e\nldq t1,0(s2)\ncall_pal 0x30\ncall_pal 9"))
	f.Add(assemble(f, "stb s0,1(s1)\nldbu t2,5(s1)\nldq_l t0,0(s3)\nstq_c t0,0(s3)\njmp zero,(t2),0"))
	head := assemble(f, prologue+setup)
	f.Fuzz(func(t *testing.T, code []byte) {
		if len(code) > 4096 {
			return
		}
		m, err := New(Config{
			Segments: []Segment{{PA: guestPA, Data: append(append([]byte{}, head...), code...), MemSize: 0x10000}},
			Entry:    guestVA, Memory: 32 << 20, Clock: ClockDeterministic, CPUs: 1 + len(code)%2,
		})
		if err != nil {
			t.Fatal(err)
		}
		// Most loops have no end; how far they come does not matter.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		start := time.Now()
		stop, err := m.Run(ctx)
		if took := time.Since(start); took > hung {
			t.Fatalf("the run went on for %s", took)
		}
		if err != nil {
			t.Fatal(err)
		}
		if stop.Reason.String() == "" {
			t.Fatalf("%+v", stop)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzLoad changes bytes of a saved machine, whose check sum is put right: it is refused, or the guest runs on to
// whatever end, but nothing of ours crashes.
func FuzzLoad(f *testing.F) {
	cfg := Config{
		Segments: []Segment{{PA: guestPA, Data: assemble(f, prologue+"loop:\naddq t0,1,t0\nstq t0,-8(sp)\ncall_pal 0x3e\nbr zero,@loop"), MemSize: 0x10000}},
		Entry:    guestVA, Memory: 32 << 20, Clock: ClockDeterministic, CPUs: 2,
	}
	run := func(t testing.TB, m *Machine) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if _, err := m.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	m, err := New(cfg)
	if err != nil {
		f.Fatal(err)
	}
	run(f, m)
	var saved bytes.Buffer
	if err := errors.Join(m.Save(&saved), m.Close()); err != nil {
		f.Fatal(err)
	}
	blocks := binary.LittleEndian.Uint64(saved.Bytes()[16:])
	f.Add([]byte{0, 8, 1})
	f.Add([]byte{0, 200, 1, 1, 1, 255})
	f.Fuzz(func(t *testing.T, changes []byte) {
		p := bytes.Clone(saved.Bytes())
		for ; len(changes) >= 3; changes = changes[3:] {
			p[32+(uint64(changes[0])<<8|uint64(changes[1]))%blocks] ^= changes[2]
		}
		binary.LittleEndian.PutUint32(p[len(p)-4:], crc32.ChecksumIEEE(p[:len(p)-4]))
		m, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Load(bytes.NewReader(p)); err == nil {
			run(t, m)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
