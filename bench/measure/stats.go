package measure

import (
	"math"
	"slices"
)

// Good says that the cell has times that count.
func (c *Cell) Good() bool { return c != nil && c.Error == "" && len(c.Seconds) > 0 }

// Median is the median of the times.
func (c *Cell) Median() float64 { return Median(c.Seconds) }

// Median returns the middle of values, the mean of the middle two if their number is even, NaN of none.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// GeoMean returns the geometric mean of positive values, NaN of none.
func GeoMean(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range values {
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(values)))
}

// Ratio is a quotient of two engines' times with its spread.
type Ratio struct {
	Value    float64 // of the medians
	Min, Max float64 // of the runs that were beside each other
}

// Ratio returns how many times longer the row takes on slow than on fast; false if one of them has no good times.
//
// The k-th run of one engine ran beside the k-th of the other, so their quotients are what spreads. An engine with fewer
// runs (the interpreter) is compared by its last.
func (r *Row) Ratio(slow, fast Engine) (Ratio, bool) {
	return Quotient(r.Engines[slow], r.Engines[fast])
}

// Quotient returns how many times longer a takes than b, whose runs took turns; false if one of them has no good times.
func Quotient(a, b *Cell) (Ratio, bool) {
	if !a.Good() || !b.Good() {
		return Ratio{}, false
	}
	q := Ratio{Value: a.Median() / b.Median(), Min: math.Inf(1)}
	for k := range max(len(a.Seconds), len(b.Seconds)) {
		v := a.Seconds[min(k, len(a.Seconds)-1)] / b.Seconds[min(k, len(b.Seconds)-1)]
		q.Min, q.Max = min(q.Min, v), max(q.Max, v)
	}
	return q, true
}

// MeanRatio is the geometric mean of the Ratio of rows; n is how many rows have one.
func MeanRatio(rows []Row, slow, fast Engine) (mean float64, n int) {
	var values []float64
	for i := range rows {
		if q, ok := rows[i].Ratio(slow, fast); ok {
			values = append(values, q.Value)
		}
	}
	return GeoMean(values), len(values)
}

// PerInstruction is the host bytes for each guest instruction.
func (t *Translator) PerInstruction() float64 { return float64(t.HostBytes) / float64(t.Instructions) }

// PerSecond is the guest instructions translated in a second.
func (t *Translator) PerSecond() float64 { return float64(t.Instructions) / t.Seconds }
