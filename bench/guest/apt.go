package guest

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"
)

// apt runs apt-get, and waits while another process holds one of the locks of apt or dpkg, as a fresh machine's own
// updates do.
type apt struct {
	command
	log   logger
	every time.Duration // between tries
	limit time.Duration // of waiting
}

// newApt returns an apt that waits for ten minutes. Its output goes to out, which may be nil.
func newApt(log logger, dir string, out io.Writer) apt {
	return apt{
		command: command{dir: dir, log: out, env: []string{"DEBIAN_FRONTEND=noninteractive"}},
		log:     log, every: 2 * time.Second, limit: 10 * time.Minute,
	}
}

var (
	lockBusy   = regexp.MustCompile(`Could not get lock|Unable to (acquire|lock)`)
	lockHolder = regexp.MustCompile(`held by process (\d+)(?: \(([^)]*)\))?`)
)

// get runs apt-get with the arguments.
//
// apt itself waits for dpkg's locks if it is told to (DPkg::Lock::Timeout), but not for those of its lists and archives.
// So what fails for a lock is tried again, until the limit.
func (a apt) get(ctx context.Context, args ...string) error {
	began, told := time.Now(), false
	tell := func(line string) {
		if told || !lockBusy.MatchString(line) {
			return
		}
		told = true
		holder := "another process"
		if m := lockHolder.FindStringSubmatch(line); m != nil {
			holder = "process " + m[1]
			if m[2] != "" {
				holder += " (" + m[2] + ")"
			}
		}
		a.log.printf("waiting for %s, which holds the lock of apt or dpkg (%s at most)", holder, a.limit)
	}
	a.onLine = tell
	args = append([]string{"-q", "-o", "DPkg::Lock::Timeout=" + strconv.Itoa(int(a.limit.Seconds()))}, args...)
	for {
		err := a.run(ctx, "apt-get", args...)
		if !said(err, lockBusy) {
			return err
		}
		if time.Since(began) > a.limit {
			return fmt.Errorf("apt or dpkg was in use for %s: %w", a.limit, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(a.every):
		}
	}
}
