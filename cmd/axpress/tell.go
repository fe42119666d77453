package main

import (
	"encoding/json"
	"io"
)

// told is what a command has to say: its fields, as JSON, to programs, its text to people.
type told interface{ text(w io.Writer) error }

// tell writes what a command has to say.
func (a *app) tell(what told, asJSON bool) error {
	if asJSON {
		return writeJSON(a.out, what)
	}
	return what.text(a.out)
}

// writeJSON writes v for programs.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
