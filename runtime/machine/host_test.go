package machine

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"

	"axpress/runtime/device"
	"axpress/runtime/device/pci"
	"axpress/runtime/state"
)

// slowDevice has a register. What is written there is what it answers, as an
// interrupt, after work on the host that takes until release is closed.
type slowDevice struct {
	host    device.Host
	fn      *pci.Function
	release chan struct{}
	v       uint8
}

func (d *slowDevice) Name() string               { return "slow" }
func (d *slowDevice) Save(w *state.Writer)       { w.Block(d.block()) }
func (d *slowDevice) Load(r *state.Reader) error { return r.Block(d.block()) }
func (d *slowDevice) ReadReg(uint64) uint8       { return d.v }
func (d *slowDevice) block() state.Block {
	return state.Block{Name: d.Name(), Version: 1, Fields: []any{&d.v}}
}

func (d *slowDevice) WriteReg(_ uint64, v uint8) {
	d.host.Go(func() {
		<-d.release
		d.host.Post(func() {
			d.v = v
			d.fn.IRQ().Set(true)
		})
	})
}

func attachSlow(t *testing.T, m *Machine) *slowDevice {
	t.Helper()
	d := &slowDevice{host: &m.host, release: make(chan struct{})}
	var err error
	d.fn, err = pci.NewFunction("slow", pci.Header{VendorID: 0x1af4, DeviceID: 2, InterruptPin: 1},
		[6]pci.BAR{{Kind: pci.BARIO, Size: 4, Region: device.Bytes("slow", 1, d)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Board().AttachPCI(2, 0, d.fn, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// atText calls fn once when text has been written.
type atText struct {
	bytes.Buffer
	text string
	fn   func()
}

func (w *atText) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if w.fn != nil && bytes.Contains(w.Bytes(), []byte(w.text)) {
		w.fn()
		w.fn = nil
	}
	return n, err
}

// slowGuest starts the device, says that it runs on, which is what the device's work
// waits for, and then computes or waits (%s) until the answer comes as an interrupt.
func slowGuest(wait string) string {
	return `
		br   a0,@set
	handler:
		ldbu t4,0(t2)
		stb  t4,0(s1)             # the answer
		lda  t4,10(zero)
		stb  t4,0(s1)
		br   zero,@poweroff
	set:
		lda  a1,0(zero)
		call_pal 0x34             # wrent: entInt
		lda  t0,0x101a(zero)      # the Cchip
		sll  t0,28,t0
		addq s0,t0,t0
		lda  t1,0x1000(zero)
		stq  t1,0x200(t0)         # DIM0, bit 12: slot 2, pin A
		lda  t2,-0x3f8(s1)        # I/O port 0xc000, the first that firmware gives
		ldah t2,1(t2)
		lda  t2,-0x4000(t2)
		lda  t0,0x41(zero)
		stb  t0,0(t2)
		br   a0,@go
		.ascii runs
	go:
		bsr  ra,@puts
		lda  a0,0(zero)
		call_pal 0x35             # swpipl 0
	` + wait
}

// The guest goes on while a device's work blocks on the host, and the answer arrives
// as an interrupt, in a guest that computes as in one that sleeps.
func TestDeviceWorksOnTheHost(t *testing.T) {
	second := `
	second:
		call_pal 0x3e
		br   zero,@second
	`
	for wait, code := range map[string]string{
		"computing": "loop:\nlda t5,1(t5)\nbr zero,@loop\n",
		"sleeping":  "loop:\ncall_pal 0x3e\nbr zero,@loop\n",
	} {
		for name, change := range map[string]func(*Config){
			"one CPU":                 func(*Config) {},
			"one CPU, deterministic":  func(c *Config) { c.Clock = ClockDeterministic },
			"two CPUs":                func(c *Config) { c.CPUs = 2 },
			"two CPUs, deterministic": func(c *Config) { c.CPUs, c.Clock = 2, ClockDeterministic },
		} {
			t.Run(wait+" on "+name, func(t *testing.T) {
				out := &atText{text: "runs\n"}
				var two bool
				src := slowGuest(code)
				g := newGuest(t, src, func(c *Config) {
					change(c)
					c.Console = out
					if two = c.CPUs == 2; two {
						c.Segments[0].Data = assemble(t, prologue+startSecond+src+second)
					}
				})
				d := attachSlow(t, g.m)
				out.fn = func() { close(d.release) }
				g.run(t)
				if g.stop.Reason != PowerOff || out.String() != "runs\nA\n" {
					t.Errorf("stop %s at %#x (%s), output %q", g.stop.Reason, g.stop.PC, g.stop.Detail, out.String())
				}
			})
		}
	}
}

// What is posted between runs comes in the next one, in order; what is posted to a
// machine that is closed, or was not served when it was, never comes.
func TestPost(t *testing.T) {
	g := newGuest(t, "loop:\nlda t5,1(t5)\nbr zero,@loop\n", nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var got []int
	g.m.host.Post(func() { got = append(got, 1) })
	g.m.host.Post(func() {
		got = append(got, 2)
		if g.m.mu.TryLock() {
			t.Error("the machine's lock is not held")
		}
		g.m.host.Post(func() {
			got = append(got, 3)
			cancel()
		})
	})
	if stop, err := g.m.Run(ctx); err != nil || stop.Reason != Interrupted {
		t.Fatalf("%+v, %v", stop, err)
	}
	if len(got) != 3 || got[0] != 1 || got[1] != 2 || got[2] != 3 {
		t.Errorf("calls %v", got)
	}
	var late atomic.Int32
	g.m.host.Post(func() { late.Add(1) })
	if err := g.m.Close(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	g.m.host.Go(func() {
		g.m.host.Post(func() { late.Add(1) })
		close(done)
	})
	<-done
	if len(g.m.host.posted) != 0 || late.Load() != 0 {
		t.Errorf("%d calls wait, %d came", len(g.m.host.posted), late.Load())
	}
}
