package guest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestBoot builds the guests and boots each on QEMU. It takes minutes (the first time) and a Debian machine, so it
// runs only when it is asked for: AXPRESS_GUEST_TEST=small or AXPRESS_GUEST_TEST=small,generic.
func TestBoot(t *testing.T) {
	flavours := os.Getenv("AXPRESS_GUEST_TEST")
	if flavours == "" {
		t.Skip("set AXPRESS_GUEST_TEST=small (or small,generic) to build the guests and boot them on QEMU")
	}
	answers := map[Variant][]string{
		Plain: {"io_submit: Bad address", "aio: exit status 0", "axpress: demo: exit status 0"},
		A1:    {"io_submit: Bad address", "aio: exit status 0", "axpress: demo: exit status 0"},
		A1OldBug: {"Unable to handle kernel paging request", "pc is at sys_io_submit", "gp = 0000000000000000",
			"aio: did not come back"},
	}
	for f := range strings.SplitSeq(flavours, ",") {
		for _, v := range Variants() {
			g, err := Build(t.Context(), Options{Flavour: Flavour(f), Variant: v, Log: os.Stderr})
			if err != nil {
				t.Fatal(err)
			}
			out := bootQEMU(t, g)
			for _, want := range append([]string{"Linux (none) " + g.Release, "reboot: Power down"}, answers[v]...) {
				if !strings.Contains(out, want) {
					t.Errorf("%s %q: %q is not in the output:\n%s", f, v, want, out)
				}
			}
			again, err := Build(t.Context(), Options{Flavour: Flavour(f), Variant: v})
			if err != nil || again.Built || again.Kernel != g.Kernel {
				t.Errorf("a second Build: %+v, %v", again, err)
			}
		}
	}
}

// bootQEMU runs a guest's demo on qemu-system-alpha and returns what the console said.
func bootQEMU(t *testing.T, g *Guest) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "qemu-system-alpha", "-M", "clipper", "-vga", "none", "-nographic", "-no-reboot",
		"-m", "1G", "-kernel", g.Kernel, "-initrd", g.Initrd, "-append", "console=ttyS0")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("qemu-system-alpha: %v", err)
	}
	return strings.ReplaceAll(out.String(), "\r", "")
}
