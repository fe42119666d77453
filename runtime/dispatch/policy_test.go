package dispatch

import "testing"

// An address space becomes hot by running, and cold by missing more than it runs.
func TestTierPolicy(t *testing.T) {
	const ptbr, other, asn = 7, 7 + 256, 3
	var p tierPolicy
	if p.isHot(ptbr, asn) {
		t.Fatal("hot before it has run")
	}
	if p.ran(ptbr, asn, warmUp-1) || p.isHot(ptbr, asn) {
		t.Fatal("hot too early")
	}
	if !p.ran(ptbr, asn, 1) || !p.isHot(ptbr, asn) {
		t.Fatal("not hot after the warm-up")
	}
	if n := spend(&p, ptbr, asn); n != grant/missPrice+1 || p.isHot(ptbr, asn) {
		t.Errorf("cold after %d misses, want %d", n, grant/missPrice+1)
	}
	if p.ran(ptbr, asn, penalty-1); p.isHot(ptbr, asn) {
		t.Error("hot before the penalty is over")
	}
	if p.ran(ptbr, asn, 1); !p.isHot(ptbr, asn) {
		t.Error("not hot after the penalty")
	}
	for range 1000 {
		p.ran(ptbr, asn, missPrice)
		if p.missed(ptbr, asn) {
			t.Fatal("cold though it runs as much as it misses")
		}
	}
	if p.isHot(other, asn) {
		t.Error("another address space is hot")
	}
	if p.isHot(ptbr, asn) {
		t.Error("still known after another took its place")
	}
}

// Linux gives a process that unmaps pages a new number each time: it has to get warm
// again, but what it did counts.
func TestTierPolicyOfNewNumber(t *testing.T) {
	const ptbr = 7
	var p tierPolicy
	asn := uint64(1)
	p.ran(ptbr, asn, warmUp)
	p.missed(ptbr, asn)
	asn++
	if p.isHot(ptbr, asn) {
		t.Error("hot though its window is another")
	}
	if p.ran(ptbr, asn, warmUp); !p.isHot(ptbr, asn) {
		t.Error("not hot after the warm-up")
	}
	if n := spend(&p, ptbr, asn); n != grant/missPrice {
		t.Errorf("cold after %d misses, want %d, as there was one before", n, grant/missPrice)
	}
	asn++
	if p.ran(ptbr, asn, penalty-1); p.isHot(ptbr, asn) {
		t.Error("a new number ended the penalty")
	}
	if p.ran(ptbr, asn, 1); !p.isHot(ptbr, asn) {
		t.Error("not hot after the penalty")
	}
	p.forget()
	if p.isHot(ptbr, asn) {
		t.Error("hot though its window is empty")
	}
}

// Who spends all again and again is cold for longer and longer, but not for ever, and
// it is forgotten after a good while.
func TestPenalty(t *testing.T) {
	const ptbr, asn = 3, 9
	var p tierPolicy
	p.ran(ptbr, asn, warmUp)
	for _, want := range []int64{penalty, 2 * penalty, 4 * penalty, maxPenalty, maxPenalty} {
		spend(&p, ptbr, asn)
		if p.ran(ptbr, asn, want-1); p.isHot(ptbr, asn) {
			t.Errorf("hot before %d instructions were over", want)
		}
		if p.ran(ptbr, asn, 1); !p.isHot(ptbr, asn) {
			t.Errorf("not hot after %d instructions", want)
		}
	}
	p.ran(ptbr, asn, maxCredit)
	spend(&p, ptbr, asn)
	if p.ran(ptbr, asn, penalty); !p.isHot(ptbr, asn) {
		t.Error("the penalty does not go down again")
	}
}

// spend misses until the address space is cold, and returns how often.
func spend(p *tierPolicy, ptbr, asn uint64) (misses int) {
	for misses = 1; !p.missed(ptbr, asn); misses++ {
	}
	return misses
}
