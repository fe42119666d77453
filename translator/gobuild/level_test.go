package gobuild

import (
	"slices"
	"testing"
)

func TestLevel(t *testing.T) {
	const new = "processor\t: 0\nflags\t\t: fpu xsave avx abm bmi1 avx2 bmi2 fma movbe f16c\nbugs\t\t: a\n"
	for text, want := range map[string]string{new: "v3", "flags\t: fpu avx avx2\n": "", "nothing": ""} {
		if got := level(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	t.Setenv(levelEnv, "v1")
	if got := hostLevel(); got != nil {
		t.Errorf("%q in spite of a choice", got)
	}
	t.Setenv(levelEnv, "")
	if got := hostLevel(); got != nil && !slices.Equal(got, []string{"GOAMD64=v3"}) {
		t.Errorf("%q", got)
	}
}
