package e2e

import (
	"regexp"
	"strconv"
	"testing"
	"time"
)

// The guest knows the host's time of day, and has what a person at its console looks for: an editor, who needs the processor, a time
// limit, another user, the network's devices, the kernel's own keys. Texts to wait for are quoted where they are typed, to be
// told from their echo.
func TestGuestTools(t *testing.T) {
	began := time.Now()
	c, before := shell(t, "--engine", "interp")
	c.enter("echo now=$(date +%s)=\n")
	said := regexp.MustCompile(`now=(\d+)=`)
	var now int64
	c.until("time of day", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		m := said.FindSubmatch(c.screen.Bytes())
		if m != nil {
			now, _ = strconv.ParseInt(string(m[1]), 10, 64)
		}
		return m != nil
	})
	// Not a second's accuracy, but the same day and hour: a guest without a clock is in 1970.
	if got := time.Unix(now, 0); got.Before(began.Add(-5*time.Minute)) || got.After(time.Now().Add(5*time.Minute)) {
		t.Errorf("the guest's date is %s, the host's %s", got.UTC(), time.Now().UTC())
	}
	for _, tool := range []struct{ keys, want string }{
		{"top -b -n 1 | head -n 4\n", "Load average:"},
		{"echo \"at \"\"$(tty)\"\n", "at /dev/"},
		{"timeout 1 sleep 1000; echo \"sta\"\"tus=$?\"\n", "status=143"},
		{"su nobody -c id\n", "uid=65534(nobody) gid=65534(nogroup)"},
		{"ip link\n", "<LOOPBACK>"},
		{"vi /tmp/file\n", "~"},
		{"ihello", "hello"},
		{"\x1b", "- /tmp/file [Modified]"},
		{":wq\n", "# "},
		{"echo \"file \"\"has $(cat /tmp/file)\"\n", "file has hello"},
		{"echo h >/proc/sysrq-trigger\n", "sysrq: HELP"},
	} {
		c.enter(tool.keys)
		c.expect(tool.want)
	}
	c.enter("exit\n")
	c.ends(0, before)
}
