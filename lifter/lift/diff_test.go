package lift

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"testing"

	"axpress/ir"
	"axpress/ir/eval"
	"axpress/lifter/discover"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

// The differential tests run random instructions twice, from the same random
// state: lifted and evaluated, and by the reference interpreter. Where the
// lifted code goes on, all state must agree; where it leaves, the interpreter
// must leave in the same way, or the lifted code must have changed nothing.

const (
	ramSize = 1 << 16
	// diffCode and diffData are where code and data lie; both in KSEG.
	diffCode = abi.KSEGBase + 0x2000
	diffData = abi.KSEGBase + 0x8000
	dataSize = 0x400
)

// world is one guest: state and memory.
type world struct {
	s    *abi.State
	ram  *mem.RAM
	mmu  *mmu.MMU
	cpu  *interp.CPU
	byAt map[int64]reflect.Value // fields of s by offset
	// budget ends a run of lifted code at the first poll after so many
	// instructions; 0: never.
	budget int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	ram, err := mem.New(ramSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ram.Close(); err != nil {
			t.Error(err)
		}
		if err := abi.FreeState(s); err != nil {
			t.Error(err)
		}
	})
	w := &world{s: s, ram: ram, byAt: map[int64]reflect.Value{}}
	w.mmu = mmu.New(s, ram, noIO{})
	w.mmu.InitWindows()
	w.cpu = interp.New(&vcpu.CPU{S: s, MMU: w.mmu, RAM: w.mmu.RAM()}, nil)
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Uint64 {
			w.byAt[int64(v.Type().Field(i).Offset)] = v.Field(i)
		}
	}
	return w
}

// noIO is a bus on which nobody answers.
type noIO struct{}

func (noIO) Read(abi.PAddr, int) (uint64, error) { return 0, fmt.Errorf("nobody") }
func (noIO) Write(abi.PAddr, int, uint64) error  { return fmt.Errorf("nobody") }

func (w *world) GetReg(r ir.Reg) uint64 {
	if r < 32 {
		return w.s.R[r]
	}
	return w.s.F[r-32]
}

func (w *world) SetReg(r ir.Reg, v uint64) {
	if r < 32 {
		w.s.R[r] = v
	} else {
		w.s.F[r-32] = v
	}
}

func (w *world) LdState(off int64, _ ir.Type) uint64    { return w.byAt[off].Uint() }
func (w *world) StState(off int64, _ ir.Type, v uint64) { w.byAt[off].SetUint(v) }

func log2(size int) int {
	return map[int]int{1: 0, 2: 1, 4: 2, 8: 3}[size]
}

func (w *world) Load(va uint64, size int) (uint64, bool) {
	return w.mmu.Load(abi.VAddr(va), log2(size), false)
}
func (w *world) Store(va uint64, size int, v uint64) bool {
	return w.mmu.Store(abi.VAddr(va), log2(size), v)
}
func (w *world) LoadLocked(va uint64, size int) (uint64, bool) {
	return w.mmu.Load(abi.VAddr(va), log2(size), true)
}
func (w *world) StoreCond(va uint64, size int, v uint64) (stored, ok bool) {
	return w.mmu.StoreCond(abi.VAddr(va), log2(size), v)
}
func (w *world) Fence(int64) {}
func (w *world) FPOperate(inst uint32, a, b uint64) (uint64, bool) {
	v, fpcr, ok := executeFP(inst, a, b, w.s.FPCR)
	w.s.FPCR = fpcr
	return v, ok
}
func (w *world) RPCC(int64) uint64 { return 0 }
func (w *world) Poll(n int64) bool { return w.budget > 0 && n >= w.budget }
func (w *world) Base() uint64      { return 0 }

var _ eval.Env = (*world)(nil)

// load puts code into memory and makes w otherwise a copy of the state given.
func (w *world) load(r, f *[32]uint64, data []byte, fields map[string]uint64, code []uint32) {
	w.s.R, w.s.F = *r, *f
	w.s.R[31], w.s.F[31] = 0, 0
	w.s.Limit, w.s.Icount = math.MaxInt64, 0
	w.s.LockFlag, w.s.LockPA, w.s.LockValue = 0, 0, 0
	for name, v := range fields {
		w.byAt[abi.Offset(name)].SetUint(v)
	}
	w.s.PC = diffCode
	ram := w.ram.Bytes()
	for i, word := range code {
		binary.LittleEndian.PutUint32(ram[diffCode-abi.KSEGBase+4*uint64(i):], word)
	}
	copy(ram[diffData-abi.KSEGBase:], data)
	w.cpu.InvalidateCode()
}

func (w *world) data() []byte { return w.ram.Bytes()[diffData-abi.KSEGBase:][:dataSize] }

// codeIn is Code at diffCode.
type codeIn []uint32

func (c codeIn) Word(va uint64) (uint32, bool) {
	i := (va - diffCode) / 4
	if va < diffCode || i >= uint64(len(c)) {
		return 0, false
	}
	return c[i], true
}

// excluded operations, with the reason.
var excluded = map[isa.Op]string{
	isa.OpCALLPAL: "the interpreter leaves all of them to palstubs/osf",
	isa.OpRPCC:    "what the counter shows is the engine's business",
}

// trial is one comparison.
type trial struct {
	rng    *rand.Rand
	r, f   [32]uint64
	data   []byte
	fields map[string]uint64
	code   []uint32
}

func (tr *trial) fill(single bool, tame bool) {
	for i := range tr.r {
		tr.r[i] = randomInt(tr.rng)
		switch {
		case tame:
			tr.f[i] = math.Float64bits(float64(tr.rng.Intn(2000)-1000) / 8)
		case single:
			tr.f[i] = randomS(tr.rng)
		default:
			tr.f[i] = randomT(tr.rng)
		}
	}
	tr.data = make([]byte, dataSize)
	tr.rng.Read(tr.data)
	if tr.rng.Intn(2) == 0 { // numbers rather than noise
		for i := 0; i < dataSize; i += 8 {
			binary.LittleEndian.PutUint64(tr.data[i:], randomT(tr.rng))
		}
	}
	tr.fields = map[string]uint64{"FEN": 1, "FPCR": dynNearest, "PS": 0, "IntrFlag": uint64(tr.rng.Intn(2))}
	if tr.rng.Intn(8) == 0 {
		tr.fields["FPCR"] = uint64(tr.rng.Uint32()) << 32 &^ (1 << 63)
	}
	if tr.rng.Intn(32) == 0 {
		tr.fields["FEN"] = 0
	}
}

// aim points the base register of a memory instruction at the data.
func (tr *trial) aim(in *isa.Inst) {
	info := in.Op.Info()
	if info.Size == 0 || in.Rb == 31 {
		return
	}
	off := tr.rng.Intn(dataSize - 16)
	if tr.rng.Intn(8) != 0 {
		off &^= 15
		off += int(info.Size) * tr.rng.Intn(16/int(info.Size))
	}
	if tr.rng.Intn(16) != 0 {
		tr.r[in.Rb] = diffData + uint64(off) - uint64(in.Imm)
	}
}

// run compares the trial; it returns how the lifted code left.
func (tr *trial) run(t *testing.T, a, b *world) (eval.Result, error) {
	n := uint64(len(tr.code))
	fn := &discover.Function{Name: "trial", Start: diffCode, Entries: []uint64{diffCode},
		Blocks: []discover.Block{{Start: diffCode, End: diffCode + 4*n}}}
	f, err := Lift(fn, codeIn(tr.code), Options{Kernel: true})
	if err != nil {
		return eval.Result{}, err
	}
	if err := ir.Verify(f); err != nil {
		return eval.Result{}, err
	}
	a.load(&tr.r, &tr.f, tr.data, tr.fields, tr.code)
	b.load(&tr.r, &tr.f, tr.data, tr.fields, tr.code)
	res, err := eval.Run(f, b, 0)
	if err != nil {
		return res, err
	}
	for i := range res.Icount {
		if code := a.cpu.Step(); code != abi.ExitPoll {
			return res, fmt.Errorf("instruction %d: the interpreter left by %s (%#x), lifted code went on to %v at %#x",
				i, code, a.s.ExitArg, res.Kind, res.PC)
		}
	}
	b.s.PC = res.PC
	if err := compareWorlds(b, a); err != nil {
		return res, err
	}
	want := abi.ExitNone
	switch res.Kind {
	case eval.Goto, eval.Ret, eval.Call, eval.Interpret:
		return res, nil
	case eval.Fault:
		want = abi.ExitFault
	case eval.Exit:
		want = abi.Exit(res.Code)
	}
	if code := a.cpu.Step(); code != want {
		return res, fmt.Errorf("lifted code left by %v (%s), the interpreter by %s", res.Kind, want, code)
	}
	return res, nil
}

// compareWorlds compares what lifted code and the interpreter have in common.
func compareWorlds(got, want *world) error {
	if got.s.PC != want.s.PC {
		return fmt.Errorf("PC %#x, interpreted %#x", got.s.PC, want.s.PC)
	}
	for i := range 32 {
		if got.s.R[i] != want.s.R[i] {
			return fmt.Errorf("r%d = %#x, interpreted %#x", i, got.s.R[i], want.s.R[i])
		}
		if got.s.F[i] != want.s.F[i] {
			return fmt.Errorf("f%d = %#x, interpreted %#x", i, got.s.F[i], want.s.F[i])
		}
	}
	for _, name := range []string{"FPCR", "FEN", "PS", "IntrFlag", "LockFlag"} {
		off := abi.Offset(name)
		if g, w := got.byAt[off].Uint(), want.byAt[off].Uint(); g != w {
			return fmt.Errorf("%s = %#x, interpreted %#x", name, g, w)
		}
	}
	if !bytes.Equal(got.data(), want.data()) {
		return fmt.Errorf("memory differs")
	}
	return nil
}

func (tr *trial) String() string {
	s := ""
	for i, w := range tr.code {
		in := isa.Decode(w)
		s += fmt.Sprintf("\n\t%08x %s", w, isa.Disasm(in, diffCode+4*uint64(i), isa.Style{}))
		regs := in.Reads()
		for r := range 31 {
			if regs.Int>>r&1 != 0 {
				s += fmt.Sprintf("  r%d=%#x", r, tr.r[r])
			}
			if regs.FP>>r&1 != 0 {
				s += fmt.Sprintf("  f%d=%#x", r, tr.f[r])
			}
		}
	}
	return fmt.Sprintf("%s\n\t%v", s, tr.fields)
}

// isSingle says whether the S floating format is involved, whose instructions
// are defined for canonical register values only (Handbook, section 4.7.4).
func isSingle(op isa.Op) bool {
	switch op {
	case isa.OpADDS, isa.OpSUBS, isa.OpMULS, isa.OpDIVS, isa.OpSQRTS, isa.OpCVTST:
		return true
	}
	return false
}

// trialsPerOp is how often each operation is tried by itself.
const trialsPerOp = 300

// TestAgainstInterpreter tries each operation by itself, and wants each lifted
// one to go on at least sometimes.
func TestAgainstInterpreter(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	tr := &trial{rng: rand.New(rand.NewSource(1))}
	for op := isa.Op(1); int(op) < isa.NumOps; op++ {
		if excluded[op] != "" {
			continue
		}
		kinds, failed := map[eval.Kind]int{}, 0
		for range trialsPerOp {
			in := isa.Random(tr.rng, func(i *isa.Info) bool { return i.Op == op })
			tr.fill(isSingle(op), false)
			tr.aim(&in)
			tr.code = []uint32{in.Word}
			res, err := tr.run(t, a, b)
			if err != nil {
				if failed++; failed <= 3 {
					t.Errorf("%v: %v%v", op, err, tr)
				}
				continue
			}
			kinds[res.Kind]++
		}
		if failed > 3 {
			t.Errorf("%v: %d trials failed", op, failed)
		}
		info := op.Info()
		if on := kinds[eval.Goto] + kinds[eval.Ret]; (on == 0) != (info.Ext == isa.ExtPAL) {
			t.Errorf("%v: %v: lifted code went on %d times", op, kinds, on)
		}
	}
}

// blockLength and blockTrials are the size and number of the random blocks.
const (
	blockLength = 12
	blockTrials = 3000
)

// TestBlocksAgainstInterpreter tries blocks of instructions on few registers, so
// that they use each other's results: what the lifter remembers within a block
// must hold.
func TestBlocksAgainstInterpreter(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	tr := &trial{rng: rand.New(rand.NewSource(2))}
	retired := int64(0)
	for i := range blockTrials {
		float := i%2 == 0
		tr.fill(false, tr.rng.Intn(2) == 0)
		tr.code = nil
		for len(tr.code) < blockLength {
			in := isa.Random(tr.rng, func(info *isa.Info) bool {
				fp := info.Class == isa.ClassFPOp || info.Class == isa.ClassFPMove
				return info.Flow == isa.FlowNext && info.Size == 0 && excluded[info.Op] == "" &&
					!isSingle(info.Op) && fp == float
			})
			if float && tr.rng.Intn(2) == 0 { // few of the forms that trap
				in.Round, in.Trap = isa.RoundDynamic, in.Trap&isa.TrapS
			}
			narrow(&in, tr.rng)
			word := isa.Encode(in)
			if isa.Decode(word).Op == in.Op {
				tr.code = append(tr.code, word)
			}
		}
		res, err := tr.run(t, a, b)
		if err != nil {
			t.Fatalf("%v%v", err, tr)
		}
		retired += res.Icount
	}
	if retired < blockTrials*blockLength/4 {
		t.Errorf("only %d instructions were compared", retired)
	}
}

// narrow makes in use few registers.
func narrow(in *isa.Inst, rng *rand.Rand) {
	same := in.Op == isa.OpMTFPCR || in.Op == isa.OpMFFPCR
	for _, r := range []*uint8{&in.Ra, &in.Rb, &in.Rc} {
		if *r != 31 {
			*r &= 3
		}
	}
	if same {
		in.Rb, in.Rc = in.Ra, in.Ra
	}
}

// randomInt returns an integer that may be special.
func randomInt(rng *rand.Rand) uint64 {
	edges := [...]uint64{0, 1, ^uint64(0), 1 << 63, 1<<63 - 1, 1 << 31, 1<<31 - 1, ^uint64(1<<31 - 1), ^uint64(1 << 31), 0xff, 0x80, 0x8000, 0x7fff}
	switch rng.Intn(5) {
	case 0:
		return edges[rng.Intn(len(edges))]
	case 1:
		return uint64(rng.Intn(64))
	case 2:
		return uint64(int64(int32(rng.Uint32())))
	case 3: // bytes of few values
		v := uint64(0)
		for range 8 {
			v = v<<8 | edges[rng.Intn(len(edges))]&0xff
		}
		return v
	}
	return rng.Uint64()
}

// randomT returns the bits of a T floating value that may be special.
func randomT(rng *rand.Rand) uint64 {
	edges := [...]uint64{0, 1, 1<<52 - 1, 1 << 52, 1<<52 + 1, 2 << 52, 0x7fe << 52, 0x7feffff_ffffffff, 0x7ff << 52, 0x7ff<<52 + 1,
		0x7ff8 << 48, 0x3ff << 52, 0x400 << 52, 0x43e << 52, 0x43d<<52 + 0xf_ffff_ffff_ffff, 0x3fe << 52, 0x432 << 52, 0x380 << 52, 0x381 << 52,
		0x47e << 52, 0x47f << 52, 0x41d << 52, 0x41e << 52}
	sign := rng.Uint64() & (1 << 63)
	switch rng.Intn(4) {
	case 0:
		return sign | edges[rng.Intn(len(edges))]
	case 1:
		return sign | math.Float64bits(float64(rng.Intn(1<<20))/16)
	case 2: // near one: sums, products and quotients stay in range
		return sign | (0x3f0+uint64(rng.Intn(32)))<<52 | rng.Uint64()>>12
	}
	return rng.Uint64()
}

// randomS returns an S floating value in register format.
func randomS(rng *rand.Rand) uint64 {
	var s uint32
	edges := [...]uint32{0, 1, 1<<23 - 1, 1 << 23, 2 << 23, 0xfe << 23, 0x7f7fffff, 0xff << 23, 0x7f800001, 0x7fc00000, 0x7f << 23}
	switch rng.Intn(3) {
	case 0:
		s = edges[rng.Intn(len(edges))]
	case 1:
		s = (0x70+uint32(rng.Intn(32)))<<23 | rng.Uint32()>>9
	default:
		s = rng.Uint32() & 0x7fff_ffff
	}
	exp, frac := uint64(s>>23), uint64(s&(1<<23-1))
	switch exp {
	case 0:
	case 255:
		exp = 2047
	default:
		exp += 1023 - 127
	}
	return rng.Uint64()&(1<<63) | exp<<52 | frac<<29
}
