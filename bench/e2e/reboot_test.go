package e2e

import (
	"bytes"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"axpress/bench/guest"
)

// person types a line at each prompt of a shell.
type person struct {
	mu    sync.Mutex
	seen  bytes.Buffer
	at    int // what of seen has been read
	lines []string
	keys  io.WriteCloser
}

// prompt is the guest's shell's.
const prompt = "\n# "

func (p *person) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.seen.Write(b)
	text := strings.ReplaceAll(p.seen.String()[p.at:], "\r", "")
	if strings.Contains(text, prompt) && len(p.lines) > 0 {
		p.at = p.seen.Len()
		line := p.lines[0]
		p.lines = p.lines[1:]
		go io.WriteString(p.keys, line+"\n")
	}
	return n, err
}

// A guest that reboots comes up again, with all its CPUs, its console and its translated code; the kernel has given away the
// memory of code that it runs only once, and has it back.
func TestReboot(t *testing.T) {
	g := build(t, guest.Plain)
	for _, cpus := range []int{1, 4} {
		args := []string{"run", "--kernel", g.Kernel, "--initrd", g.Initrd, "--append", "console=ttyS0 axpress.run=shell", "--timeout", limit,
			"--smp", strconv.Itoa(cpus)}
		cmd := exec.CommandContext(t.Context(), axpress(t), args...)
		keys, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		p := &person{lines: []string{"reboot -f", "reboot -f", "grep 'cpus active' /proc/cpuinfo; poweroff -f"}, keys: keys}
		cmd.Stdout, cmd.Stderr = p, &errs
		err = cmd.Run()
		text := strings.ReplaceAll(p.seen.String(), "\r", "")
		if err != nil || strings.Count(text, "reboot: Restarting system") != 2 || strings.Count(text, "Linux version") != 3 {
			t.Errorf("%d CPUs: %v\n%s\n%s", cpus, err, &errs, text)
		}
		if want := "cpus active		: " + strconv.Itoa(cpus) + "\n"; cpus > 1 && !strings.Contains(text, want) {
			t.Errorf("no %q:\n%s", want, text)
		}
	}
}
