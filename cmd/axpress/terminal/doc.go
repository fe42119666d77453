// Package terminal joins the guest's serial console to the host's terminal.
//
// In: the host's input. Out: the bytes meant for the guest, and the requests that
// the person makes with the escape key: Ctrl-A x quits, Ctrl-A h prints help,
// Ctrl-A Ctrl-A sends one Ctrl-A. On a terminal the input is raw, so that Ctrl-C
// and the rest go to the guest; what is piped in has no escape key.
package terminal
