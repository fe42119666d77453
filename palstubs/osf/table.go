package osf

// Status says how complete a CALL_PAL is.
type Status uint8

// Statuses.
const (
	// Full: does what the handbook says.
	Full Status = iota
	// NoEffect: does nothing, because nothing needs doing in this implementation.
	NoEffect
	// Partial: see Row.Note.
	Partial
	// Missing: a reserved opcode here, although some PALcode has it.
	Missing
)

// String is the status in the support page's words.
func (s Status) String() string {
	return [...]string{"full", "no effect", "partial", "missing"}[s&3]
}

// Row describes one CALL_PAL.
type Row struct {
	Number     uint32
	Name       string
	Privileged bool
	Status     Status
	Note       string

	fn func(*CPU) Result // nil: opDEC
}

// CallConsole is the number of the CALL_PAL that our console's callback stubs
// execute (package palstubs/console). OSF/1 PALcode leaves 0x3b unused, and being
// privileged it cannot be reached from user mode.
const CallConsole = 0x3b

const (
	priv   = true
	unpriv = false
)

// rows is the CALL_PAL table of AAH II-B, chapter 2 ("PALcode Instruction
// Descriptions"), plus platform specific ones.
var rows = [...]Row{
	{0x00, "halt", priv, Full, "", (*CPU).callHalt},
	{0x01, "cflush", priv, NoEffect, "no data cache is modelled", (*CPU).nop},
	{0x02, "draina", priv, NoEffect, "accesses complete before the next instruction", (*CPU).nop},
	{0x09, "cserve", priv, Partial, "QEMU functions 1-7, and what the board's console has; all others do nothing", (*CPU).cserve},
	{0x0a, "swppal", priv, Partial, "variant 2 (OSF/1) only", (*CPU).swppal},
	{0x0d, "wripir", priv, Full, "", (*CPU).wripir},
	{0x10, "rdmces", priv, Full, "", (*CPU).rdmces},
	{0x11, "wrmces", priv, Full, "", (*CPU).wrmces},
	{0x29, "mfpr_vptb", priv, Missing, "OpenVMS number; Linux defines but does not use it", nil},
	{0x2b, "wrfen", priv, Full, "", (*CPU).wrfen},
	{0x2d, "wrvptptr", priv, Full, "", (*CPU).wrvptptr},
	{0x2e, "jtopal", priv, Missing, "no PALcode image exists to jump to", nil},
	{0x30, "swpctx", priv, Full, "", (*CPU).swpctx},
	{0x31, "wrval", priv, Full, "", (*CPU).wrval},
	{0x32, "rdval", priv, Full, "", (*CPU).rdval},
	{0x33, "tbi", priv, Full, "", (*CPU).tbi},
	{0x34, "wrent", priv, Full, "entry 6 (entDbg) is kept and never taken", (*CPU).wrent},
	{0x35, "swpipl", priv, Full, "", (*CPU).swpipl},
	{0x36, "rdps", priv, Full, "", (*CPU).rdps},
	{0x37, "wrkgp", priv, Full, "", (*CPU).wrkgp},
	{0x38, "wrusp", priv, Full, "", (*CPU).wrusp},
	{0x39, "wrperfmon", priv, Partial, "accepted; no performance counters, reads give 0", (*CPU).wrperfmon},
	{0x3a, "rdusp", priv, Full, "", (*CPU).rdusp},
	{CallConsole, "concall", priv, Full, "own: console callback, see palstubs/console", (*CPU).callConsole},
	{0x3c, "whami", priv, Full, "", (*CPU).whami},
	{0x3d, "retsys", priv, Full, "", (*CPU).retsys},
	{0x3e, "wtint", priv, Full, "waits for any pending interrupt, whatever the IPL; skips no ticks", (*CPU).wtint},
	{0x3f, "rti", priv, Full, "", (*CPU).rti},
	{0x80, "bpt", unpriv, Full, "", (*CPU).bpt},
	{0x81, "bugchk", unpriv, Full, "", (*CPU).bugchk},
	{0x83, "callsys", unpriv, Full, "", (*CPU).callsys},
	{0x86, "imb", unpriv, Full, "", (*CPU).imb},
	{0x92, "urti", unpriv, Missing, "not used by Linux", nil},
	{0x9e, "rduniq", unpriv, Full, "", (*CPU).rduniq},
	{0x9f, "wruniq", unpriv, Full, "", (*CPU).wruniq},
	{0xaa, "gentrap", unpriv, Full, "", (*CPU).gentrap},
	{0xae, "clrfen", unpriv, Full, "", (*CPU).clrfen},
	{0xbe, "nphalt", unpriv, Missing, "debugging aid of some PALcode", nil},
}

// index maps a CALL_PAL number to 1 + its row.
var index = func() (t [256]uint8) {
	for i := range rows {
		t[rows[i].Number] = uint8(i + 1)
	}
	return t
}()

// Lookup returns the row of CALL_PAL number fn, nil if there is none.
func Lookup(fn uint32) *Row {
	if fn >= uint32(len(index)) || index[fn] == 0 {
		return nil
	}
	return &rows[index[fn]-1]
}

// Rows returns a copy of the table, in the order of the numbers.
func Rows() []Row { return append([]Row(nil), rows[:]...) }
