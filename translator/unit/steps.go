package unit

import "axpress/ir/pass"

// Step is a step of the translation that can be left out.
type Step struct {
	Name, Doc string
	Required  bool
	Full      bool // of the full setting
}

const stepGP = "gp"

// Steps returns what Options.Disable may name: the passes, in order, and what the lifter
// does.
func Steps() (list []Step) {
	for _, p := range pass.List() {
		list = append(list, Step{p.Name, p.Doc, p.Required, p.Full})
	}
	return append(list, Step{Name: stepGP, Doc: "make the global pointer a constant where ldgp sets it (lifter/lift)", Full: true})
}

// passesOff returns those of the disabled steps that are passes of ir/pass.
func (s *Set) passesOff() map[string]bool {
	off := map[string]bool{}
	for _, p := range pass.List() {
		if s.o.Disable[p.Name] {
			off[p.Name] = true
		}
	}
	return off
}
