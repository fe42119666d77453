// Package prepare finds or makes the translations that a command needs.
//
// In: guest files (kernels, programs, initramfs images, folders), a cache folder,
// options. Out: loaded artefacts, from the cache where it has them, else translated
// on all cores and put there. A damaged or foreign entry is reported, removed, and
// made again. An interruption leaves the cache as it was.
//
// The package knows files and translator/..., nothing of terminals: who calls it
// supplies a Reporter.
package prepare
