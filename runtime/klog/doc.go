// Package klog reads what a Linux kernel says of itself in the guest's memory: the end of its log buffer, and whether it has
// panicked.
//
// In: the guest's memory, and where the kernel's symbols say that its variables are. Out: lines as dmesg prints them. The guest
// may write there meanwhile, and may have written anything: every read is checked, every loop has a bound, and what makes
// no sense is left out.
//
// The formats are those of Linux, kernel/printk: the ring buffer of Linux 5.10 and later (printk_ringbuffer.h) and the records of
// Linux 3.5 to 5.9 (struct printk_log).
package klog
