package guest

import (
	"slices"
	"strings"
	"testing"
)

func TestParseConfig(t *testing.T) {
	got, err := parseConfig("f", "# a comment\n\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=\"x=y z\"\n#\n")
	want := []symbol{{"CONFIG_A", "y"}, {"CONFIG_B", "n"}, {"CONFIG_C", `"x=y z"`}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if back, err := parseConfig("f", formatConfig(want)); err != nil || !slices.Equal(back, want) {
		t.Errorf("round trip: %v, %v", back, err)
	}
	for _, bad := range []string{"CONFIG_A", "FOO=y", "CONFIG_A =y"} {
		if _, err := parseConfig("some.config", "CONFIG_A=y\n"+bad); err == nil ||
			!strings.HasPrefix(err.Error(), "some.config:2: ") {
			t.Errorf("%q: got %v, want an error with the place", bad, err)
		}
	}
}

func TestMergeConfig(t *testing.T) {
	base := []symbol{{"CONFIG_A", "y"}, {"CONFIG_B", "m"}}
	got := mergeConfig(base, []symbol{{"CONFIG_B", "y"}, {"CONFIG_C", "n"}}, []symbol{{"CONFIG_C", "1"}})
	want := []symbol{{"CONFIG_A", "y"}, {"CONFIG_B", "y"}, {"CONFIG_C", "1"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if base[1].value != "m" {
		t.Error("the base was changed")
	}
}

func TestCheckConfig(t *testing.T) {
	wanted := []symbol{{"CONFIG_A", "y"}, {"CONFIG_OFF", "n"}, {"CONFIG_GONE", "n"}}
	if err := checkConfig(wanted, []symbol{{"CONFIG_A", "y"}, {"CONFIG_OFF", "n"}}); err != nil {
		t.Errorf("all stuck: %v", err)
	}
	err := checkConfig(wanted, []symbol{{"CONFIG_OFF", "y"}})
	if err == nil {
		t.Fatal("nothing stuck, no error")
	}
	for _, want := range []string{"2 symbols", "CONFIG_A: wanted y, is n", "CONFIG_OFF: wanted n, is y", "recipe/"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}
