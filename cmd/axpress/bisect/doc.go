// Package bisect searches for what makes translated code wrong: which function, and
// which pass.
//
// In: numbers of functions, names of passes, and a trial, which says whether a guest
// goes wrong when these functions run natively, translated without those passes, while
// the interpreter runs the rest. Out: the fewest functions and the one pass found. What
// a trial is, is up to the caller (bisect.go of the command): the package knows neither
// files nor guests, so that its search can be tested on its own.
//
// Functions come first: that halves what every further trial has to translate, so the
// whole search costs about as much as one more translation. With a function or two left,
// a trial for each pass costs next to nothing.
package bisect
