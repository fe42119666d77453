package cache

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Claim is the right to make entries. It ends with the process, if not before.
type Claim struct {
	held map[string]*os.File // by key; nil: without a lock, which the file system has not
}

// Others says how to deal with those who are making entries that are asked for.
type Others struct {
	// Made says whether the entry of key has been made meanwhile, so that nobody need make it. It is asked again and
	// again while somebody has a claim to it, and at last when nobody has.
	Made func(key string) bool
	// Waiting is called when Claim has to wait for a process, and whenever that is another one: with its number, 0 if
	// that is not known, and the keys that are still asked for.
	Waiting func(pid int, keys []string)
}

// The pause between two attempts to get a lock, and the number of attempts after which somebody who does not say
// who it is is spoken of all the same.
const (
	claimPause = 50 * time.Millisecond
	patience   = 20
)

// Claim returns the right to make those entries of keys that nobody makes, after waiting for those that somebody does.
// If a process dies with its claim, its entries are for the next one to make. Goroutines of one process exclude each
// other too. The error is that of ctx.
func (c *Cache) Claim(ctx context.Context, keys []string, o Others) (*Claim, error) {
	// Everybody takes locks in the same order, so nobody waits in a circle.
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	claim := &Claim{held: map[string]*os.File{}}
	w := waiter{others: o}
	for i, key := range keys {
		f, made, err := w.lock(ctx, c.claimPath(key), keys[i:])
		if err != nil {
			claim.Release()
			return nil, err
		}
		if !made {
			claim.held[key] = f
			made = o.Made(key)
		}
		if made {
			claim.Done(key)
		}
	}
	return claim, nil
}

// Has says whether the entry of key is to be made by the owner of the claim.
func (c *Claim) Has(key string) bool {
	_, ok := c.held[key]
	return ok
}

// Done gives up the claim to key: its entry has been made, or will not be.
func (c *Claim) Done(key string) {
	if f := c.held[key]; f != nil {
		_ = discard(f) // the lock is gone with the open file; a name that stays is swept up
	}
	delete(c.held, key)
}

// Release gives up what is left of the claim.
func (c *Claim) Release() {
	for key := range c.held {
		c.Done(key)
	}
}

// claimPath is the file whose lock is the claim to key.
func (c *Cache) claimPath(key string) string { return filepath.Join(c.dir, claimPrefix+key) }

// waiter waits for the locks of one Claim.
type waiter struct {
	others Others
	told   bool
	pid    int // that was told
}

// lock takes the lock on the file at path, and returns it, unless the entry of the first of keys is made first. The file
// is nil if there is no lock to be had. keys are what is waited for meanwhile.
func (w *waiter) lock(ctx context.Context, path string, keys []string) (f *os.File, made bool, err error) {
	for attempt := 0; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if f, err = lockFile(path); !errors.Is(err, errHeld) {
			return f, false, nil
		}
		if w.others.Made(keys[0]) {
			return nil, true, nil
		}
		// At first it may be somebody who sweeps, or has not written its number yet.
		pid := owner(path)
		if known := pid != 0 && attempt > 0 || attempt >= patience; known && (!w.told || pid != w.pid) {
			w.told, w.pid = true, pid
			w.others.Waiting(pid, keys)
		}
		select {
		case <-ctx.Done():
		case <-time.After(claimPause):
		}
	}
}

// lockFile makes the file at path, locks it and writes the number of this process into it. It returns errHeld if another
// one has the lock, and a nil file with other errors.
func lockFile(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o644)
		if err != nil {
			return nil, err
		}
		if err := flock(f); err != nil {
			f.Close()
			return nil, err
		}
		if !there(f) { // its owner has just given it up
			f.Close()
			continue
		}
		// The number is for people: without it the lock is as good.
		if f.Truncate(0) == nil {
			_, _ = f.WriteString(strconv.Itoa(os.Getpid()) + "\n")
		}
		return f, nil
	}
}

// owner returns the number of the process that has the claim at path, 0 if it is not known.
func owner(path string) int {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
