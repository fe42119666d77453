package e2e

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var uptimeSays = regexp.MustCompile(`uptime=(\d+\.\d+)=`)

// uptime asks the guest's shell for how many seconds it has been up.
func (c *console) uptime() float64 {
	c.t.Helper()
	var said [][]byte
	c.enter("read u x </proc/uptime; echo up\"\"time=$u=\n")
	c.until("uptime", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		said = uptimeSays.FindSubmatch(c.screen.Bytes()[c.read:])
		return said != nil
	})
	c.expect("# ")
	s, err := strconv.ParseFloat(string(said[1]), 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// The guest's clock stands still while its process is stopped.
func TestStoppedGuest(t *testing.T) {
	const stop = 3 * time.Second
	for _, cpus := range []string{"1", "2"} {
		c, before := shell(t, "--smp", cpus)
		began, up := time.Now(), c.uptime()
		for _, s := range []unix.Signal{unix.SIGSTOP, unix.SIGCONT} {
			if err := c.cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			if s == unix.SIGSTOP {
				c.until("stop", func() bool { return stopped(c.cmd.Process.Pid) })
				time.Sleep(stop)
			}
		}
		passed := c.uptime() - up
		if ran := time.Since(began) - stop; passed > ran.Seconds()+0.1 {
			t.Errorf("%s CPUs: %.2f s passed, and the guest ran for %v", cpus, passed, ran)
		}
		c.enter("exit\n")
		c.expect("Power down")
		c.ends(0, before)
	}
}
