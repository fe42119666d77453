package stdout

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// broken fails each time, by another error.
type broken struct{ errs []error }

func (b *broken) Write([]byte) (int, error) {
	err := b.errs[0]
	b.errs = b.errs[1:]
	return 0, err
}

func TestStream(t *testing.T) {
	var b strings.Builder
	ctx, s, stop := Watch(t.Context(), &b)
	if n, err := s.Write([]byte("text")); n != 4 || err != nil || b.String() != "text" || s.Err() != nil || ctx.Err() != nil {
		t.Errorf("%d, %v, %q, %v, %v", n, err, b.String(), s.Err(), ctx.Err())
	}
	if Direct(s) != &b || Direct(&b) != &b {
		t.Error("not what is below")
	}
	stop()
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Error("the context goes on")
	}
}

// The first failure is kept, and is why the context ends.
func TestFailure(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	ctx, s, stop := Watch(t.Context(), &broken{[]error{first, second}})
	defer stop()
	for range 2 {
		if _, err := s.Write([]byte("text")); !errors.Is(err, first) {
			t.Errorf("Write gives %v", err)
		}
	}
	if !errors.Is(s.Err(), first) || !errors.Is(context.Cause(ctx), first) || s.Err().Error() != "standard output: first" {
		t.Errorf("%v, %v", s.Err(), context.Cause(ctx))
	}
}
