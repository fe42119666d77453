package guest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakePrograms puts shell scripts before everything else on PATH. They find the folder that is returned in $FAKE, and
// may count their calls and keep files there.
func fakePrograms(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir, data := t.TempDir(), t.TempDir()
	for name, text := range scripts {
		text = "#!/bin/sh\nFAKE='" + data + "'\n" + text
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return data
}

// calls returns what the fakes have noted.
func calls(t *testing.T, data string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "calls"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// While others hold a lock, apt is waited for, and who holds it is said once; it is told to wait for dpkg's lock itself.
func TestAptWaitsForLocks(t *testing.T) {
	data := fakePrograms(t, map[string]string{"apt-get": `
echo "$@" >>"$FAKE/calls"
case $(wc -l <"$FAKE/calls") in
1) echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4711 (apt-get)'; exit 100 ;;
2) echo 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?'; exit 100 ;;
3) printf 'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4712 (dpkg)\r' ;;
esac
`})
	var log bytes.Buffer
	a := newApt(logger{&log}, t.TempDir(), nil)
	a.every = time.Millisecond
	if err := a.get(t.Context(), "install", "-y", "bc"); err != nil {
		t.Fatal(err)
	}
	got := calls(t, data)
	if len(got) != 3 {
		t.Fatalf("%d calls: %q", len(got), got)
	}
	for _, c := range got {
		if !strings.Contains(c, "-o DPkg::Lock::Timeout=600 install -y bc") {
			t.Errorf("apt-get %s", c)
		}
	}
	if want := "guest: waiting for process 4711 (apt-get), which holds the lock of apt or dpkg (10m0s at most)\n"; log.String() != want {
		t.Errorf("said %q, want %q", log.String(), want)
	}
}

// What apt itself waits for is said, though the line that says it does not end.
func TestAptSaysThatItWaits(t *testing.T) {
	fakePrograms(t, map[string]string{"apt-get": `printf 'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 99 (unattended-upgr)... 0s\r'`})
	var log bytes.Buffer
	if err := newApt(logger{&log}, t.TempDir(), nil).get(t.Context(), "install"); err != nil || !strings.Contains(log.String(), "process 99 (unattended-upgr)") {
		t.Errorf("%v, said %q", err, log.String())
	}
}

// The waiting ends: by its limit, or by the user.
func TestAptGivesUp(t *testing.T) {
	fakePrograms(t, map[string]string{"apt-get": `echo 'E: Could not get lock /x'; exit 100`})
	a := newApt(logger{}, t.TempDir(), nil)
	a.every, a.limit = time.Millisecond, 20*time.Millisecond
	if err := a.get(t.Context(), "update"); err == nil || !strings.Contains(err.Error(), "in use for 20ms") || !strings.Contains(err.Error(), "Could not get lock") {
		t.Errorf("%v", err)
	}
	a.limit = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(30*time.Millisecond, cancel)
	if err := a.get(ctx, "update"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// mirror is an apt whose mirror lists the versions 1.10-1, 1.9-2 and 1.9-1 of thing, and has the files of the one in
// $FAKE/has. Its downloads leave files behind, also when they fail.
var mirror = map[string]string{
	"apt-get": `
while [ "$1" = -q ] || [ "$1" = -o ]; do if [ "$1" = -o ]; then shift; fi; shift; done
echo "$@" >>"$FAKE/calls"
[ "$1" = source ] || exit 0
version=${2#*=}; [ "$version" != "$2" ] || version=1.10-1
: >"thing_$version.dsc.partial"
printf 'Version: %s\n' "$version" >"thing_$version.dsc"
if [ "$version" != "$(cat "$FAKE/has")" ]; then
	echo "E: Failed to fetch http://mirror.example/thing_$version.dsc  404  Not Found [IP: 192.0.2.1 80]"
	echo "E: Failed to fetch some archives."
	exit 100
fi
mkdir -p "thing-${version%-*}/debian"
`,
	"apt-cache": `
while [ "$1" = -o ]; do shift 2; done
[ "$1" = showsrc ] && printf 'Package: thing\nVersion: %s\nFormat: 3.0\n\n' 1.9-1 1.10-1 1.9-2 1.10-1
`,
}

// debianOnly skips a test where there is no dpkg, or no apt source to be found.
func debianOnly(t *testing.T) (release string) {
	t.Helper()
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("no dpkg: this is no Debian")
	}
	release, err := debianRelease()
	if err != nil {
		t.Skip(err)
	}
	if err := writeSourceLists("/", t.TempDir(), release); err != nil {
		t.Skip(err)
	}
	return release
}

// Of a source package whose newest version the mirror does not have, the newest that it has is taken.
func TestSourceFallsBack(t *testing.T) {
	release := debianOnly(t)
	data := fakePrograms(t, mirror)
	for has, want := range map[string][]string{
		"1.10-1": {"update", "source thing"},
		"1.9-2":  {"update", "source thing", "source thing=1.9-2"},
		"1.9-1":  {"update", "source thing", "source thing=1.9-2", "source thing=1.9-1"},
	} {
		if err := errors.Join(os.RemoveAll(filepath.Join(data, "calls")), os.WriteFile(filepath.Join(data, "has"), []byte(has), 0o644)); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		dir, version, err := fetchSource(t.Context(), command{dir: t.TempDir()}, logger{&log}, release, "thing")
		if err != nil || version != has || filepath.Base(dir) != "thing-"+strings.SplitN(has, "-", 2)[0] {
			t.Errorf("%s: got %s, %s, %v", has, dir, version, err)
		}
		if got := calls(t, data); strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("%s: apt-get %q, want %q", has, got, want)
		}
		if lines := strings.Count(log.String(), "the mirror does not have"); lines != len(want)-2 {
			t.Errorf("%s: said %q", has, log.String())
		}
	}
}

// When there is none, that is one short line of its own kind; what fails otherwise is not tried with older versions.
func TestSourceMissing(t *testing.T) {
	release := debianOnly(t)
	data := fakePrograms(t, mirror)
	if err := os.WriteFile(filepath.Join(data, "has"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err := fetchSource(t.Context(), command{dir: t.TempDir()}, logger{}, release, "thing")
	var missing *missingSource
	if !errors.As(err, &missing) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 250 {
		t.Errorf("got %v", err)
	}
	if want := "the mirror has no source of thing, though it lists 1.10-1, 1.9-2, 1.9-1: apt-get: exit status 100: E: Failed to fetch"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}

	data = fakePrograms(t, map[string]string{"apt-get": `echo "$@" >>"$FAKE/calls"; case "$*" in *source*thing) echo 'E: Disk full'; exit 100;; esac`})
	_, _, err = fetchSource(t.Context(), command{dir: t.TempDir()}, logger{}, release, "thing")
	if err == nil || errors.As(err, &missing) || !strings.Contains(err.Error(), "E: Disk full") || len(calls(t, data)) != 2 {
		t.Errorf("got %v after %q", err, calls(t, data))
	}
}
