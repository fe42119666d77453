package toolchain

// levelBase is the level of every host that is supported.
const levelBase = "x86-64-v2"

// Levels names the x86-64 levels whose code this host runs. The first is the one that code is made for here. Unlike
// what LLVM.Key returns they are known without tools.
func Levels() []string {
	if level := hostCPU(); level != levelBase {
		return []string{level, levelBase}
	}
	return []string{levelBase}
}
