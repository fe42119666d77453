package guest

import (
	"maps"
	"os/exec"
	"strings"
	"testing"
)

// someVersions stands for an installed tool chain.
func someVersions() map[string]string {
	v := map[string]string{}
	for _, p := range Packages(GroupGuest) {
		v[p.Name] = "1.0-1"
	}
	return v
}

func TestRecipeHash(t *testing.T) {
	seen := map[string]string{}
	add := func(name string, r recipe, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if other, ok := seen[r.hash()]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[r.hash()] = name
	}
	for _, f := range Flavours() {
		r, err := kernelRecipe(f, someVersions())
		add(string(f), r, err)
	}
	busybox, err := busyboxRecipe(someVersions(), "bookworm")
	add("busybox", busybox, err)
	other, err := busyboxRecipe(someVersions(), "trixie")
	add("busybox of trixie", other, err)
	initrd, err := initrdRecipe(someVersions(), busybox)
	add("initramfs", initrd, err)
	initrd, err = initrdRecipe(someVersions(), other)
	add("initramfs with another busybox", initrd, err)

	newer := someVersions()
	newer["linux-source-6.1"] = "1.0-2"
	r, err := kernelRecipe(Small, newer)
	add("kernel of a newer source", r, err)

	again, err := kernelRecipe(Small, someVersions())
	if err != nil {
		t.Fatal(err)
	}
	if seen[again.hash()] != "small" {
		t.Error("the same recipe has another hash the second time")
	}
	for name := range again.inputs {
		changed := again
		changed.inputs = maps.Clone(again.inputs)
		changed.inputs[name] += " "
		if changed.hash() == again.hash() {
			t.Errorf("a change in %q does not change the hash", name)
		}
	}
}

func TestRecipeWantsVersions(t *testing.T) {
	v := someVersions()
	delete(v, "linux-source-6.1")
	_, err := kernelRecipe(Small, v)
	if err == nil || !strings.Contains(err.Error(), "linux-source-6.1 is not installed") ||
		!strings.Contains(err.Error(), "apt-get install") {
		t.Errorf("got %v; want what is missing and what to type", err)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Flavour: "big"}, `no kernel flavour "big"; there are ["small" "generic"]`},
		{Options{Variant: "a2"}, `no kernel variant "a2"; there are ["" "a1" "a1-oldbug"]`},
		{Options{Jobs: -1}, "-1 jobs"},
	} {
		if _, err := c.o.withDefaults(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %s", c.o, err, c.want)
		}
	}
	t.Setenv("XDG_CACHE_HOME", "/x/cache")
	o, err := Options{}.withDefaults()
	if err != nil || o.CacheDir != "/x/cache/axpress/guest" || o.Flavour != Small || o.Jobs < 1 {
		t.Errorf("defaults: %+v, %v", o, err)
	}
}

func TestEmbeddedConfigs(t *testing.T) {
	for _, f := range Flavours() {
		wanted, err := kernelConfig(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkConfig([]symbol{{"CONFIG_SMP", "y"}, {"CONFIG_AIO", "y"}, {"CONFIG_SERIAL_8250_CONSOLE", "y"},
			{"CONFIG_ALPHA_GENERIC", "y"}}, wanted); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	if _, err := busyboxFragment(); err != nil {
		t.Error(err)
	}
}

func TestEmbeddedScripts(t *testing.T) {
	names, err := initrdFiles()
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 4 {
		t.Fatalf("only %q are embedded", names)
	}
	for _, name := range names {
		text, err := recipeFile(name)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-n")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
