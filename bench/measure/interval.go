package measure

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a quotient of times, and the bounds of the interval that holds the true one with 95 % confidence.
type Interval struct{ Value, Low, High float64 }

// confidence is that of an Interval.
const confidence = 0.95

// Paired returns how many times longer a takes than b. The k-th run of one was beside the k-th of the other, so each pair gives a
// quotient; their logarithms are taken to be normally distributed (Student's t). false if there are fewer than two pairs.
func Paired(a, b *Cell) (Interval, bool) {
	logs, ok := logQuotients(a, b)
	if !ok {
		return Interval{}, false
	}
	return interval(logs)
}

// PairedMean is Paired of the geometric means of rows; those where a or b has no good times are left out. n is how many there are.
func PairedMean(rows []Row, a, b Engine) (_ Interval, n int) {
	var sum []float64
	for i := range rows {
		logs, ok := logQuotients(rows[i].Engines[a], rows[i].Engines[b])
		if !ok || sum != nil && len(logs) != len(sum) {
			continue
		}
		if n++; sum == nil {
			sum = make([]float64, len(logs))
		}
		for k, v := range logs {
			sum[k] += v
		}
	}
	for k := range sum {
		sum[k] /= float64(n)
	}
	v, ok := interval(sum)
	if !ok {
		n = 0
	}
	return v, n
}

func logQuotients(a, b *Cell) (logs []float64, ok bool) {
	if !a.Good() || !b.Good() || len(a.Seconds) != len(b.Seconds) {
		return nil, false
	}
	for k := range a.Seconds {
		logs = append(logs, math.Log(a.Seconds[k]/b.Seconds[k]))
	}
	return logs, true
}

// interval is that of the mean of logs.
func interval(logs []float64) (Interval, bool) {
	if len(logs) < 2 {
		return Interval{}, false
	}
	n := float64(len(logs))
	mean, deviation := stat.MeanStdDev(logs, nil)
	reach := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1+confidence)/2) * deviation / math.Sqrt(n)
	return Interval{math.Exp(mean), math.Exp(mean - reach), math.Exp(mean + reach)}, true
}
