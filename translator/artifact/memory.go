package artifact

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Execute moves the text of a to memory of its own that can be executed, and stays mapped as long as the process
// lives. The text of a loaded artefact can be executed where it is; that of one just made cannot.
func (a *Artifact) Execute() error {
	if len(a.Text) == 0 {
		return nil
	}
	text, err := unix.Mmap(-1, 0, len(a.Text), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err == nil {
		copy(text, a.Text)
		err = unix.Mprotect(text, unix.PROT_READ|unix.PROT_EXEC)
	}
	if err != nil {
		return fmt.Errorf("memory for the code of %s: %w", a.Source, err)
	}
	a.Text = text
	return nil
}
