package console

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"strings"
	"testing"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/identity"
	"axpress/runtime/state"
)

const testMem = 32 << 20

// testBoard is what TestAsLinuxReads expects literally.
var testBoard = identity.Identity{
	Name: "AlphaServer ES40", SysType: 34, SysVariation: 5 << 10, MaxCPUs: 4, PABits: 44,
	InterruptFreq: 1024 * 4096, CycleFreq: 250_000_000,
}

func testConfig() Config {
	return Config{
		Identity: testBoard, MemSize: testMem, CPUs: 2, Cmdline: "console=ttyS0 root=/dev/ram", InitrdPA: 0x1800000, InitrdSize: 0x1234,
		KernelLow: 0x1010000, KernelEntry: abi.KSEGBase + 0x1010000,
	}
}

func build(t *testing.T, cfg Config) ([]byte, Boot) {
	t.Helper()
	ram := make([]byte, cfg.MemSize)
	b, err := Build(cfg, ram)
	if err != nil {
		t.Fatal(err)
	}
	return ram, b
}

func quad(ram []byte, pa uint64) uint64 { return binary.LittleEndian.Uint64(ram[pa:]) }

// walk translates va by the page tables at PFN ptbr, kernel access.
func walk(t *testing.T, ram []byte, ptbr, va uint64) uint64 {
	t.Helper()
	table := ptbr << 13
	for _, shift := range []uint{33, 23, 13} {
		pte := quad(ram, table+va>>shift&1023*8)
		if pte&0x1101 != 0x1101 {
			t.Fatalf("va %#x: pte %#x at shift %d", va, pte, shift)
		}
		table = pte >> 32 << 13
	}
	return table | va&0x1fff
}

// TestAsLinuxReads follows arch/alpha/kernel/setup.c with literal offsets.
func TestAsLinuxReads(t *testing.T) {
	checkAsLinuxReads(t, testConfig())
}

// Boards with room for many CPUs have an HWRPB of several pages; Linux must find the
// same in it.
func TestManyCPUs(t *testing.T) {
	for _, most := range []int{5, 12, 13, 32, MaxCPUs} {
		cfg := testConfig()
		cfg.Identity.MaxCPUs, cfg.CPUs = most, most
		checkAsLinuxReads(t, cfg)
		ram, _ := build(t, cfg)
		if most > 12 && quad(ram, HWRPBPA+0x18) <= abi.PageSize {
			t.Errorf("%d slots in an HWRPB of %#x bytes", most, quad(ram, HWRPBPA+0x18))
		}
	}
	cfg := testConfig()
	cfg.Identity.MaxCPUs = MaxCPUs + 1
	if _, err := Build(cfg, make([]byte, testMem)); err == nil {
		t.Error("more CPUs than HWRPB.rxrdy has bits are accepted")
	}
}

// What one part of the console's memory holds belongs to no other.
func TestLayoutIsDisjoint(t *testing.T) {
	for most := 1; most <= MaxCPUs; most++ {
		l, n := layoutOf(most), uint64(most)
		next := uint64(0)
		for _, p := range []struct {
			name     string
			at, size uint64
		}{
			{"header", HWRPBPA, pcsOffset}, {"slots", pcsPA(0), n * pcsSize}, {"ctb", HWRPBPA + l.ctb, ctbSize},
			{"crb", HWRPBPA + l.crb, 9 * 8}, {"dispatch", HWRPBPA + l.dispatch, 16}, {"fixup", HWRPBPA + l.fixup, 16},
			{"mddt", HWRPBPA + l.mddt, 0x18 + 3*56}, {"dsr", HWRPBPA + l.dsr, partSize},
			{"level 1", l.level1, abi.PageSize}, {"level 2", l.level2, abi.PageSize}, {"level 3", l.level3, abi.PageSize},
			{"code", l.code, abi.PageSize}, {"logout", l.logout, n * logoutLen}, {"stacks", l.stack, n * stackSize}, {"end", l.reserved, 0},
		} {
			if p.at < next {
				t.Errorf("%d CPUs: %s at %#x, what is before it ends at %#x", most, p.name, p.at, next)
			}
			next = p.at + p.size
		}
		if l.level1%abi.PageSize != 0 || l.reserved%abi.PageSize != 0 {
			t.Errorf("%d CPUs: page tables at %#x, end at %#x", most, l.level1, l.reserved)
		}
	}
}

func checkAsLinuxReads(t *testing.T, cfg Config) {
	t.Helper()
	ram, b := build(t, cfg)
	ptbr := quad(ram, uint64(b.PCBB+0x10))
	h := quad(ram, walk(t, ram, ptbr, 0x10000000)) // INIT_HWRPB->phys_addr
	if h != walk(t, ram, ptbr, 0x10000000) {
		t.Errorf("HWRPB says it is at %#x", h)
	}
	if got := walk(t, ram, ptbr, 0xfffffffe00000000+0x3ff<<23+0x3ff<<13); got != ptbr<<13 {
		t.Errorf("page table base maps to %#x, want the first level", got)
	}
	if string(ram[h+8:h+16]) != "HWRPB\x00\x00\x00" {
		t.Error("id")
	}
	sum := uint64(0)
	for off := uint64(0); off < 0x120; off += 8 {
		sum += quad(ram, h+off)
	}
	if got := quad(ram, h+0x120); got != sum {
		t.Errorf("checksum %#x, want %#x", got, sum)
	}
	for _, f := range []struct {
		name      string
		off, want uint64
	}{
		{"pagesize", 0x28, 8192}, {"pa_bits", 0x30, 44}, {"max_asn", 0x38, 255}, {"sys_type", 0x50, 34},
		{"variation", 0x58, 5 << 10}, {"intr_freq", 0x68, 1024 * 4096}, {"cycle_freq", 0x70, 250000000},
		{"vptb", 0x78, 0xfffffffe00000000}, {"processors", 0x90, uint64(cfg.CPUs)}, {"ctb_nr", 0xa8, 1},
	} {
		if got := quad(ram, h+f.off); got != f.want {
			t.Errorf("%s: %#x, want %#x", f.name, got, f.want)
		}
	}
	if string(bytes.TrimRight(ram[h+0x40:h+0x50], "\x00")) != "QEMU" {
		t.Errorf("ssn %q", ram[h+0x40:h+0x50])
	}
	for cpu := range uint64(cfg.CPUs) {
		p := walk(t, ram, ptbr, 0x10000000+quad(ram, h+0xa0)+cpu*quad(ram, h+0x98)) // as hwrpb is reached at INIT_HWRPB
		if p != h+quad(ram, h+0xa0)+cpu*quad(ram, h+0x98) {
			t.Errorf("CPU %d: slot is mapped to %#x", cpu, p)
		}
		p = h + quad(ram, h+0xa0) + cpu*quad(ram, h+0x98)
		if p%128 != 0 {
			t.Errorf("hardware PCB at %#x is not aligned", p)
		}
		if flags := quad(ram, p+0x80); flags&0x1cc != 0x1cc || flags&1 != map[bool]uint64{true: 1}[cpu == 0] {
			t.Errorf("CPU %d: flags %#x", cpu, flags)
		}
		if quad(ram, p+0xb0)&0xffffffff != 11 || quad(ram, p+0xa8) == 0 {
			t.Errorf("CPU %d: type or PAL revision", cpu)
		}
		if pa, n := quad(ram, p+0xd8), quad(ram, p+0xe0); abi.PAddr(pa) != LogoutPA(cfg.Identity, int(cpu)) || n < osf.LogoutSize {
			t.Errorf("CPU %d: logout area %#x+%#x", cpu, pa, n)
		}
	}
	dsr := h + quad(ram, h+0x138)
	name := dsr + quad(ram, dsr+0x10) + 8
	if got := string(ram[name : name+quad(ram, name-8)]); got != "AlphaServer ES40" || ram[name+uint64(len(got))] != 0 {
		t.Errorf("platform string %q", got)
	}
	// Memory clusters: contiguous, the console's at both ends.
	mddt := h + quad(ram, h+0xc8)
	if n := quad(ram, mddt+0x10); n != 3 {
		t.Fatalf("%d clusters", n)
	}
	next := uint64(0)
	for i, usage := range []uint64{1, 0, 1} {
		c := mddt + 0x18 + uint64(i)*56
		if quad(ram, c) != next || quad(ram, c+48) != usage {
			t.Errorf("cluster %d: start %d usage %d", i, quad(ram, c), quad(ram, c+48))
		}
		next += quad(ram, c+8)
	}
	if next != testMem/8192 {
		t.Errorf("clusters end at page %d", next)
	}
	// Parameter page.
	param := cfg.KernelLow - 0x6000
	if got := string(ram[param : bytes.IndexByte(ram[param:], 0)+int(param)]); got != cfg.Cmdline {
		t.Errorf("command line %q", got)
	}
	if quad(ram, param+0x100) != abi.KSEGBase+cfg.InitrdPA || quad(ram, param+0x108) != cfg.InitrdSize {
		t.Error("initrd parameters")
	}
	if b.PC != cfg.KernelEntry || b.PV != b.PC || b.RA != b.PC || b.PS != 7 || b.SP != quad(ram, uint64(b.PCBB)) || quad(ram, uint64(b.PCBB+0x28)) != 1 {
		t.Errorf("boot state %+v", b)
	}
	if sp := b.SP - abi.KSEGBase; sp-8192 < 0xc000 || sp > layoutOf(cfg.Identity.MaxCPUs).reserved {
		t.Errorf("boot stack top %#x", sp)
	}
}

// TestCallbackStubs follows mm/init.c callback_init and lib/callback_srm.S.
func TestCallbackStubs(t *testing.T) {
	ram, b := build(t, testConfig())
	h := uint64(HWRPBPA)
	crb := h + quad(ram, h+0xc0)
	ptbr := quad(ram, uint64(b.PCBB+0x10))
	if quad(ram, crb+0x20) != 1 || quad(ram, crb+0x30) != HWRPBVA || quad(ram, crb+0x38) != h || quad(ram, crb+0x40) != 1 {
		t.Error("CRB map")
	}
	for i, want := range [][2]uint32{{osf.CallConsole, 0x6bfa8001}, {0x47ff0400, 0x6bfa8001}} {
		va, pa := quad(ram, crb+uint64(i)*16), quad(ram, crb+uint64(i)*16+8)
		if walk(t, ram, ptbr, va) != pa {
			t.Errorf("procedure descriptor %d: va %#x is not pa %#x", i, va, pa)
		}
		code := quad(ram, pa+8) - abi.KSEGBase
		for j, w := range want {
			if got := binary.LittleEndian.Uint32(ram[code+uint64(j)*4:]); got != w {
				t.Errorf("descriptor %d, word %d: %08x, want %08x", i, j, got, w)
			}
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no CPU":         func(c *Config) { c.CPUs = 0 },
		"5 CPUs":         func(c *Config) { c.CPUs = 5 },
		"command line":   func(c *Config) { c.Cmdline = strings.Repeat("x", 256) },
		"ssn":            func(c *Config) { c.SSN = "0123456789abcdef" },
		"kernel low":     func(c *Config) { c.KernelLow = 0x6000 },
		"kernel high":    func(c *Config) { c.KernelLow = testMem + 8192 },
		"kernel crooked": func(c *Config) { c.KernelLow++ },
		"initrd":         func(c *Config) { c.InitrdSize = testMem },
		"initrd wraps":   func(c *Config) { c.InitrdPA = ^uint64(0) - 8 },
		"size":           func(c *Config) { c.MemSize++ },
	} {
		cfg := testConfig()
		change(&cfg)
		ram := make([]byte, testMem)
		if _, err := Build(cfg, ram); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if i := bytes.IndexFunc(ram[:0x20000], func(r rune) bool { return r != 0 }); i >= 0 {
			t.Errorf("%s: RAM changed at %#x", name, i)
		}
	}
}

func TestHaltRequest(t *testing.T) {
	ram, _ := build(t, testConfig())
	s := &abi.State{PCBB: 0x55}
	s.R[26] = 0x66
	flags := HWRPBPA + quad(ram, HWRPBPA+0xa0) + 0x80
	for _, want := range []HaltRequest{HaltDefault, HaltCold, HaltWarm, HaltRemain} {
		binary.LittleEndian.PutUint64(ram[flags:], 0x1cc|uint64(want)<<16)
		got, err := RecordHalt(ram, 0, s, osf.Halt{Code: osf.HaltCallPAL, PC: 0x77})
		if err != nil || got != want {
			t.Errorf("got %d %v, want %d", got, err, want)
		}
	}
	slot := flags - 0x80
	if quad(ram, slot+0xe8) != 0x55 || quad(ram, slot+0xf0) != 0x77 || quad(ram, slot+0x108) != 0x66 || quad(ram, slot+0x118) != 5 {
		t.Error("halt data")
	}
	if _, err := RecordHalt(ram[:100], 0, s, osf.Halt{}); err == nil {
		t.Error("short RAM accepted")
	}
}

// TestSecondary does what arch/alpha/kernel/smp.c secondary_cpu_start does.
func TestSecondary(t *testing.T) {
	ram, _ := build(t, testConfig())
	put := func(pa, v uint64) { binary.LittleEndian.PutUint64(ram[pa:], v) }
	if _, ok := Secondary(ram, 1); ok {
		t.Fatal("started without a message")
	}
	h := uint64(HWRPBPA)
	slot := h + quad(ram, h+0xa0) + quad(ram, h+0x98)
	put(h+0x100, 0xfffffc0001010041)
	put(h+0x108, 0xfffffc0001010040)
	put(slot+0x80, 0x1cc|0x22)
	put(slot+0x128, 7)
	copy(ram[slot+0x130:], "START\r\n")
	put(h+0x128, 1<<1|1<<3)
	st, ok := Secondary(ram, 1)
	want := Start{PC: 0xfffffc0001010040, PV: 0xfffffc0001010040, PCBB: abi.PAddr(slot), VPTB: BootVPTB}
	if !ok || st != want {
		t.Errorf("%v %+v, want %+v", ok, st, want)
	}
	if quad(ram, slot+0x80)&1 == 0 || quad(ram, h+0x128) != 1<<3 {
		t.Error("not acknowledged")
	}
	if _, ok := Secondary(ram, 1); ok {
		t.Error("started twice")
	}
	put(h+0x128, 2)
	put(slot+0x128, 4)
	if _, ok := Secondary(ram, 1); ok || quad(ram, h+0x128) != 0 {
		t.Error("another message")
	}
}

// flat is osf.Memory over bytes; addresses past the end fault.
type flat []byte

func (f flat) Load(va abi.VAddr, log2size int) (uint64, bool) {
	if va >= abi.VAddr(len(f)) || log2size != 0 {
		return 0, false
	}
	return uint64(f[va]), true
}

func (f flat) Store(va abi.VAddr, log2size int, v uint64) bool {
	if va >= abi.VAddr(len(f)) || log2size != 0 {
		return false
	}
	f[va] = byte(v)
	return true
}
func (f flat) Fetch(abi.VAddr) (uint32, bool)     { return 0, false }
func (f flat) ReadPhys(abi.PAddr) (uint64, error) { return 0, errRAM }
func (f flat) WritePhys(abi.PAddr, uint64) error  { return errRAM }

type fakeTerm struct {
	out bytes.Buffer
	in  string
}

func (f *fakeTerm) Put(p []byte) { f.out.Write(p) }
func (f *fakeTerm) Get() (byte, bool, bool) {
	if f.in == "" {
		return 0, false, false
	}
	b := f.in[0]
	f.in = f.in[1:]
	return b, f.in != "", true
}

func TestCallbacks(t *testing.T) {
	mem := make(flat, 64)
	term := &fakeTerm{in: "ab"}
	c := NewCallbacks(term, "root=/dev/x")
	call := func(args ...uint64) uint64 {
		var s abi.State
		copy(s.R[16:], args)
		c.Callback(&s, mem)
		return s.R[0]
	}
	copy(mem, "hello")
	for _, k := range []struct {
		name string
		want uint64
		args []uint64
	}{
		{"puts", 5, []uint64{2, 0, 0, 5}},
		{"puts, bad address", stFault, []uint64{2, 0, 1 << 40, 5}},
		{"puts, huge", stFault, []uint64{2, 0, 0, ^uint64(0)}},
		{"getc", stMore | 'a', []uint64{1, 0}},
		{"getc", 'b', []uint64{1, 0}},
		{"getc, none", stNotReady, []uint64{1, 0}},
		{"open console", 0, []uint64{7}},
		{"close console", 0, []uint64{8}},
		{"reset term", 0, []uint64{3, 0}},
		{"open", stNotReady, []uint64{0x10, 0, 3}},
		{"getenv", 11, []uint64{0x22, 8, 16, 32}},
		{"getenv, short buffer", stMore | 4, []uint64{0x22, 8, 16, 4}},
		{"getenv, bad buffer", stFault, []uint64{0x22, 8, 60, 32}},
		{"getenv, unknown", stUnknown, []uint64{0x22, 0x99, 16, 32}},
		{"setenv", 5, []uint64{0x20, 2, 0, 5}},
		{"setenv, too long", stNotReady, []uint64{0x20, 2, 0, 257}},
		{"setenv, bad buffer", stFault, []uint64{0x20, 2, 62, 5}},
		{"setenv, unknown", stUnknown, []uint64{0x20, 0x99, 0, 5}},
		{"saveenv", 0, []uint64{0x23}},
		{"getenv", 5, []uint64{0x22, 2, 32, 32}},
		{"unknown", stUnknown, []uint64{0x77}},
	} {
		if got := call(k.args...); got != k.want {
			t.Errorf("%s: %#x, want %#x", k.name, got, k.want)
		}
	}
	if term.out.String() != "hello" {
		t.Errorf("output %q", term.out.String())
	}
	if got := string(mem[16:27]); got != "root=/dev/x" {
		t.Errorf("environment %q", got)
	}
	if got := string(mem[32:37]); got != "hello" {
		t.Errorf("environment %q", got)
	}
}

// What the guest has set is restored; a state with other variables is refused.
func TestSaveLoad(t *testing.T) {
	a, b := NewCallbacks(nil, "root=a"), NewCallbacks(nil, "root=b")
	a.env[envBootDev] = "dka0"
	b.env[envDumpDev] = "dka1"
	var w state.Writer
	a.Save(&w)
	if err := b.Load(state.NewReader(w.Bytes())); err != nil || !maps.Equal(a.env, b.env) {
		t.Errorf("%v: %v, want %v", err, b.env, a.env)
	}
	want := maps.Clone(b.env)
	for name, change := range map[string]func(map[uint64]string){
		"unknown": func(env map[uint64]string) { env[0x99] = "" },
		"missing": func(env map[uint64]string) { delete(env, envBootDev) },
		"long":    func(env map[uint64]string) { env[envBootDev] = strings.Repeat("x", maxEnvironmentLen+1) },
	} {
		env := maps.Clone(a.env)
		change(env)
		var w state.Writer
		w.Block(a.block(&env))
		if err := b.Load(state.NewReader(w.Bytes())); !errors.Is(err, state.ErrRefused) || !maps.Equal(b.env, want) {
			t.Errorf("%s: %v, %v", name, err, b.env)
		}
	}
}
