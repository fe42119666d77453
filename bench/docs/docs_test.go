package docs

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are those whose references are checked.
var documents = []string{"README.md", "lifter/LIFE.md", "translator/RATIONALE.md"}

// top are the folders that paths of ours begin with.
var top = []string{"bench", "cmd", "ir", "lifter", "palstubs", "runtime", "translator"}

var (
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
	link      = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	goDoc     = regexp.MustCompile(`^go doc axpress/(\S+)$`)
	filePath  = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*/?$`)
	ourSuffix = regexp.MustCompile(`\.(go|md|s|txt)$`)
	target    = regexp.MustCompile(`^make ([a-z]+)\b`)
	namedTest = regexp.MustCompile("`([\\w./-]+_test\\.go)`, (Test\\w+)")
	command   = regexp.MustCompile(`\baxpress ([a-z][a-z-]+)`)
)

// ofCobra are the commands that no file of ours is about.
var ofCobra = []string{"completion", "help"}

// tree returns the files of the tree, by their paths from the root.
func tree(t *testing.T) (list []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		switch {
		case err != nil:
			return err
		case d.IsDir() && rel != "." && (strings.HasPrefix(d.Name(), ".") || rel == "bin" || rel == "findings"):
			return fs.SkipDir
		case d.Type().IsRegular():
			list = append(list, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// spans returns what a document shows as code: spans, and lines of blocks.
func spans(text string) (list []string) {
	fenced := false
	for _, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced:
		case strings.HasPrefix(line, "    "):
			list = append(list, strings.TrimSpace(line))
		default:
			for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
				list = append(list, m[1])
			}
		}
	}
	return list
}

// What documents name exists: files and folders of the tree, targets of make, commands.
func TestReferences(t *testing.T) {
	files := tree(t)
	names := map[string]bool{}
	for _, f := range files {
		names[path.Base(f)] = true
		for ; f != "."; f = path.Dir(f) {
			names[f] = true
		}
	}
	makefile := read(t, "Makefile")
	checked := 0
	for _, doc := range documents {
		text := read(t, doc)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if to := path.Join(path.Dir(doc), m[1]); !strings.Contains(m[1], "://") && !names[to] {
				t.Errorf("%s: a link to %s, which does not exist", doc, to)
			}
		}
		for _, m := range namedTest.FindAllStringSubmatch(text, -1) {
			if names[m[1]] && !strings.Contains(read(t, m[1]), "\nfunc "+m[2]+"(") {
				t.Errorf("%s: %s has no %s", doc, m[1], m[2])
			}
		}
		for _, s := range spans(text) {
			if m := goDoc.FindStringSubmatch(s); m != nil {
				s = m[1]
			}
			if m := target.FindStringSubmatch(s); m != nil && m[1] != "vmlinux" && !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: `%s`: the Makefile has no target %s", doc, s, m[1])
			}
			for _, m := range command.FindAllStringSubmatch(s, -1) {
				if !names["cmd/axpress/"+m[1]+".go"] && !slices.Contains(ofCobra, m[1]) {
					t.Errorf("%s: `%s`: no command %s", doc, s, m[1])
				}
			}
			ours := slices.Contains(top, strings.Split(s, "/")[0]) && strings.Contains(s, "/")
			if !filePath.MatchString(s) || !ours && (strings.Contains(s, "/") || !ourSuffix.MatchString(s)) {
				continue
			}
			checked++
			if !names[strings.TrimSuffix(s, "/")] {
				t.Errorf("%s: there is no %s", doc, s)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d names of files were found", checked)
	}
}

// paper are works that are not in the tree, and that no reader can find.
var paper = regexp.MustCompile(`(?i)\bfacts(/|\.md|,? [0-9]+\.[0-9])|design decision [0-9]|\b(RE)?DESIGN\.md|alpha-linux\.md`)

// linux is a path in Linux's source behind its short name, which the package must explain.
var (
	linux     = regexp.MustCompile(`\bL (arch|asm|include|kernel|linux|mm|scripts)/`)
	explained = regexp.MustCompile(`\bL"? is Linux\b`)
)

// Comments and documents cite what a reader can find.
func TestCitations(t *testing.T) {
	short, says := map[string][]string{}, map[string]bool{}
	cite := func(file string, text string) {
		if m := paper.FindString(text); m != "" {
			t.Errorf("%s cites %q, which is not in the tree: cite the Handbook, a file of Linux or QEMU, or translator/RATIONALE.md", file, m)
		}
		folder := path.Dir(file)
		if linux.MatchString(text) {
			short[folder] = append(short[folder], file)
		}
		says[folder] = says[folder] || explained.MatchString(text)
	}
	comments := 0
	for _, file := range tree(t) {
		name := filepath.Join(root, filepath.FromSlash(file))
		switch path.Ext(file) {
		case ".go":
			parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range parsed.Comments {
				comments++
				cite(file, strings.Join(strings.Fields(c.Text()), " "))
			}
		case ".md", ".s", ".sh", "":
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if path.Ext(file) != "" || path.Base(file) == "Makefile" {
				cite(file, string(text))
			}
		}
	}
	for folder, files := range short {
		if !says[folder] {
			t.Errorf("%s: %s says L for Linux; say so in the package comment, or write Linux", folder, files[0])
		}
	}
	if comments < 1000 {
		t.Errorf("only %d comments were found", comments)
	}
}
