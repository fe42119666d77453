// Package terminal joins the guest's serial console to the host's terminal.
//
// In: the host's input. Out: the bytes meant for the guest, and what the person asks for with the escape key (Escape.Help).
// On a terminal the input is raw, so that Ctrl-C and the rest go to the guest; what is piped in has no escape key.
//
// # Job control
//
// Who is not in the foreground process group of the terminal and changes its modes or reads from it is stopped by the
// host's kernel, and SIGTERM does not end who is stopped (POSIX.1-2017, Base Definitions, 11.1.4). So before each of the two
// it is asked whether we are (foreground), and in the background the terminal is left alone until we come to the front.
package terminal
