// Package eval executes the IR slowly and obviously. It is the oracle for the
// passes (evaluate before and after) and for the back ends, and one of the
// engines that check the lifter.
//
// It takes one unit, lifted or promoted, from one of its entries to the place
// where control leaves it; calls leave, too. What lies outside the unit is an
// Env; Machine is one made of maps.
package eval
