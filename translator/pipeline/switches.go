package pipeline

import (
	"axpress/ir/pass"
	"axpress/translator/llvm"
)

// Switch is a step of the translation that can be left out.
type Switch struct {
	Name, Doc string
	Required  bool
	Hot       bool // of the full setting
}

const switchGP = "gp"

// Switches returns what Options.Disable may name: the passes, in order, and the
// lowerings.
func Switches() (list []Switch) {
	for _, p := range pass.List() {
		list = append(list, Switch{Name: p.Name, Doc: p.Doc, Required: p.Required, Hot: p.Full})
	}
	list = append(list, Switch{Name: switchGP, Doc: "make the global pointer a constant where ldgp sets it (lifter/lift)", Hot: true})
	for _, l := range llvm.Lowerings() {
		list = append(list, Switch{Name: l.Name, Doc: l.Doc, Hot: true})
	}
	return list
}

// PassesOff returns those of the disabled steps that are passes of ir/pass.
func (o *Options) PassesOff() map[string]bool {
	off := map[string]bool{}
	for _, p := range pass.List() {
		if o.Disable[p.Name] {
			off[p.Name] = true
		}
	}
	return off
}
