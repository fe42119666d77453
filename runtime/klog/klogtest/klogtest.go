// Package klogtest makes kernel logs for tests, as Linux lays them out in memory.
package klogtest

import (
	"encoding/binary"

	"axpress/runtime/abi"
	"axpress/runtime/klog"
)

// Ring says which ring to make.
type Ring struct {
	PA        uint64 // of what Bytes returns
	Records   []string
	First     uint64 // id of the first record
	CountBits uint32
	SizeBits  uint32
	// Finalized: the ring has a last_finalized_id, as Linux 6.1.80 and 6.9 and later have.
	Finalized bool
	InfoBytes uint64 // 0 is 88
}

// Where things are in Bytes: panic_cpu, panic_timeout, the pointer prb and the ring.
const (
	panicCPU     = 0x00
	panicTimeout = 0x08
	prb          = 0x10
	ring         = 0x20
	arrays       = 0x100
)

// PanicCPU is where panic_cpu is in Bytes; it is -1.
const PanicCPU = panicCPU

func (r *Ring) infoBytes() uint64 {
	if r.InfoBytes == 0 {
		return 88
	}
	return r.InfoBytes
}

// Symbols are those of the variables in Bytes.
func (r *Ring) Symbols() klog.Symbols {
	va, count := abi.KSEGBase+r.PA, uint64(1)<<r.CountBits
	return klog.Symbols{
		"panic_cpu": {Addr: va + panicCPU, Size: 4}, "panic_timeout": {Addr: va + panicTimeout, Size: 4}, "prb": {Addr: va + prb, Size: 8},
		"_printk_rb_static_descs": {Size: 24 * count}, "_printk_rb_static_infos": {Size: r.infoBytes() * count},
	}
}

// Bytes returns the memory at PA: the variables, and a ring with all of Records written one after the other, each a millisecond
// after the one before, so that later ones overwrite the first.
func (r *Ring) Bytes() []byte {
	count, size := uint64(1)<<r.CountBits, uint64(1)<<r.SizeBits
	descs := uint64(arrays)
	infos := descs + 24*count
	data := infos + r.infoBytes()*count
	b := make([]byte, data+size)
	le := binary.LittleEndian
	put := func(at, v uint64) { le.PutUint64(b[at:], v) }
	le.PutUint32(b[panicCPU:], ^uint32(0))
	put(prb, abi.KSEGBase+r.PA+ring)
	put(ring, uint64(r.CountBits))
	put(ring+0x08, abi.KSEGBase+r.PA+descs)
	put(ring+0x10, abi.KSEGBase+r.PA+infos)
	const ids = 1<<62 - 1
	n := uint64(len(r.Records))
	head := (r.First + n - 1) & ids
	put(ring+0x18, head)
	put(ring+0x20, (head-min(n, count)+1)&ids)
	at := uint64(ring + 0x28)
	if r.Finalized {
		put(at, head)
		at += 8
	}
	put(at, uint64(r.SizeBits))
	put(at+8, abi.KSEGBase+r.PA+data)
	pos := uint64(0) // logical position in the ring of texts
	for i, text := range r.Records {
		id := (r.First + uint64(i)) & ids
		need := (8 + uint64(len(text)) + 7) &^ 7
		begin, next := pos, pos+need
		block := begin % size
		if block+need > size { // it wraps, and stands at the beginning
			next, block = (begin/size+1)*size+need, 0
		}
		pos = next
		put(data+block, id)
		copy(b[data+block+8:], text)
		d, info := descs+id%count*24, infos+id%count*r.infoBytes()
		put(d, 2<<62|id)
		put(d+8, begin)
		put(d+16, next)
		put(info, id)
		put(info+8, uint64(i)*1_000_000)
		le.PutUint16(b[info+16:], uint16(len(text)))
	}
	return b
}
