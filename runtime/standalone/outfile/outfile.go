// Package outfile writes the files that a command is asked for on its command line and
// makes only after long work.
//
// Check comes before the work: it finds out that a file cannot be written. Write comes after it.
// A file that exists is as it was until the new content is complete; so work that fails, or is
// interrupted, loses nothing.
package outfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Check says what keeps the file at path from being written, by opening it. It leaves what is there, and
// nothing where nothing is. A pipe is not looked into: opening it would wait for its reader.
func Check(path string) error {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if to, err := os.Readlink(path); err == nil { // it is made where the link leads
			if !filepath.IsAbs(to) {
				to = path[:strings.LastIndexByte(path, '/')+1] + to // not cleaned: ".." is of the folder that a link leads to
			}
			return Check(to)
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), os.Remove(path))
	case err != nil:
		return err
	case st.Mode()&fs.ModeNamedPipe != 0:
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// Write makes the file at path of what write writes. A plain file is replaced, by a new one with the same
// permissions; what is something else, such as a device or a symbolic link, or lies in a folder that takes no
// new files, is written in place.
func Write(path string, write func(io.Writer) error) error {
	mode := fs.FileMode(0o644)
	switch st, err := os.Lstat(path); {
	case err == nil && !st.Mode().IsRegular():
		return inPlace(path, write)
	case err == nil:
		mode = st.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if errors.Is(err, fs.ErrPermission) {
		return inPlace(path, write)
	}
	if err != nil {
		return err
	}
	err = errors.Join(to(f, write), f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error is why
	}
	return err
}

// inPlace writes over what is at path.
func inPlace(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(to(f, write), f.Close())
}

// to writes what write writes to f.
func to(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// Bytes is for Write: it writes data.
func Bytes(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}
