package pipeline

import (
	"axpress/translator/llvm"
	"axpress/translator/unit"
)

// Steps returns what Options.Disable may name: the steps of the front half, and the
// lowerings.
func Steps() []unit.Step {
	list := unit.Steps()
	for _, l := range llvm.Lowerings() {
		list = append(list, unit.Step{Name: l.Name, Doc: l.Doc, Full: true})
	}
	return list
}
