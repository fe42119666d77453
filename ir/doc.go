// Package ir is the intermediate representation between the Alpha lifter and
// the back ends: SSA values in basic blocks with block parameters, typed, with
// a closed set of block terminals.
//
// One Func is one translation unit: the part of a guest function that becomes
// one host function. It is written by lifter/lift, improved by ir/pass, and
// read by translator/llvm, translator/gosrc and ir/eval. The package knows
// neither Alpha nor x86: guest registers are numbers, addresses are integers.
//
// A Func has two forms. In the lifted form guest registers are read and written
// by OpGetReg and OpSetReg anywhere. In the promoted form (after
// pass.Promote) OpGetReg occurs only in blocks without parameters that are
// entered with all registers spilled (see Func.Entries), OpSetReg spills the newest
// value of a register, and whatever leaves the unit carries in Snap the registers
// whose newest value is not in its slot. The spill slot of a guest register is its
// field of the guest state.
//
// Instruction counting is part of the meaning: each guest instruction ends in
// an OpRetire, so every exit knows exactly how many instructions were retired.
package ir
