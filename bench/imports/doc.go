// Package imports holds the test that keeps the import rules: which package may
// know which. The rules are a table in imports_test.go; the reasons stand in
// translator/RATIONALE.md.
package imports
