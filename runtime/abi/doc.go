// Package abi is what generated code and the runtime must agree on: the layout
// of the guest CPU state, the exit codes, the soft TLB and the jump cache, and
// which guest registers travel in which host registers between units.
//
// It is a leaf: the translator reads offsets from here, the runtime the types.
// abi_test.go proves that the offsets are those of the struct; LayoutHash goes
// into every artefact, so that a changed layout can never meet old code.
package abi
