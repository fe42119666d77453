// Package window maps pages of guest memory at host addresses that depend on
// the guest's virtual address alone, so that translated code can access them by
// one host instruction each, and the host's MMU does the rest.
//
// In: RAM, and translations as the guest's MMU finds them, page by page. Out:
// for each address space number the host address of a window, in which the page
// of virtual address va is at its base + va. What is not mapped faults.
//
// The package neither translates nor decides what is worth mapping. A window
// keeps what was mapped until it is dropped, as a TLB does; it may drop pages, or
// all of a window, at any call of Base or Map.
package window
