package klog

import (
	"fmt"
	"strings"

	"axpress/runtime/abi"
)

// record is an entry of the log.
type record struct {
	ns   uint64 // since boot
	text string // one line or several
}

// lines are those of r, as dmesg prints them: each has the time.
func (r *record) lines() (lines []string) {
	for text := range strings.SplitSeq(strings.TrimRight(r.text, "\n"), "\n") {
		lines = append(lines, fmt.Sprintf("[%5d.%06d] %s", r.ns/1e9, r.ns%1e9/1e3, text))
	}
	return lines
}

// maxText is the longest text of a record that is believed; the kernel's own limit is 1024 (L LOG_LINE_MAX), longer for
// what goes on in several pieces.
const maxText = 4096

// text reads n bytes and replaces what a terminal would obey.
func (k *Kernel) text(pa abi.PAddr, n uint64) (string, bool) {
	var b strings.Builder
	for i := range min(n, maxText) {
		c, ok := k.mem.Read8(pa + abi.PAddr(i))
		if !ok {
			return "", false
		}
		if c != '\n' && c != '\t' && (c < ' ' || c > '~') {
			c = '?'
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// The records of Linux 3.5 to 5.9 (Linux, kernel/printk/printk.c, struct printk_log): a time, the record's whole length, that of
// its text, and the text behind the header. A length of 0 says that the next one is at the buffer's beginning.
const (
	recTotal = 8
	recText  = 10
	recBytes = 16
)

// records returns the last n records, newest first. They are linked forwards alone.
func (k *Kernel) records(n int) (newest []record, err error) {
	buf, ok := k.pointer(physical(k.sym[oldBuf].Addr))
	size, ok1 := k.word(oldLen)
	first, ok2 := k.word(oldFirst)
	next, ok3 := k.word(oldNext)
	if !ok || !ok1 || !ok2 || !ok3 || size > 1<<maxSizeBits || first >= size || next > size {
		return nil, errGarbage
	}
	for at, steps := first, size/recBytes; at != next && steps > 0; steps-- {
		total, ok := k.mem.Read16(buf + abi.PAddr(at) + recTotal)
		if !ok || total != 0 && total < recBytes || at+uint64(total) > size {
			break // overwritten: what came before it is still good
		}
		if total == 0 {
			if at == 0 {
				break
			}
			at = 0
			continue
		}
		length, _ := k.mem.Read16(buf + abi.PAddr(at) + recText)
		r := record{}
		r.ns, _ = k.mem.Read64(buf + abi.PAddr(at))
		if r.text, ok = k.text(buf+abi.PAddr(at)+recBytes, min(uint64(length), uint64(total)-recBytes)); ok {
			newest = append([]record{r}, newest[:min(len(newest), n-1)]...)
		}
		at += uint64(total)
	}
	return newest, nil
}
