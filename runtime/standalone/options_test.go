package standalone

import (
	"strings"
	"testing"
)

// Options mean here what they mean to axpress: what is given twice is refused, but --append adds up.
func TestOptionsTwice(t *testing.T) {
	o, err := parse([]string{"--append", "console=ttyS0", "--append", "quiet", "--memory", "64M"}, false)
	if err != nil || o.append != "console=ttyS0 quiet" || o.memory != 64<<20 {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := parse([]string{"--memory", "64M", "--memory", "1G"}, false); err == nil || !strings.Contains(err.Error(), "--memory is given twice") {
		t.Errorf("%v", err)
	}
}
