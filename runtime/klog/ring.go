package klog

import "axpress/runtime/abi"

// The ring buffer (Linux, kernel/printk/printk_ringbuffer.h): descriptors by sequence, an information block for each, and the
// texts in a ring of bytes. All offsets are bytes.
const (
	ringCountBits = 0x00
	ringDescPtr   = 0x08
	ringInfoPtr   = 0x10
	ringHead      = 0x18
	ringTail      = 0x20
	ringData      = 0x28 // struct prb_data_ring; a long later where there is a last_finalized_id or _seq before it
	dataPtr       = 0x08 // in it, behind size_bits

	descBytes = 24 // state, begin, next
	descBegin = 8
	descNext  = 16

	infoBytes = 88 // that of Linux 5.10 to 6.18; the static array's size tells
	infoTime  = 8
	infoLen   = 16

	blockText = 8 // a block of text begins with its descriptor's id
)

// States of a descriptor, in the uppermost two bits of its first word; the rest is the id.
const (
	descShift     = 62
	descIDs       = 1<<descShift - 1
	descCommitted = 1
	descFinalized = 2
)

// Bounds of what is believed.
const (
	maxCountBits = 24
	maxSizeBits  = 30
	maxMissing   = 1 << 10 // records in a row that are not there
)

// ringBuffer is where the parts of the ring are.
type ringBuffer struct {
	countBits, sizeBits uint32
	descs, infos, data  abi.PAddr
	infoBytes           uint64
	head, tail          uint64 // ids
}

func (k *Kernel) findRing() (r ringBuffer, ok bool) {
	at, ok := k.pointer(physical(k.sym[ring].Addr))
	if !ok {
		return r, false
	}
	var oks [6]bool
	r.countBits, oks[0] = k.mem.Read32(at + ringCountBits)
	r.descs, oks[1] = k.pointer(at + ringDescPtr)
	r.infos, oks[2] = k.pointer(at + ringInfoPtr)
	r.head, oks[3] = k.mem.Read64(at + ringHead)
	r.tail, oks[4] = k.mem.Read64(at + ringTail)
	for _, off := range []abi.PAddr{ringData, ringData + 8} {
		if r.data, oks[5] = k.pointer(at + off + dataPtr); oks[5] {
			r.sizeBits, _ = k.mem.Read32(at + off)
			break
		}
	}
	r.infoBytes = infoBytes
	if descs, infos := k.sym[ringDescs].Size, k.sym[ringInfos].Size; descs >= descBytes && infos != 0 {
		r.infoBytes = infos / (descs / descBytes)
	}
	return r, oks == [6]bool{true, true, true, true, true, true} && r.infoBytes > infoLen &&
		r.countBits > 0 && r.countBits <= maxCountBits && r.sizeBits > 0 && r.sizeBits <= maxSizeBits
}

// ring returns the last n records, newest first.
func (k *Kernel) ring(n int) (newest []record, err error) {
	r, ok := k.findRing()
	if !ok {
		return nil, errGarbage
	}
	count := uint64(1) << r.countBits
	for i, missing := uint64(0), 0; i < count && len(newest) < n && missing < maxMissing; i++ {
		id := (r.head - i) & descIDs
		missing++
		if rec, ok := k.ringRecord(&r, id); ok {
			newest, missing = append(newest, rec), 0
		}
		if id == r.tail {
			break
		}
	}
	return newest, nil
}

// ringRecord reads the record with a descriptor's id; !ok: it is not complete, or has been overwritten.
func (k *Kernel) ringRecord(r *ringBuffer, id uint64) (rec record, ok bool) {
	index := id & (1<<r.countBits - 1)
	desc, info := r.descs+abi.PAddr(index*descBytes), r.infos+abi.PAddr(index*r.infoBytes)
	state, _ := k.mem.Read64(desc)
	begin, _ := k.mem.Read64(desc + descBegin)
	next, _ := k.mem.Read64(desc + descNext)
	if s := state >> descShift; state&descIDs != id || s != descCommitted && s != descFinalized {
		return rec, false
	}
	if begin&1 != 0 || next&1 != 0 { // there was no room, or it has no text
		return rec, false
	}
	size := uint64(1) << r.sizeBits
	if (next-1)>>r.sizeBits != begin>>r.sizeBits {
		begin = 0 // what would go over the ring's end stands at its beginning
	}
	begin &= size - 1
	owner, _ := k.mem.Read64(r.data + abi.PAddr(begin))
	length, _ := k.mem.Read16(info + infoLen)
	rec.ns, _ = k.mem.Read64(info + infoTime)
	rec.text, ok = k.text(r.data+abi.PAddr(begin)+blockText, min(uint64(length), size-begin))
	return rec, ok && owner == id
}
