package cache

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// claimant, in the environment, makes the test program a process that makes an entry: its value is the cache's folder.
const claimant = "AXPRESS_TEST_CLAIMANT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(claimant); dir != "" {
		if err := makeEntry(dir); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// makeEntry claims "k" and makes its entry, half of it before standard input says so. It says on standard output what it does.
func makeEntry(dir string) error {
	c := Open(dir)
	claim, err := c.Claim(context.Background(), []string{"k"}, Others{
		Made:    c.Has,
		Waiting: func(pid int, keys []string) { fmt.Println("waiting", pid, keys) },
	})
	if err != nil {
		return err
	}
	defer claim.Release()
	if !claim.Has("k") {
		fmt.Println("made by another")
		return nil
	}
	return c.Put("k", func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		fmt.Println("making")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return err
		}
		_, err := io.WriteString(w, " and half")
		return err
	})
}

// process is a makeEntry.
type process struct {
	*exec.Cmd
	in    io.Writer
	lines *bufio.Scanner
}

func start(t *testing.T, dir string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // it takes a moment
	t.Cleanup(cancel)
	p := &process{Cmd: exec.CommandContext(ctx, exe)}
	p.Env = append(os.Environ(), claimant+"="+dir)
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.lines = in, bufio.NewScanner(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// says waits for the next line of p, which must be want.
func (p *process) says(t *testing.T, want string) {
	t.Helper()
	if !p.lines.Scan() || p.lines.Text() != want {
		t.Fatalf("process %d says %q (%v), want %q", p.Process.Pid, p.lines.Text(), p.lines.Err(), want)
	}
}

// finish lets p make its entry, if it does, and end.
func (p *process) finish(t *testing.T, makes bool) {
	t.Helper()
	if makes {
		if _, err := io.WriteString(p.in, "go\n"); err != nil {
			t.Error(err)
		}
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

func checkEntry(t *testing.T, c *Cache) {
	t.Helper()
	if data, err := os.ReadFile(c.Path("k")); err != nil || string(data) != "half and half" {
		t.Errorf("the entry is %q, %v", data, err)
	}
	if got := names(t, c); !slices.Equal(got, []string{"k" + suffix}) {
		t.Errorf("the folder has %q", got)
	}
}

// Of several processes one makes the entry; the others say whom they wait for, and take it.
func TestOneProcessMakesAnEntry(t *testing.T) {
	c := open(t)
	worker := start(t, room(t, c))
	worker.says(t, "making")
	var others []*process
	for range 4 {
		p := start(t, c.Dir())
		p.says(t, fmt.Sprintf("waiting %d [k]", worker.Process.Pid))
		others = append(others, p)
	}
	worker.finish(t, true)
	for _, p := range others {
		p.says(t, "made by another")
		p.finish(t, false)
	}
	checkEntry(t, c)
}

// A process that is killed in the middle of its work is taken over from, and leaves no file.
func TestKilledProcessIsTakenOverFrom(t *testing.T) {
	c := open(t)
	worker := start(t, room(t, c))
	worker.says(t, "making")
	next := start(t, c.Dir())
	next.says(t, fmt.Sprintf("waiting %d [k]", worker.Process.Pid))
	third := start(t, c.Dir())
	third.says(t, fmt.Sprintf("waiting %d [k]", worker.Process.Pid))
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait() // it was killed
	if !next.lines.Scan() || !third.lines.Scan() {
		t.Fatal("nobody goes on")
	}
	if third.lines.Text() == "making" {
		next, third = third, next
	}
	if a, b := next.lines.Text(), third.lines.Text(); a != "making" || b != fmt.Sprintf("waiting %d [k]", next.Process.Pid) {
		t.Fatalf("they say %q and %q", a, b)
	}
	next.finish(t, true)
	third.says(t, "made by another")
	third.finish(t, false)
	Open(c.Dir())
	checkEntry(t, c)
}

// room makes the cache's folder, as everybody does who is about to claim keys.
func room(t *testing.T, c *Cache) string {
	t.Helper()
	if err := c.Room(1); err != nil {
		t.Fatal(err)
	}
	return c.Dir()
}

// Goroutines that want overlapping sets of entries make each of them once.
func TestClaimsOfGoroutines(t *testing.T) {
	c := open(t)
	room(t, c)
	var wg sync.WaitGroup
	var made atomic.Int32
	for i := range 8 {
		keys := []string{"a", "b", "c", "d"}
		if i%2 == 1 {
			slices.Reverse(keys)
		}
		keys = append(keys, keys[0])
		wg.Go(func() {
			claim, err := c.Claim(t.Context(), keys, Others{Made: c.Has, Waiting: func(int, []string) {}})
			if err != nil {
				t.Error(err)
				return
			}
			defer claim.Release()
			for _, key := range keys {
				if claim.Has(key) {
					made.Add(1)
					if err := put(c, key, key); err != nil {
						t.Error(err)
					}
					claim.Done(key)
				}
			}
		})
	}
	wg.Wait()
	if made.Load() != 4 {
		t.Errorf("%d entries were made", made.Load())
	}
	if got := names(t, c); len(got) != 4 {
		t.Errorf("the folder has %q", got)
	}
}

// A wait ends with its context.
func TestClaimIsInterrupted(t *testing.T) {
	c := open(t)
	room(t, c)
	claim, err := c.Claim(t.Context(), []string{"k"}, Others{Made: c.Has})
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Release()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = c.Claim(ctx, []string{"j", "k"}, Others{Made: c.Has, Waiting: func(pid int, keys []string) {
		if pid != os.Getpid() || !slices.Equal(keys, []string{"k"}) {
			t.Errorf("waiting for %d, %q", pid, keys)
		}
		cancel()
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the wait ended by %v", err)
	}
	if got := names(t, c); !slices.Equal(got, []string{claimPrefix + "k"}) {
		t.Errorf("left: %q", got)
	}
}

// Where nothing can be locked, as in a folder that takes no files, everybody may work.
func TestClaimWithoutLocks(t *testing.T) {
	c := Open(filepath.Join(t.TempDir(), "no such folder"))
	claim, err := c.Claim(t.Context(), []string{"k"}, Others{Made: c.Has})
	if err != nil || !claim.Has("k") {
		t.Fatalf("%v, %+v", err, claim)
	}
	claim.Release()
}
