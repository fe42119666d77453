// Package initramfs finds the Alpha programs inside a Linux initial RAM file
// system image, so that they can be translated before the guest boots.
//
// In: the bytes of an initrd as the kernel takes them: newc cpio archives, one
// after the other, zero-padded, each plain or compressed with gzip, zstd, xz or
// bzip2 (Linux, Documentation/driver-api/early-userspace/buffer-format.rst and
// init/initramfs.c). Out: its regular files that are Alpha ELF files.
//
// After an archive that is compressed with anything but gzip nothing may follow
// but another archive inside the same compressed stream: these decoders do not
// tell where they stopped. Of multi-linked files that Linux would overwrite, all
// versions are returned. Links are resolved within one archive.
package initramfs
