package guest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func testRecipe() recipe {
	return recipe{kind: "thing", inputs: map[string]string{"a": "1"}}
}

// writes returns a buildFunc that counts its calls and writes one file.
func writes(calls *atomic.Int32) buildFunc {
	return func(_ context.Context, _ recipe, work, out string, log *os.File) (map[string]string, error) {
		calls.Add(1)
		if err := os.WriteFile(filepath.Join(work, "junk"), nil, 0o644); err != nil {
			return nil, err
		}
		time.Sleep(20 * time.Millisecond)
		return map[string]string{"p": "1"}, os.WriteFile(filepath.Join(out, "file"), []byte("x"), 0o644)
	}
}

// leftovers returns what is in the store beside the entry that testRecipe has.
func leftovers(t *testing.T, s store) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"store/*", "work/*"} {
		names, err := filepath.Glob(filepath.Join(s.dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, names...)
	}
	return found
}

func TestStoreBuildsOnce(t *testing.T) {
	s := store{t.TempDir()}
	var calls, built atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			dir, fresh, err := s.ensure(t.Context(), logger{}, testRecipe(), writes(&calls))
			if err != nil {
				t.Error(err)
			}
			if fresh {
				built.Add(1)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "file")); err != nil || string(text) != "x" {
				t.Errorf("file: %q, %v", text, err)
			}
		})
	}
	wait.Wait()
	if calls.Load() != 1 || built.Load() != 1 {
		t.Errorf("%d builds, %d callers told that they built; want 1 and 1", calls.Load(), built.Load())
	}
	if found := leftovers(t, s); len(found) != 1 {
		t.Errorf("more than the entry is left: %q", found)
	}
}

func TestStoreFailureLeavesNothing(t *testing.T) {
	s := store{t.TempDir()}
	_, _, err := s.ensure(t.Context(), logger{}, testRecipe(),
		func(_ context.Context, _ recipe, _, out string, log *os.File) (map[string]string, error) {
			log.WriteString("what went wrong")
			return nil, errors.Join(os.WriteFile(filepath.Join(out, "half"), nil, 0o644), errors.New("boom"))
		})
	if err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "thing.log") {
		t.Errorf("got %v, want the cause and the log's name", err)
	}
	if found := leftovers(t, s); len(found) != 0 {
		t.Errorf("left: %q", found)
	}
	if text, err := os.ReadFile(filepath.Join(s.dir, "logs", "thing.log")); err != nil || string(text) != "what went wrong" {
		t.Errorf("log: %q, %v", text, err)
	}
	var calls atomic.Int32
	if _, built, err := s.ensure(t.Context(), logger{}, testRecipe(), writes(&calls)); err != nil || !built {
		t.Errorf("a second try: %v, %v", built, err)
	}
}

func TestStoreInterrupted(t *testing.T) {
	s := store{t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := s.ensure(ctx, logger{}, testRecipe(),
		func(ctx context.Context, _ recipe, work, _ string, log *os.File) (map[string]string, error) {
			time.AfterFunc(50*time.Millisecond, cancel)
			start := time.Now()
			err := command{dir: work, log: log}.run(ctx, "sh", "-c", "sleep 30 & wait")
			if time.Since(start) > 9*time.Second {
				t.Error("the program's children were not killed")
			}
			return nil, err
		})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v, want interrupted", err)
	}
	if found := leftovers(t, s); len(found) != 0 {
		t.Errorf("left: %q", found)
	}
}

func TestStoreRepairs(t *testing.T) {
	s := store{t.TempDir()}
	r := testRecipe()
	for _, path := range []string{"work/scratch/old", "store/" + r.entry() + "/half"} { // a killed build; a deleted manifest
		if err := os.MkdirAll(filepath.Join(s.dir, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var calls atomic.Int32
	dir, built, err := s.ensure(t.Context(), logger{}, r, writes(&calls))
	if err != nil || !built {
		t.Fatalf("%v, %v", built, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "half")); err == nil {
		t.Error("the damaged entry is still there")
	}
	if found := leftovers(t, s); len(found) != 1 {
		t.Errorf("left: %q", found)
	}
}

func TestStoreLockWaitEnds(t *testing.T) {
	s := store{t.TempDir()}
	unlock, err := s.lock(t.Context(), logger{})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.lock(ctx, logger{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}
