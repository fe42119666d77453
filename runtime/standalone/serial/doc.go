// Package serial makes what a serial port of the guest leads to on the host.
//
// In: the form, as --console and --serial2 have it (Forms). Out: an End.
//
// # Peers
//
// A pty and a listening socket have a peer only while somebody has opened or connected to them, one at a time. The guest
// never waits for a peer: what it sends is kept, the last QueueSize bytes of it, until a peer takes it; older bytes are
// dropped, and counted. So who connects late sees the latest of what was said before. What a peer sends waits until the
// guest takes it, and the peer with it. (qemu-system drops all that is sent while no peer is there, and a "server" without
// "nowait" has the guest wait for one.)
//
// A file takes everything at once; if it cannot, the run ends, as it does where standard output cannot be written.
package serial
