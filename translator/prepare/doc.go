// Package prepare finds or makes the translations that a command needs.
//
// In: guest files (kernels, programs, initramfs images, folders), a cache folder,
// options. Out: loaded artefacts, from the cache where it has them, else translated
// on all cores and put there, by one of the processes that want them. A damaged or foreign
// entry is reported and made again. An interruption leaves the cache as it was. A guest that
// is to run gets what can be had: without LLVM what the cache has, with a cache that cannot be
// written what is then in memory alone.
//
// The package knows files and translator/..., nothing of terminals: who calls it
// supplies a Reporter.
package prepare
