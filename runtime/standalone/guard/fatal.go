package guard

import (
	"syscall"
	"unsafe"

	"axpress/runtime/standalone/ending"
	"axpress/runtime/standalone/terminal"
)

// overrideWrite is what the runtime calls for each piece that it writes (runtime/time_nofake.go, which keeps it for
// programs that need it). os and fmt write by themselves.
//
//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite = runtimeWrites

// What the runtime has written: nothing may be allocated where it is looked at, on a signal's stack perhaps, or before
// there is a heap. The runtime writes a fatal error under a lock of its own.
var (
	said    [1024]byte
	saidLen int
	line    [1536]byte
	lineLen int
	name    = [64]byte{'a', 'x', 'p', 'r', 'e', 's', 's'}
	nameLen = len("axpress")
	tracing bool
)

const stderr = 2

// runtimeWrites takes n bytes at p that the runtime writes to fd. What is no fatal error, such as GODEBUG asks for, has no
// empty line, and is passed on when there is much of it.
//
//go:nosplit
//go:norace
func runtimeWrites(fd uintptr, p unsafe.Pointer, n int32) int32 {
	if fd != stderr || tracing {
		if fd == stderr {
			terminal.GiveBack()
		}
		write(fd, p, uintptr(n))
		return n
	}
	for i := range uintptr(n) {
		if saidLen == len(said) {
			flush()
		}
		said[saidLen] = *(*byte)(unsafe.Add(p, i))
		saidLen++
		if saidLen >= 2 && said[saidLen-1] == '\n' && said[saidLen-2] == '\n' {
			end()
		}
	}
	return n
}

// flush passes on what was kept back.
//
//go:nosplit
//go:norace
func flush() {
	write(stderr, unsafe.Pointer(&said), uintptr(saidLen))
	saidLen = 0
}

// write writes to a file, and has nobody to tell if it cannot.
//
//go:nosplit
//go:norace
func write(fd uintptr, p unsafe.Pointer, n uintptr) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(p), n)
}

// kinds are what fatal errors say, by a text in them; the first row that fits counts.
var kinds = [...]struct {
	text, before, after string
	brief               bool    // the first line says all
	limit               uintptr // the resource whose limit is told
	unit                string
	scale               uint64
}{
	{text: "sigcode=0", before: "ended by ", brief: true},
	{text: "[signal SIGBUS", before: "a file that is in use, such as a translation in the cache, was made shorter or cannot be read: "},
	{text: "failed to reserve", before: "not enough address space: ", limit: syscall.RLIMIT_AS, unit: " KB (ulimit -v)", scale: 1024},
	{text: "failed to create new OS thread", before: "no more threads: ", limit: rlimitNproc, unit: " (ulimit -u)", scale: 1},
	{text: "allocate", before: "not enough memory: ", limit: syscall.RLIMIT_AS, unit: " KB (ulimit -v)", scale: 1024},
	{text: "out of memory", before: "not enough memory: ", limit: syscall.RLIMIT_AS, unit: " KB (ulimit -v)", scale: 1024},
	{text: "", before: "internal error: ", after: "; please report it with the output of 'axpress version' (AXPRESS_TRACE=1 shows more)"},
}

// rlimitNproc is RLIMIT_NPROC (asm-generic/resource.h).
const rlimitNproc = 6

// end ends the process because of what the runtime has said.
//
//go:nosplit
//go:norace
func end() {
	terminal.GiveBack()
	add(unsafe.Pointer(&name), nameLen)
	addString(": ")
	for i := range kinds {
		k := &kinds[i]
		if !hasSaid(k.text) {
			continue
		}
		addString(k.before)
		addSaid(k.brief)
		addString(k.after)
		if k.unit != "" {
			addLimit(k.limit, k.scale, k.unit)
		}
		break
	}
	addString("\n")
	write(stderr, unsafe.Pointer(&line), uintptr(lineLen))
	_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, ending.Internal, 0, 0)
}

// hasSaid says whether text is in what the runtime has said.
//
//go:nosplit
//go:norace
func hasSaid(text string) bool {
	for i := 0; i+len(text) <= saidLen; i++ {
		k := 0
		for k < len(text) && said[i+k] == text[k] {
			k++
		}
		if k == len(text) {
			return true
		}
	}
	return false
}

// addSaid adds what the runtime has said, its lines as one, or the first alone.
//
//go:nosplit
//go:norace
func addSaid(brief bool) {
	n := saidLen
	for n > 0 && said[n-1] == '\n' {
		n--
	}
	for i := range n {
		switch b := said[i]; {
		case b == '\n' && brief:
			return
		case b == '\n':
			addString("; ")
		case b >= ' ':
			add(unsafe.Pointer(&said[i]), 1)
		}
	}
}

// addLimit adds the soft limit of a resource, unless there is none.
//
//go:nosplit
//go:norace
func addLimit(resource uintptr, scale uint64, unit string) {
	var l syscall.Rlimit
	if _, _, errno := syscall.RawSyscall(syscall.SYS_GETRLIMIT, resource, uintptr(unsafe.Pointer(&l)), 0); errno != 0 || l.Cur == ^uint64(0) {
		return
	}
	addString("; the limit is ")
	var digits [20]byte
	i := len(digits)
	for v := l.Cur / scale; ; v /= 10 {
		i--
		digits[i] = '0' + byte(v%10)
		if v < 10 {
			break
		}
	}
	add(unsafe.Pointer(&digits[i]), len(digits)-i)
	addString(unit)
}

//go:nosplit
//go:norace
func addString(s string) { add(unsafe.Pointer(unsafe.StringData(s)), len(s)) }

// add adds n bytes at p to the line, as far as there is room.
//
//go:nosplit
//go:norace
func add(p unsafe.Pointer, n int) {
	for i := range n {
		if lineLen < len(line) {
			line[lineLen] = *(*byte)(unsafe.Add(p, i))
			lineLen++
		}
	}
}
