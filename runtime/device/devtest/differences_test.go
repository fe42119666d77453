package devtest_test

import (
	"strings"
	"testing"

	"axpress/runtime/device"
	"axpress/runtime/device/devtest"
	"axpress/runtime/state"
)

// forgetful saves all but one of its fields.
type forgetful struct {
	kept, forgotten int
	inner           []struct{ x uint8 }
	line            device.Line
	timer           device.Timer
}

func (f *forgetful) block() state.Block {
	return state.Block{Name: "forgetful", Version: 1, Fields: []any{&f.kept, &f.inner}}
}

// A field that changed and is not restored is found, a field that cannot be compared
// is too, and so is a timer that is set on one side.
func TestDifferences(t *testing.T) {
	var ca, cb devtest.Clock
	a := &forgetful{kept: 1, forgotten: 2, inner: []struct{ x uint8 }{{3}}, line: device.NoLine{}, timer: ca.NewTimer("t", nil)}
	b := &forgetful{line: device.NoLine{}, timer: cb.NewTimer("t", nil)}
	var w state.Writer
	w.Block(a.block())
	if err := state.NewReader(w.Bytes()).Block(b.block()); err != nil {
		t.Fatal(err)
	}
	a.timer.Set(5)
	met := map[string]bool{}
	wiring := devtest.Wiring{"devtest_test.forgetful.line": "where it leads", "devtest_test.forgetful.gone": "is no field"}
	for _, tt := range []struct {
		wiring devtest.Wiring
		want   []string
	}{
		{wiring, []string{"forgotten: 2 and 0", "timer: set true for 5"}},
		{nil, []string{"forgotten: 2 and 0", "line: a device.Line is neither", "timer: set true for 5"}},
	} {
		got := devtest.Differences(a, b, tt.wiring, met)
		if len(got) != len(tt.want) {
			t.Fatalf("%q, want %q", got, tt.want)
		}
		for i := range got {
			if !strings.Contains(got[i].Text, tt.want[i]) {
				t.Errorf("%q, want %q", got[i], tt.want[i])
			}
		}
	}
	if got := devtest.Unmet(wiring, met); len(got) != 1 || got[0] != "devtest_test.forgetful.gone" {
		t.Errorf("unmet %q", got)
	}
}
