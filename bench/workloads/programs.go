package workloads

import (
	"embed"

	"axpress/bench/embedded"
)

//go:embed src
var src embed.FS

// Sources returns our own sources, by their names.
func Sources() (map[string][]byte, error) { return embedded.Files(src, "src") }

// Unit are C files that are compiled with the same options.
type Unit struct {
	Files  []string // patterns, below the package's folder; with Ours, names of Sources
	Object string   // the object file's name, for a file that is compiled twice; "" follows from the file
	Ours   bool     // ours, also in a program of Debian's
	Flags  []string
	Alpha  []string // for Alpha only
}

// Program is how one program is made, for the host and for Alpha from the same sources.
type Program struct {
	Name    string
	Package string     // Debian's source package; "" if all is ours
	Prepare [][]string // commands that make the sources complete, run in the package's folder
	Flags   []string   // of all units; relative folders are below the package's
	Alpha   []string   // of all units, for Alpha only
	Units   []Unit
	Libs    []string
}

// CFlags are what everything is compiled with, for both machines. Neither may contract a*b+c: the results must agree.
func CFlags() []string { return []string{"-O2", "-ffp-contract=off"} }

// AlphaFlags are what everything for Alpha is compiled with beside that, unless a Unit chooses another processor.
func AlphaFlags() []string { return []string{"-mcpu=ev67"} }

// AlphaLink is what everything for Alpha is linked with: the linker's relaxation breaks static programs, which then
// crash in start-up on any machine.
func AlphaLink() []string { return []string{"-Wl,--no-relax"} }

// Debian compiles for Alpha with -mieee, and so do we what is Debian's.
var ieee = []string{"-mieee"}

// Script is the Lua script among Sources.
const Script = "mix.lua"

// MakeText is the program that writes the input data: it runs on the host only.
const MakeText = "maketext"

// TextBytes is the size of the input data.
const TextBytes = 3_000_000

// Driver is the program that is the guest's init, and runs the others.
const Driver = "axbench"

// Programs returns the programs.
func Programs() []Program {
	warn := []string{"-Wall", "-Wextra", "-Werror"}
	return []Program{
		{
			Name: Driver, Flags: warn, Libs: []string{"-lm", "-lpthread"},
			Units: []Unit{
				{Ours: true, Files: []string{"main.c", "driver.c", "intloop.c", "sieve.c", "qsort.c", "hash.c", "fib.c", "chase.c",
					"muldiv.c", "unaligned.c", "dispatch.c", "matmul.c", "nbody.c", "fft.c", "mandel.c", "kernel.c", "pair.c", "smp.c"}},
				{Ours: true, Files: []string{"strings.c"}, Object: "strings-ev4.o", Flags: []string{"-DRUN=run_strings_ev4"}, Alpha: []string{"-mcpu=ev4"}},
				{Ours: true, Files: []string{"strings.c"}, Object: "strings-ev67.o", Flags: []string{"-DRUN=run_strings_ev67"}},
			},
		},
		{
			Name: "bzip2", Package: "bzip2", Alpha: ieee, Flags: []string{"-D_FILE_OFFSET_BITS=64"},
			Units: []Unit{{Files: []string{"bzip2.c", "bzlib.c", "blocksort.c", "compress.c", "decompress.c", "huffman.c",
				"crctable.c", "randtable.c"}}},
		},
		{
			// One thread, no old formats, no benchmark of its own. The assembly and the variants for newer x86 processors are
			// left out, so that both machines run what the compiler makes of the same C.
			Name: "zstd", Package: "libzstd", Alpha: ieee,
			Flags: []string{"-Ilib", "-Ilib/common", "-Iprograms", "-DZSTD_NOBENCH", "-DZSTD_NODICT", "-DZSTD_NOTRACE",
				"-DZSTD_LEGACY_SUPPORT=0", "-DZSTD_DISABLE_ASM", "-DDYNAMIC_BMI2=0", "-DBACKTRACE_ENABLE=0"},
			Units: []Unit{{Files: []string{"lib/common/*.c", "lib/compress/*.c", "lib/decompress/*.c", "programs/zstdcli.c",
				"programs/util.c", "programs/timefn.c", "programs/fileio.c", "programs/fileio_asyncio.c"}}},
		},
		{
			// The seed of the string hash is fixed, so that every run does the same. The header is one that Debian's build makes;
			// what it defines is part of a path where nobody looks.
			Name: "lua", Package: "lua5.4", Alpha: ieee, Libs: []string{"-lm"},
			Prepare: [][]string{{"sh", "-c", `echo '#define DEB_HOST_MULTIARCH "none"' >src/lua5.4-deb-multiarch.h`}},
			Flags:   []string{"-Isrc", "-DLUA_COMPAT_5_3", "-Dluai_makeseed(L)=1"},
			Units:   []Unit{{Files: []string{"src/l[a-t]*.c", "src/lua.c", "src/lundump.c", "src/lutf8lib.c", "src/l[v-z]*.c"}}},
		},
		{
			Name: "sqlite", Package: "sqlite3", Alpha: ieee, Libs: []string{"-lm"},
			Prepare: [][]string{{"sh", "./configure", "--disable-tcl", "--disable-readline"}, {"make", "sqlite3.c"}},
			Flags:   []string{"-I.", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_DQS=0"},
			Units:   []Unit{{Files: []string{"sqlite3.c"}}, {Ours: true, Files: []string{"sqlite.c"}}},
		},
	}
}
