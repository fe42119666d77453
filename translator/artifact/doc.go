// Package artifact is the result of a translation: host code, the table of its
// entries, and what identifies both. Link makes one from object files, Write and
// Load move it to and from disk. Loading is mapping: nothing is relocated, the
// code runs wherever the file is mapped.
package artifact
