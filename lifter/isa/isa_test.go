package isa

import (
	"math/rand"
	"strings"
	"testing"
)

// canonical tells whether no ignored bit of a word is set, by the rules of the
// package comment, written independently of Encode.
func canonical(w uint32) bool {
	inst := Decode(w)
	switch opcode := w >> 26; {
	case inst.Op == OpInvalid:
		return true
	case inst.Op == OpIMPLVER:
		return between(w, 12, 9) == 3
	case opcode >= 0x10 && opcode <= 0x13 || opcode == 0x1c:
		return w&litBit != 0 || between(w, 13, 3) == 0
	case inst.Op == OpRPCC:
		return true
	case inst.Op == OpRC || inst.Op == OpRS:
		return between(w, 16, 5) == 0
	case inst.Op == OpTRAPB || inst.Op == OpEXCB || inst.Op == OpMB || inst.Op == OpWMB:
		return between(w, 16, 10) == 0
	case opcode == 0x18:
		return between(w, 21, 5) == 31
	}
	return true
}

// sameApartFromWord is the equality that Inst promises.
func sameApartFromWord(a, b Inst) bool {
	a.Word, b.Word = 0, 0
	return a == b
}

// checkWord checks everything that holds for any word.
func checkWord(t *testing.T, w uint32) {
	t.Helper()
	const pc = 0xfffffc0000310000
	inst := Decode(w)
	if inst.Word != w {
		t.Fatalf("%08x: Decode kept word %08x", w, inst.Word)
	}
	if inst.Ra > 31 || inst.Rb > 31 || inst.Rc > 31 || inst.Lit && (inst.Rb != 31 || inst.Imm < 0 || inst.Imm > 255) {
		t.Fatalf("%08x: fields out of range: %+v", w, inst)
	}
	if inst.Op == OpInvalid && inst != (Inst{Word: w, Ra: 31, Rb: 31, Rc: 31}) {
		t.Fatalf("%08x: OpInvalid with fields: %+v", w, inst)
	}
	e := Encode(inst)
	if canonical(w) && e != w {
		t.Fatalf("%08x %s: Encode gives %08x", w, inst, e)
	}
	if again := Decode(e); !sameApartFromWord(again, inst) {
		t.Fatalf("%08x: decodes to %+v, its canonical word %08x to %+v", w, inst, e, again)
	}
	for _, s := range []RegSet{inst.Reads(), inst.Writes()} {
		if s.Int>>31 != 0 || s.FP>>31 != 0 {
			t.Fatalf("%08x %s: register 31 in a set", w, inst)
		}
	}
	for _, numeric := range []bool{false, true} {
		text := Disasm(inst, pc, Style{Plain: true, Numeric: numeric})
		if a, err := Assemble(text, pc); err != nil || a != e {
			t.Fatalf("%08x: Assemble(%q) = %08x, %v; want %08x", w, text, a, err, e)
		}
	}
	// With aliases two encodings may share a text; the text must come back.
	text := Disasm(inst, pc, Style{})
	a, err := Assemble(text, pc)
	if err != nil {
		t.Fatalf("%08x: %v", w, err)
	}
	if back := Disasm(Decode(a), pc, Style{}); back != text {
		t.Fatalf("%08x: %q assembles to %08x, which is %q", w, text, a, back)
	}
}

func TestRandomWords(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for range 50_000 {
		checkWord(t, rng.Uint32())
		checkWord(t, Random(rng, nil).Word)
	}
}

// TestEveryEncoding goes through opcode and function space and through the
// table, and requires that the two describe the same set.
func TestEveryEncoding(t *testing.T) {
	type key struct {
		op    Op
		round Round
		trap  Trap
	}
	found := map[key]int{}
	for opcode := range uint32(64) {
		f := functionFields[decoding.format[opcode]]
		if opcode == 0x18 {
			f.shift, f.bits = 0, 16
		}
		for fn := range uint32(1) << f.bits {
			// All registers 31 is valid for every pattern.
			fields := uint32(31<<21|31<<16|31) &^ ((1<<f.bits - 1) << f.shift)
			w := opcode<<26 | fields | fn<<f.shift
			if decoding.format[opcode] == FormatOpr {
				checkWord(t, w&^(31<<16)|litBit|1<<13)
			}
			checkWord(t, w)
			if inst := Decode(w); inst.Op != OpInvalid {
				found[key{inst.Op, inst.Round, inst.Trap}]++
			}
		}
	}
	want := 0
	for i := range table {
		r := &table[i]
		r.eachQualifier(func(round Round, trap Trap) {
			want++
			if r.format != FormatFPOp {
				round = 0
			}
			if n := found[key{r.op, round, trap}]; n != 1 {
				t.Errorf("%s%s: %d encodings decode to it", r.name, r.quals.suffix(round, trap), n)
			}
		})
	}
	if len(found) != want {
		t.Errorf("%d forms found by decoding, %d in the table", len(found), want)
	}
}

// TestTableComplete requires a line, a name and a description for every Op.
func TestTableComplete(t *testing.T) {
	names := map[string]Op{}
	for op := OpInvalid + 1; op < numOps; op++ {
		r := lineOf(op)
		if r == nil {
			t.Errorf("op %d has no line", op)
			continue
		}
		i := op.Info()
		if i.Op != op || i.Name == "" || i.Section == "" || i.Class == ClassInvalid || i.Format == FormatNone {
			t.Errorf("op %d: incomplete: %+v", op, *i)
		}
		if other, ok := names[i.Name]; ok {
			t.Errorf("ops %d and %d are both %s", op, other, i.Name)
		}
		names[i.Name] = op
		isMem := i.Class == ClassLoad || i.Class == ClassStore || i.Class == ClassLoadLocked ||
			i.Class == ClassStoreCond || i.Class == ClassFPLoad || i.Class == ClassFPStore
		if isMem != (i.Size != 0) || isMem != (i.Faults&FaultMem != 0) {
			t.Errorf("%s: size %d, faults %b, class %s disagree", i.Name, i.Size, i.Faults, i.Class)
		}
		usesFP := i.FP != 0
		if usesFP != (i.Faults&FaultFEN != 0) {
			t.Errorf("%s: uses floating-point registers: %v, may fault on FEN: %v", i.Name, usesFP, !usesFP)
		}
		if isBranch := i.Format == FormatBranch || i.Format == FormatJump; isBranch && i.Flow == FlowNext {
			t.Errorf("%s: a branch without a flow", i.Name)
		}
		o := &operandTable[r.operands]
		if (i.Reads|i.Writes)&^o.present != 0 {
			t.Errorf("%s: reads or writes fields it does not have", i.Name)
		}
	}
	if len(Table()) != NumOps-1 {
		t.Errorf("Table has %d rows for %d operations", len(Table()), NumOps-1)
	}
}

// DecodeFP agrees with Decode on every form.
func TestDecodeFP(t *testing.T) {
	n := 0
	for _, r := range Table() {
		if r.Format != FormatFPOp {
			continue
		}
		for _, in := range r.Op.Samples() {
			n++
			if op, round, trap := DecodeFP(in.Word); op != in.Op || round != in.Round || trap != in.Trap {
				t.Errorf("%08x: %v %d %d, want %v %d %d", in.Word, op, round, trap, in.Op, in.Round, in.Trap)
			}
		}
	}
	if n < 300 {
		t.Errorf("only %d forms", n)
	}
}

func TestDecodeFields(t *testing.T) {
	tests := []struct {
		text string
		want Inst
	}{
		{"ldq t12,-32768(gp)", Inst{Op: OpLDQ, Ra: 27, Rb: 29, Rc: 31, Imm: -32768}},
		{"ldah gp,-2(t12)", Inst{Op: OpLDAH, Ra: 29, Rb: 27, Rc: 31, Imm: -2 * 65536}},
		{"beq v0,.+12", Inst{Op: OpBEQ, Ra: 0, Rb: 31, Rc: 31, Imm: 8}},
		{"br .", Inst{Op: OpBR, Ra: 31, Rb: 31, Rc: 31, Imm: -4}},
		{"jsr ra,(pv),.+8", Inst{Op: OpJSR, Ra: 26, Rb: 27, Rc: 31, Hint: 1}},
		{"ret", Inst{Op: OpRET, Ra: 31, Rb: 26, Rc: 31, Hint: 1}},
		{"addq sp,255,sp", Inst{Op: OpADDQ, Ra: 30, Rb: 31, Rc: 30, Lit: true, Imm: 255}},
		{"addq sp,#16", Inst{Op: OpADDQ, Ra: 30, Rb: 31, Rc: 30, Lit: true, Imm: 16}},
		{"addl/v t0,t1,t2", Inst{Op: OpADDLV, Ra: 1, Rb: 2, Rc: 3}},
		{"addt/suid f1,$f2,f3", Inst{Op: OpADDT, Ra: 1, Rb: 2, Rc: 3, Round: RoundDynamic, Trap: TrapS | TrapU | TrapI}},
		{"cvttq/svc f2,f3", Inst{Op: OpCVTTQ, Ra: 31, Rb: 2, Rc: 3, Round: RoundChopped, Trap: TrapS | TrapU}},
		{"cvtst/s f2,f3", Inst{Op: OpCVTST, Ra: 31, Rb: 2, Rc: 3, Round: RoundNormal, Trap: TrapS}},
		{"cvtql/v f2,f3", Inst{Op: OpCVTQL, Ra: 31, Rb: 2, Rc: 3, Round: RoundNormal, Trap: TrapU}},
		{"cpys f1,f2,f3", Inst{Op: OpCPYS, Ra: 1, Rb: 2, Rc: 3, Round: RoundNormal}},
		{"mt_fpcr f3", Inst{Op: OpMTFPCR, Ra: 3, Rb: 3, Rc: 3, Round: RoundNormal}},
		{"itoft a0,f2", Inst{Op: OpITOFT, Ra: 16, Rb: 31, Rc: 2, Round: RoundNormal}},
		{"ftoit f2,a0", Inst{Op: OpFTOIT, Ra: 2, Rb: 31, Rc: 16}},
		{"mb", Inst{Op: OpMB, Ra: 31, Rb: 31, Rc: 31, Imm: 0x4000}},
		{"wh64 (a0)", Inst{Op: OpWH64, Ra: 31, Rb: 16, Rc: 31, Imm: 0xf800}},
		{"call_pal 0x3ffffff", Inst{Op: OpCALLPAL, Ra: 31, Rb: 31, Rc: 31, Imm: 0x3ffffff}},
		{"implver v0", Inst{Op: OpIMPLVER, Ra: 31, Rb: 31, Rc: 0}},
		{"pal1e 0x10", Inst{Op: OpHWREI, Ra: 31, Rb: 31, Rc: 31, Imm: 0x10}},
	}
	for _, test := range tests {
		w, err := Assemble(test.text, 0x1000)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := Decode(w); !sameApartFromWord(got, test.want) {
			t.Errorf("%s = %08x: got %+v, want %+v", test.text, w, got, test.want)
		}
	}
}

// TestKnownWords are encodings from kernel listings, independent of our table.
func TestKnownWords(t *testing.T) {
	for text, word := range map[string]uint32{
		"nop": 0x47ff041f, "unop": 0x2ffe0000, "fnop": 0x5fff041f, "ret zero,(ra),0x1": 0x6bfa8001,
		"mb": 0x60004000, "trapb": 0x60000000, "callsys": 0x83, "mov a0,v0": 0x47f00400, "clr v0": 0x47ff0400,
		"lda sp,-16(sp)": 0x23defff0, "stq ra,0(sp)": 0xb75e0000, "rpcc v0": 0x601fc000, "ldah gp,0(t12)": 0x27bb0000,
	} {
		w, err := Assemble(text, 0)
		if err != nil || w != word {
			t.Errorf("%q = %08x, %v; want %08x", text, w, err, word)
		}
	}
}

func TestRegSets(t *testing.T) {
	r := func(regs ...int) (m uint32) {
		for _, n := range regs {
			m |= 1 << n
		}
		return m
	}
	tests := []struct {
		text          string
		reads, writes RegSet
	}{
		{"addq t0,t1,t2", RegSet{Int: r(1, 2)}, RegSet{Int: r(3)}},
		{"addq t0,7,zero", RegSet{Int: r(1)}, RegSet{}},
		{"cmoveq t0,t1,t2", RegSet{Int: r(1, 2, 3)}, RegSet{Int: r(3)}},
		{"stq_c t0,0(t1)", RegSet{Int: r(1, 2)}, RegSet{Int: r(1)}},
		{"ldt f1,0(t1)", RegSet{Int: r(2)}, RegSet{FP: r(1)}},
		{"stt f1,0(t1)", RegSet{Int: r(2), FP: r(1)}, RegSet{}},
		{"bsr ra,.+8", RegSet{}, RegSet{Int: r(26)}},
		{"fbeq f3,.+8", RegSet{FP: r(3)}, RegSet{}},
		{"jsr ra,(pv)", RegSet{Int: r(27)}, RegSet{Int: r(26)}},
		{"fcmovne f1,f2,f3", RegSet{FP: r(1, 2, 3)}, RegSet{FP: r(3)}},
		{"itofs a0,f3", RegSet{Int: r(16)}, RegSet{FP: r(3)}},
		{"ftois f3,a0", RegSet{FP: r(3)}, RegSet{Int: r(16)}},
		{"mf_fpcr f3", RegSet{}, RegSet{FP: r(3)}},
		{"mt_fpcr f3", RegSet{FP: r(3)}, RegSet{}},
		{"rpcc v0", RegSet{}, RegSet{Int: r(0)}},
		{"cvtqt f2,f3", RegSet{FP: r(2)}, RegSet{FP: r(3)}},
		{"callsys", RegSet{}, RegSet{}},
	}
	for _, test := range tests {
		w, err := Assemble(test.text, 0)
		if err != nil {
			t.Error(err)
			continue
		}
		inst := Decode(w)
		if got := inst.Reads(); got != test.reads {
			t.Errorf("%s reads %x, want %x", test.text, got, test.reads)
		}
		if got := inst.Writes(); got != test.writes {
			t.Errorf("%s writes %x, want %x", test.text, got, test.writes)
		}
	}
}

func TestAssembleErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "unknown mnemonic",
		"frob t0":          "unknown mnemonic",
		"addt/suz f1,f2":   "unknown mnemonic",
		"cmpteq/c f1,f2":   "unknown mnemonic",
		"addq t0":          "does not take 1 operands",
		"addq t0,256,t1":   "not within",
		"addq f0,t1,t2":    "no integer register",
		"addt t0,f1,f2":    "no floating-point register",
		"ldq t0,32768(sp)": "not within",
		"ldq t0,0(sp":      "parentheses",
		"br .+2":           "not a multiple of 4",
		"br .+0x400004":    "within 4 MB",
		"br ~":             "no address",
		"br .+":            "no address",
		"call_pal -1":      "not within",
		".long 4294967296": "not within",
		"addq r32,t1,t2":   "no integer register",
		"perr t0,1,t2":     "no integer register",
	} {
		w, err := Assemble(text, 0)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Assemble(%q) = %08x, %v; want an error with %q", text, w, err, want)
		}
	}
}

func TestRandomFilter(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	seen := map[Op]bool{}
	for range 20_000 {
		inst := Random(rng, func(i *Info) bool { return i.Class == ClassFPOp && i.Ext != ExtVAX })
		if i := inst.Op.Info(); i.Class != ClassFPOp || i.Ext == ExtVAX {
			t.Fatalf("filter let %s through", inst)
		}
		seen[inst.Op] = true
	}
	want := 0
	for op := OpInvalid + 1; op < numOps; op++ {
		if i := op.Info(); i.Class == ClassFPOp && i.Ext != ExtVAX {
			want++
		}
	}
	if len(seen) != want {
		t.Errorf("%d operations seen of %d", len(seen), want)
	}
	if inst := Random(rng, func(*Info) bool { return false }); inst.Op != OpInvalid {
		t.Errorf("Random with nothing to choose from gives %s", inst)
	}
}

// TestOutOfRange requires that hand-made nonsense does not panic.
func TestOutOfRange(t *testing.T) {
	for _, inst := range []Inst{
		{Op: numOps}, {Op: 65535}, {Op: OpADDQ, Ra: 255, Rb: 255, Rc: 255}, {Op: OpADDT, Round: 255, Trap: 255, Ra: 200},
		{Op: OpSUBT, Ra: 31, Round: RoundNormal, Trap: 255}, {Op: OpCALLPAL, Imm: -1}, {Op: OpRET, Hint: 65535},
	} {
		_, _, _, _ = Encode(inst), inst.Reads(), inst.Writes(), Disasm(inst, 0, Style{})
		_, _ = inst.Op.String(), inst.Op.Info().Name
	}
}

func FuzzDecode(f *testing.F) {
	for i := range table {
		f.Add(Encode(Inst{Op: table[i].op, Ra: 1, Rb: 2, Rc: 3, Round: RoundNormal}))
	}
	f.Fuzz(checkWord)
}

func FuzzAssemble(f *testing.F) {
	rng := rand.New(rand.NewSource(4))
	for range 100 {
		f.Add(Random(rng, nil).String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		const pc = 0x120000000
		w, err := Assemble(text, pc)
		if err != nil {
			return
		}
		again, err := Assemble(Disasm(Decode(w), pc, Style{Plain: true}), pc)
		if err != nil || Encode(Decode(w)) != again {
			t.Errorf("%q = %08x comes back as %08x, %v", text, w, again, err)
		}
	})
}

var benchSink Inst

func BenchmarkDecode(b *testing.B) {
	rng := rand.New(rand.NewSource(5))
	words := make([]uint32, 4096)
	for i := range words {
		words[i] = Random(rng, nil).Word
	}
	b.SetBytes(4)
	for i := 0; b.Loop(); i++ {
		benchSink = Decode(words[i&4095])
	}
}

func BenchmarkDisasm(b *testing.B) {
	rng := rand.New(rand.NewSource(5))
	words := make([]uint32, 4096)
	for i := range words {
		words[i] = Random(rng, nil).Word
	}
	var buf []byte
	for i := 0; b.Loop(); i++ {
		buf = AppendDisasm(buf[:0], Decode(words[i&4095]), 0, Style{})
	}
}
