package guest

import (
	"maps"
	"os"
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

// someHost stands for a Debian.
func someHost() *host {
	return &host{versions: someVersions(), release: "bookworm", linux: linuxSource{id: "package linux-source-1.0 1.0-1"}}
}

// on returns a recipe on a host.
func on(t *testing.T, r recipe, h *host) recipe {
	t.Helper()
	r, err := r.on(h)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// guestRecipes returns the recipes of a flavour's guest, by names for messages.
func guestRecipes(t *testing.T, f Flavour) map[string]recipe {
	t.Helper()
	kernel, err := kernelRecipe(f)
	if err != nil {
		t.Fatal(err)
	}
	busybox, err := busyboxRecipe()
	if err != nil {
		t.Fatal(err)
	}
	initrd, err := initrdRecipe(busybox)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]recipe{"kernel " + string(f): kernel, "busybox": busybox, "initramfs": initrd}
}

func TestRecipeHash(t *testing.T) {
	newer, trixie, linux := someHost(), someHost(), someHost()
	newer.versions["gcc-alpha-linux-gnu"] = "1.0-2"
	trixie.release = "trixie"
	linux.linux.id = "package linux-source-1.0 1.0-2"
	all := guestRecipes(t, Small)
	for name, r := range guestRecipes(t, Generic) {
		all[name] = r
	}
	for name, r := range all {
		first := on(t, r, someHost())
		if on(t, r, someHost()).hash() != first.hash() {
			t.Errorf("%s: another hash the second time", name)
		}
		for what, want := range map[*host]bool{
			newer: true, trixie: !strings.HasPrefix(name, "kernel"), linux: strings.HasPrefix(name, "kernel"),
		} {
			other := on(t, r, what)
			if (other.hash() != first.hash()) != want {
				t.Errorf("%s: on %+v the hash changes: %v, want %v", name, what, !want, want)
			}
			if other.ours() != r.ours() || first.ours() != r.ours() {
				t.Errorf("%s: what the program itself decides depends on the host", name)
			}
		}
		for input := range r.inputs {
			changed := first
			changed.inputs = maps.Clone(r.inputs)
			changed.inputs[input] += " "
			if changed.hash() == first.hash() || changed.ours() == first.ours() {
				t.Errorf("%s: a change in %q does not change the hashes", name, input)
			}
		}
		for other, o := range all {
			if other != name && (on(t, o, someHost()).hash() == first.hash() || o.ours() == r.ours()) {
				t.Errorf("%s and %s have one hash", name, other)
			}
		}
	}
	// What goes into another entry is part of its hash.
	initrd := all["initramfs"]
	other := initrd.parts[0]
	other.inputs = map[string]string{"file busybox.config": "other"}
	changed := initrd
	changed.parts = []recipe{other}
	if changed.ours() == initrd.ours() || on(t, changed, someHost()).hash() == on(t, initrd, someHost()).hash() {
		t.Error("another busybox does not change the initramfs")
	}
}

func TestRecipeWantsVersions(t *testing.T) {
	h := someHost()
	delete(h.versions, "gcc-alpha-linux-gnu")
	_, err := guestRecipes(t, Small)["kernel small"].on(h)
	if err == nil || !strings.Contains(err.Error(), "gcc-alpha-linux-gnu is not installed") ||
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
		{Options{Kernel: "/no/such/vmlinux"}, "no such file"},
		{Options{Kernel: os.DevNull, KernelSource: "linux-source-6.12"}, "neither its source nor a variant"},
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
		wanted, err := kernelConfig(f, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		if err := checkConfig([]symbol{{"CONFIG_SMP", "y"}, {"CONFIG_AIO", "y"}, {"CONFIG_SERIAL_8250_CONSOLE", "y"},
			{"CONFIG_ALPHA_GENERIC", "y"}, {"CONFIG_RTC_HCTOSYS", "y"}, {"CONFIG_MAGIC_SYSRQ", "y"}}, wanted); err != nil {
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
		if strings.HasPrefix(name, "etc/") {
			continue
		}
		cmd := exec.Command("sh", "-n")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
