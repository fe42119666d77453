package interp

import (
	"testing"

	"axpress/runtime/vcpu"
)

// loops are guest programs for the benchmark; each runs for ever.
var loops = map[string]string{
	"alu": `
		addq $1,1,$1
		s8addq $1,$2,$3
		xor $3,$1,$4
		srl $4,3,$5
		cmpult $5,$1,$6
		bne $1,.-20`,
	"memory": `
		ldq $1,0($16)
		addq $1,1,$1
		stq $1,0($16)
		ldl $2,8($16)
		addl $2,$1,$2
		stl $2,8($16)
		br $31,.-24`,
	"call": `
		bsr $26,.+12
		addq $1,1,$1
		br $31,.-8
		lda $30,-16($30)
		lda $30,16($30)
		ret $31,($26)`,
	"float": `
		addt $f1,$f2,$f3
		mult $f3,$f2,$f4
		addq $1,1,$1
		br $31,.-12`,
}

// BenchmarkLoop reports guest instructions per second.
func BenchmarkLoop(b *testing.B) {
	for name, text := range loops {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, vcpu.CPU{}, nil)
			r.load(b, text)
			r.s.R[16], r.s.R[1] = dataVA, 1
			r.s.F[1], r.s.F[2] = 0x3ff0000000000000, 0x3ff8000000000000
			r.s.Limit = int64(b.N) * 1000
			b.ResetTimer()
			r.c.Run()
			b.ReportMetric(float64(r.s.Icount)/1e6/b.Elapsed().Seconds(), "MIPS")
		})
	}
}
