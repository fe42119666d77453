// Package toolchain runs the LLVM tools that turn LLVM IR text into object code
// and reports their versions for the cache key. It knows nothing of Alpha.
//
// In: an llc, found by Find or named by the environment variable AXPRESS_LLC, and
// modules as text, with typed pointers. Out: ELF object files. Who translates tests first,
// by LLVM.Verify, what the calling convention hhvmcc does.
//
// Tried, with the packages of Debian 12:
//
//	LLVM     Debian package   what it makes of our IR
//	14.0.6   llvm-14, llvm    takes it as it is; the figures in this repository are its
//	15.0.6   llvm-15          takes it with -opaque-pointers=0 and the labels of callbr as operands;
//	                          runs for ever on sums of extended carries, which translator/llvm avoids
//	16.0.6   llvm-16          the same; may corrupt its memory there as well
//	19.1.7   llvm-19          refused: reads typed pointers, and compiles hhvmcc as the convention
//	                          of C, with no warning and status 0; no option -opaque-pointers
//
// 17 and 18 are not in Debian 12 and were not tried; they are refused. So is 13 and
// what is older. Debian 13 has none that can be used: there the interpreter and the Go back
// end work, and a cache that was filled elsewhere.
package toolchain
