package measure

import (
	"testing"
	"time"
)

func TestParseMarker(t *testing.T) {
	for _, c := range []struct {
		line string
		want marker
	}{
		{"@axbench ready\r\n", marker{kind: markReady}},
		{"@axbench pong 7\n", marker{kind: markPong, seq: 7}},
		{"@axbench start 3 fib\n", marker{kind: markStart, seq: 3, text: "fib"}},
		{"[    1.5] late news @axbench start 3 fib\r\n", marker{kind: markStart, seq: 3, text: "fib"}},
		{"@axbench end 3 139 1500000000 7000000\n", marker{kind: markEnd, seq: 3, status: 139, took: 1500 * time.Millisecond, cpu: 7 * time.Millisecond}},
		{"@axbench sum 3 00ff 12\n", marker{kind: markSum, seq: 3, text: "00ff 12"}},
		{"@axbench said 3 no such file\n", marker{kind: markSaid, seq: 3, text: "no such file"}},
		{"@axbench error 3 \n", marker{kind: markError, seq: 3}},
	} {
		if got, ok, err := parseMarker(c.line); !ok || err != nil || got != c.want {
			t.Errorf("%q: %+v, %v, %v; want %+v", c.line, got, ok, err, c.want)
		}
	}
	for _, line := range []string{"", "\n", "Run /init as init process\n", "@axbench\n", "axbench ready\n"} {
		if m, ok, err := parseMarker(line); ok || err != nil {
			t.Errorf("%q is no marker: %+v, %v", line, m, err)
		}
	}
	for _, line := range []string{"@axbench end 3 0\n", "@axbench end 3 0 5\n", "@axbench end 3 x 5 5\n", "@axbench start x fib\n", "@axbench start 3\n", "@axbench sum 3\n",
		"@axbench @axbench ready\n", "@axbench new 3\n"} {
		if m, ok, err := parseMarker(line); ok || err == nil {
			t.Errorf("%q is damaged: %+v, %v", line, m, ok)
		}
	}
}
