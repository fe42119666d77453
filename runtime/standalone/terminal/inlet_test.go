package terminal

import (
	"bytes"
	"io"
	"testing"
)

// deaf is a guest that takes what it gets.
type deaf struct {
	bytes.Buffer
	breaks int
}

func (d *deaf) Break()              { d.breaks++ }
func (d *deaf) Whereabouts() string { return "CPU 0 runs\n" }

// full takes n bytes, and then is gone.
type full struct {
	deaf
	n    int
	gone func()
}

func (f *full) Write(p []byte) (int, error) {
	if len(p) <= f.n {
		f.n -= len(p)
		return f.Buffer.Write(p)
	}
	n, _ := f.Buffer.Write(p[:f.n])
	f.n = 0
	f.gone()
	return n, io.ErrClosedPipe
}

// What a guest does not take any more the next one gets; and a guest gets nothing once there is a new one.
func TestInlet(t *testing.T) {
	i := NewInlet()
	var second deaf
	first := &full{n: 3, gone: func() { i.To(&second) }}
	i.To(first)
	for _, text := range []string{"ab", "cd", "ef"} {
		if n, err := i.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("%q: %d, %v", text, n, err)
		}
	}
	var third, fourth deaf
	i.To(&third)
	i.To(&fourth)
	if _, err := i.Write([]byte("g")); err != nil {
		t.Fatal(err)
	}
	i.Break()
	if fourth.breaks != 1 || i.Whereabouts() == "" {
		t.Errorf("%d breaks", fourth.breaks)
	}
	if a, b, c, d := first.String(), second.String(), third.String(), fourth.String(); a != "abc" || b != "def" || c != "" || d != "g" {
		t.Errorf("%q, %q, %q, %q", a, b, c, d)
	}
}
