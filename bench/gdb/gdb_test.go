package gdb

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

// stub answers packets from a script and says what it got.
func stub(t *testing.T, answers map[string]string) (*Conn, func() []string) {
	t.Helper()
	here, there := net.Pipe()
	done := make(chan []string, 1)
	go func() {
		r := bufio.NewReader(there)
		var got []string
		for {
			if _, err := r.ReadString('$'); err != nil {
				done <- got
				return
			}
			text, _ := r.ReadString('#')
			sum := make([]byte, 2)
			_, _ = r.Read(sum[:1])
			_, _ = r.Read(sum[1:])
			text = strings.TrimSuffix(text, "#")
			got = append(got, text)
			answer, ok := answers[text]
			if !ok {
				answer = "E01"
			}
			check := byte(0)
			for i := range len(answer) {
				check += answer[i]
			}
			if answer == "broken" {
				check++
			}
			if _, err := fmt.Fprintf(there, "+$%s#%02x", answer, check); err != nil {
				done <- got
				return
			}
		}
	}()
	g := New(here)
	return g, func() []string {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		return <-done
	}
}

func TestPackets(t *testing.T) {
	g, got := stub(t, map[string]string{
		"g":                                 "0100000000000000efcdab8967452301",
		"G02000000000000000300000000000000": "OK",
		"m1000,4":                           "01020304",
		"M1000,2:beef":                      "OK",
		"s":                                 "T05thread:01;",
	})
	regs, err := g.Registers()
	if err != nil || !slices.Equal(regs, []uint64{1, 0x0123456789abcdef}) {
		t.Errorf("%x %v", regs, err)
	}
	if err := g.SetRegisters([]uint64{2, 3}); err != nil {
		t.Error(err)
	}
	if b, err := g.Read(0x1000, 4); err != nil || !slices.Equal(b, []byte{1, 2, 3, 4}) {
		t.Errorf("%x %v", b, err)
	}
	if err := g.Write(0x1000, []byte{0xbe, 0xef}); err != nil {
		t.Error(err)
	}
	if sig, err := g.Step(); err != nil || sig != SignalTRAP {
		t.Errorf("%d %v", sig, err)
	}
	if n := len(got()); n != 5 {
		t.Errorf("the stub got %d packets", n)
	}
}

func TestErrors(t *testing.T) {
	g, done := stub(t, map[string]string{"g": "xx", "s": "W00", "m10,1": "broken"})
	for _, f := range []func() error{
		func() error { _, err := g.Registers(); return err },
		func() error { _, err := g.Step(); return err },
		func() error { _, err := g.Read(0x10, 1); return err },
		func() error { return g.Write(0, nil) },
	} {
		if err := f(); !errors.Is(err, ErrStub) {
			t.Errorf("%v", err)
		}
	}
	done()
	if _, err := g.Step(); err == nil {
		t.Error("a step without a connection")
	}
}
