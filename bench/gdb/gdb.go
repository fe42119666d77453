// Package gdb is a client of the gdb remote protocol, as much of it as a test oracle
// needs: registers, memory, single steps.
//
// In: the address of a stub. Out: Conn, whose methods send a packet and wait for the
// answer. Registers are the stub's own sequence of quadwords; what they mean is the
// caller's business.
package gdb

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Conn is a connection to a stub. An answer is acknowledged when the next packet is
// sent, in the same write.
type Conn struct {
	c      net.Conn
	r      *bufio.Reader
	buf    []byte
	answer bool // not yet acknowledged
}

// ErrStub is what the methods return, wrapped, for an answer that is not one.
var ErrStub = errors.New("the gdb stub")

// New makes a Conn of a connection that nothing was sent on.
func New(c net.Conn) *Conn { return &Conn{c: c, r: bufio.NewReader(c)} }

// Close ends the connection.
func (g *Conn) Close() error { return g.c.Close() }

func (g *Conn) send(packet string) error {
	sum := byte(0)
	for i := range len(packet) {
		sum += packet[i]
	}
	g.buf = g.buf[:0]
	if g.answer {
		g.buf = append(g.buf, '+')
	}
	g.buf = append(g.buf, '$')
	g.buf = append(g.buf, packet...)
	g.buf = fmt.Appendf(g.buf, "#%02x", sum)
	_, err := g.c.Write(g.buf)
	return err
}

// receive reads a packet. Acknowledgements before it are passed over.
func (g *Conn) receive() (string, error) {
	if _, err := g.r.ReadString('$'); err != nil {
		return "", err
	}
	text, err := g.r.ReadString('#')
	if err != nil {
		return "", err
	}
	var sum [2]byte
	for i := range sum {
		if sum[i], err = g.r.ReadByte(); err != nil {
			return "", err
		}
	}
	text = strings.TrimSuffix(text, "#")
	want := byte(0)
	for i := range len(text) {
		want += text[i]
	}
	if got, err := strconv.ParseUint(string(sum[:]), 16, 8); err != nil || byte(got) != want {
		return "", fmt.Errorf("%w: wrong checksum of %q", ErrStub, text)
	}
	g.answer = true
	return text, nil
}

func (g *Conn) ask(packet string) (string, error) {
	if err := g.send(packet); err != nil {
		return "", err
	}
	return g.receive()
}

// order sends a packet that is answered by OK.
func (g *Conn) order(packet string) error {
	reply, err := g.ask(packet)
	if err == nil && reply != "OK" {
		err = fmt.Errorf("%w does not do %.20q: %q", ErrStub, packet, reply)
	}
	return err
}

// Registers reads all registers.
func (g *Conn) Registers() ([]uint64, error) {
	reply, err := g.ask("g")
	if err != nil {
		return nil, err
	}
	b, err := hex.DecodeString(reply)
	if err != nil || len(b)%8 != 0 || len(b) == 0 {
		return nil, fmt.Errorf("%w: registers %.20q", ErrStub, reply)
	}
	out := make([]uint64, len(b)/8)
	for i := range out {
		out[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return out, nil
}

// SetRegisters writes all registers.
func (g *Conn) SetRegisters(regs []uint64) error {
	b := make([]byte, 0, 8*len(regs))
	for _, v := range regs {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return g.order("G" + hex.EncodeToString(b))
}

// Read reads n bytes of memory.
func (g *Conn) Read(addr uint64, n int) ([]byte, error) {
	reply, err := g.ask(fmt.Sprintf("m%x,%x", addr, n))
	if err != nil {
		return nil, err
	}
	b, err := hex.DecodeString(reply)
	if err != nil || len(b) != n {
		return nil, fmt.Errorf("%w: %d bytes at %#x: %.20q", ErrStub, n, addr, reply)
	}
	return b, nil
}

// Write writes memory.
func (g *Conn) Write(addr uint64, data []byte) error {
	return g.order(fmt.Sprintf("M%x,%x:%s", addr, len(data), hex.EncodeToString(data)))
}

// Signals, by gdb's numbers.
const (
	SignalILL  = 4
	SignalTRAP = 5
	SignalFPE  = 8
	SignalBUS  = 10
	SignalSEGV = 11
)

// Step executes one instruction and returns the signal that stopped the program:
// SignalTRAP if it was just the step. The signal is not delivered.
func (g *Conn) Step() (signal int, err error) {
	reply, err := g.ask("s")
	if err != nil {
		return 0, err
	}
	if len(reply) < 3 || reply[0] != 'T' && reply[0] != 'S' {
		return 0, fmt.Errorf("%w: the program ended: %q", ErrStub, reply)
	}
	n, err := strconv.ParseUint(reply[1:3], 16, 8)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", ErrStub, reply)
	}
	return int(n), nil
}
