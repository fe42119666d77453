// Package platforms is the registry of boards: a table, one row a platform. Who adds
// a board adds a row; the machine, the command and the benches take names and the
// default from here.
package platforms

import (
	"fmt"
	"strings"

	"axpress/runtime/device/board"
	"axpress/runtime/device/clipper"
	"axpress/runtime/identity"
)

// Platform is a row of the registry.
type Platform struct {
	Name        string
	Description string
	// QEMU is what qemu-system-alpha calls the same machine (-M), "" if it has none.
	QEMU     string
	Identity identity.Identity
	// New makes the board. The error says what the configuration lacks.
	New func(board.Config) (board.Board, error)
}

// rows are all platforms, the default first.
func rows() []Platform {
	return []Platform{
		{"clipper", "AlphaServer ES40: DP264 family, Typhoon chipset, one PCI bus", "clipper", clipper.Identity(), newOf(clipper.New)},
	}
}

// newOf makes a board's own constructor one of the registry: its error comes with no
// board, not with one that is nil inside.
func newOf[B board.Board](make func(board.Config) (B, error)) func(board.Config) (board.Board, error) {
	return func(cfg board.Config) (board.Board, error) {
		b, err := make(cfg)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
}

// All returns the platforms, the default first.
func All() []Platform { return rows() }

// Default is the platform that a machine is if nobody says another.
func Default() Platform { return rows()[0] }

// Names returns the platforms' names, the default's first.
func Names() (names []string) {
	for _, p := range rows() {
		names = append(names, p.Name)
	}
	return names
}

// ByName finds a platform; "" is the default. The error lists those that exist.
func ByName(name string) (Platform, error) {
	if name == "" {
		return Default(), nil
	}
	for _, p := range rows() {
		if p.Name == name {
			return p, nil
		}
	}
	return Platform{}, fmt.Errorf("platform %q does not exist; there is %s", name, strings.Join(Names(), ", "))
}
