package console

import (
	"fmt"
	"sync"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/state"
)

// Name tells the callbacks from other parts of a machine that have state.
func (c *Callbacks) Name() string { return "console" }

// Save writes the environment.
func (c *Callbacks) Save(w *state.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Block(c.block(&c.env))
}

// Load is Save back, into the callbacks of a machine with the same variables.
func (c *Callbacks) Load(r *state.Reader) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	env := map[uint64]string{}
	b := c.block(&env)
	b.Check = func() error {
		for id, v := range env {
			if _, known := c.env[id]; !known || len(v) > maxEnvironmentLen {
				return fmt.Errorf("variable %#x of %d bytes", id, len(v))
			}
		}
		if len(env) != len(c.env) {
			return fmt.Errorf("%d variables, expected %d", len(env), len(c.env))
		}
		return nil
	}
	if err := r.Block(b); err != nil {
		return err
	}
	c.env = env
	return nil
}

func (c *Callbacks) block(env *map[uint64]string) state.Block {
	return state.Block{Name: c.Name(), Version: 1, Fields: []any{env}}
}

// Terminal is the host side of the console terminal.
type Terminal interface {
	// Put writes bytes; it never fails as far as the guest is concerned.
	Put(p []byte)
	// Get takes one byte of input; !ok: there is none. more: another is waiting.
	Get() (b byte, more, ok bool)
}

// Callbacks serves the console callbacks of one machine. It may be used by all its CPUs
// at once.
type Callbacks struct {
	term Terminal
	mu   sync.Mutex // for env: every CPU may call
	env  map[uint64]string
}

// Environment variables by number (L asm/console.h ENV_*).
const (
	envAutoAction     = 0x01
	envBootDev        = 0x02
	envBootdefDev     = 0x03
	envBootedDev      = 0x04
	envBootFile       = 0x05
	envBootedFile     = 0x06
	envBootOsflags    = 0x07
	envBootedOsflags  = 0x08
	envBootReset      = 0x09
	envDumpDev        = 0x0a
	envEnableAudit    = 0x0b
	envLicense        = 0x0c
	envCharSet        = 0x0d
	envLanguage       = 0x0e
	envTTYDev         = 0x0f
	maxEnvironmentLen = 256
)

// NewCallbacks makes the callbacks of a machine that was booted with cmdline.
func NewCallbacks(term Terminal, cmdline string) *Callbacks {
	return &Callbacks{term: term, env: map[uint64]string{
		envAutoAction: "HALT", envBootDev: "", envBootdefDev: "", envBootedDev: "",
		envBootFile: "", envBootedFile: "", envBootOsflags: cmdline, envBootedOsflags: cmdline,
		envBootReset: "OFF", envDumpDev: "", envEnableAudit: "ON", envLicense: "MU",
		envCharSet: "0", envLanguage: "36", envTTYDev: "0",
	}}
}

// Status values in bits 63:61 of a callback's result (AAH, "Console Callback
// Routines"). Zero is success.
const (
	statusShift = 61

	stMore         = 1 << statusShift // GETC: more characters wait; GET_ENV: truncated
	stNotReady     = 4 << statusShift // GETC: no character; OPEN, READ...: failed
	stUnknown      = 6 << statusShift // no such variable or function
	stFault        = 7 << statusShift // our choice for a buffer that cannot be accessed
	maxPutsPerCall = 4096
)

// functions of the dispatch routine, by code (L asm/console.h CCB_*). A code that
// is missing returns stUnknown; a device open fails, as there are no SRM devices.
var functions = map[uint64]func(*Callbacks, *abi.State, osf.Memory) uint64{
	0x01: (*Callbacks).getc,
	0x02: (*Callbacks).puts,
	0x03: succeed, // RESET_TERM
	0x04: succeed, // SET_TERM_INT
	0x05: succeed, // SET_TERM_CTL
	0x07: succeed, // OPEN_CONSOLE
	0x08: succeed, // CLOSE_CONSOLE
	0x10: fail,    // OPEN
	0x11: fail,    // CLOSE
	0x12: fail,    // IOCTL
	0x13: fail,    // READ
	0x14: fail,    // WRITE
	0x20: (*Callbacks).setEnv,
	0x21: succeed, // RESET_ENV
	0x22: (*Callbacks).getEnv,
	0x23: succeed, // SAVE_ENV: the variables live as long as the machine
}

// Callback implements osf.Console: function code in R16, arguments from R17 on,
// result in R0.
func (c *Callbacks) Callback(s *abi.State, m osf.Memory) {
	f := functions[s.R[16]]
	if f == nil {
		s.R[0] = stUnknown
		return
	}
	s.R[0] = f(c, s, m)
}

func succeed(*Callbacks, *abi.State, osf.Memory) uint64 { return 0 }
func fail(*Callbacks, *abi.State, osf.Memory) uint64    { return stNotReady }

func (c *Callbacks) getc(*abi.State, osf.Memory) uint64 {
	b, more, ok := c.term.Get()
	switch {
	case !ok:
		return stNotReady
	case more:
		return stMore | uint64(b)
	}
	return uint64(b)
}

// puts(unit, address, length) returns the number of bytes written; it may write
// fewer than asked for.
func (c *Callbacks) puts(s *abi.State, m osf.Memory) uint64 {
	p, ok := load(m, s.R[18], min(s.R[19], maxPutsPerCall))
	if !ok {
		return stFault
	}
	c.term.Put(p)
	return uint64(len(p))
}

// getEnv(id, buffer, length) stores the value without a terminator.
func (c *Callbacks) getEnv(s *abi.State, m osf.Memory) uint64 {
	c.mu.Lock()
	v, ok := c.env[s.R[17]]
	c.mu.Unlock()
	if !ok {
		return stUnknown
	}
	st := uint64(0)
	if uint64(len(v)) > s.R[19] {
		v, st = v[:s.R[19]], stMore
	}
	for i := range len(v) {
		if !m.Store(abi.VAddr(s.R[18]+uint64(i)), 0, uint64(v[i])) {
			return stFault
		}
	}
	return st | uint64(len(v))
}

// setEnv(id, buffer, length).
func (c *Callbacks) setEnv(s *abi.State, m osf.Memory) uint64 {
	c.mu.Lock()
	_, ok := c.env[s.R[17]]
	c.mu.Unlock()
	if !ok {
		return stUnknown
	}
	if s.R[19] > maxEnvironmentLen {
		return stNotReady
	}
	p, ok := load(m, s.R[18], s.R[19])
	if !ok {
		return stFault
	}
	c.mu.Lock()
	c.env[s.R[17]] = string(p)
	c.mu.Unlock()
	return uint64(len(p))
}

func load(m osf.Memory, va, n uint64) ([]byte, bool) {
	p := make([]byte, n)
	for i := range p {
		v, ok := m.Load(abi.VAddr(va+uint64(i)), 0)
		if !ok {
			return nil, false
		}
		p[i] = byte(v)
	}
	return p, true
}
