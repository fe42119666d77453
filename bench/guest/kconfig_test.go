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

// Of alternatives the first counts that the kernel has, and what it has is read from its source.
func TestFragmentAlternatives(t *testing.T) {
	source := writeTree(t, map[string]string{
		"init/Kconfig":               "config NEW\n\tbool\n",
		"fs/proc/Kconfig.x":          "menuconfig BOTH\n\tbool\n",
		"arch/alpha/Kconfig":         "choice\n\tconfig HERE\n\t\tbool\n",
		"arch/mips/Kconfig":          "config THERE\n\tbool\n",
		"drivers/arch/Kconfig":       "config DRIVER\n",
		"drivers/arch/mips/Kconfig":  "config DEEP\n",
		"Documentation/not-a-config": "config NOTHING\n",
	})
	known, err := kconfigSymbols(source)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"NEW": true, "BOTH": true, "HERE": true, "DRIVER": true, "DEEP": true, "THERE": false, "NOTHING": false} {
		if known["CONFIG_"+name] != want {
			t.Errorf("%s: known %v, want %v", name, !want, want)
		}
	}
	text := "# a | comment\nCONFIG_OLD=y | # CONFIG_NEW is not set\nCONFIG_BOTH=y | CONFIG_NEW=y\nCONFIG_GONE=y | CONFIG_GONE_TOO=y\nCONFIG_A=m\n"
	got, err := parseFragment("f", text, func(name string) bool { return known[name] })
	want := []symbol{{"CONFIG_NEW", "n"}, {"CONFIG_BOTH", "y"}, {"CONFIG_GONE", "y"}, {"CONFIG_A", "m"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if _, err := parseFragment("f", "CONFIG_A=y\nCONFIG_B=y | FOO\n", func(string) bool { return false }); err == nil || !strings.HasPrefix(err.Error(), "f:2: ") {
		t.Errorf("got %v, want an error with the place", err)
	}
	// As strict as ever: what the kernel has under neither name does not stick.
	if err := checkConfig(got, []symbol{{"CONFIG_BOTH", "y"}, {"CONFIG_A", "m"}}); err == nil || !strings.Contains(err.Error(), "1 symbols") {
		t.Errorf("got %v, want CONFIG_GONE alone", err)
	}
}

// The recipe's own alternatives, for a kernel of each age.
func TestFragmentsFitKernels(t *testing.T) {
	for name, c := range map[string]struct {
		lacks []string
		want  []symbol
	}{
		"6.1":  {[]string{}, []symbol{{"CONFIG_PROC_SYSCTL", "y"}, {"CONFIG_BASE_FULL", "y"}}},
		"6.12": {[]string{"CONFIG_BASE_FULL"}, []symbol{{"CONFIG_PROC_SYSCTL", "y"}, {"CONFIG_BASE_SMALL", "n"}}},
		"7":    {[]string{"CONFIG_BASE_FULL", "CONFIG_PROC_SYSCTL"}, []symbol{{"CONFIG_SYSCTL", "y"}, {"CONFIG_BASE_SMALL", "n"}}},
	} {
		wanted, err := kernelConfig(Small, func(s string) bool { return !slices.Contains(c.lacks, s) })
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range c.want {
			if !slices.Contains(wanted, s) {
				t.Errorf("%s: %v is not wanted", name, s)
			}
		}
		for _, s := range wanted {
			if slices.Contains(c.lacks, s.name) {
				t.Errorf("%s: %s is wanted, which that kernel lacks", name, s.name)
			}
		}
	}
}
