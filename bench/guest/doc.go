// Package guest builds the Linux/Alpha machine that Axpress is shown and measured with: a kernel from Debian's
// linux-source and an initramfs with a static busybox and the customer's io_submit reproducer.
//
// In: Options (which kernel, of which source, which variant of it). Out: a Guest, the paths of a vmlinux with symbols and
// of an initramfs.cpio.gz. Everything built is kept in a folder of the user's cache, named by a hash of its whole recipe
// (the files in recipe/, the patches, the versions of Debian's packages, the kernel's source, RecipeVersion), so a second
// Build finds it and returns at once. Sources come from the machine's own apt mirrors; no address is written down here.
//
// Export writes what was built to a file, and Import takes it on a system that cannot build: from then on it is found by
// the part of its recipes that this program decides (recipe.ours), whatever packages it was built with.
//
// Callers: cmd and bench. The package knows Debian, make and kconfig; it knows nothing of translation, of the
// runtime, or of how a guest is started. To look at what it did: Guest.Kernel's folder also holds System.map, the
// kernel's .config and manifest.json; a failed build leaves its log in the cache's logs folder and names it.
//
// To change the guest, edit recipe/ (kernel-*.config, busybox.config, init, scripts/NAME) or patches.go: the hash
// follows. Change RecipeVersion when only the Go code that builds changed what comes out.
package guest
