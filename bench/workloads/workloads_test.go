package workloads

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestWorkloads(t *testing.T) {
	programs := map[string]bool{"": true}
	for _, p := range Programs() {
		programs[p.Name] = true
	}
	seen := map[string]bool{}
	for _, w := range All() {
		if seen[w.Name] {
			t.Errorf("%s is listed twice", w.Name)
		}
		seen[w.Name] = true
		if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(w.Name) {
			t.Errorf("%q cannot be a name in the kernel's command line", w.Name)
		}
		if !programs[w.Program] || (w.Program == "") != (w.Group == Boot) {
			t.Errorf("%s: there is no program %q", w.Name, w.Program)
		}
		if w.OneCPU != "" {
			one := All()[slices.IndexFunc(All(), func(o Workload) bool { return o.Name == w.OneCPU })]
			if one.SMP || !w.SMP || one.Program != w.Program || one.Args[0] != w.Args[0] || !seen[one.Name] {
				t.Errorf("%+v is to be compared with %+v", w, one)
			}
		}
		if w.Doc == "" || !slices.Contains(Groups(), w.Group) || w.Group.Title() == string(w.Group) && w.Group != Kernel {
			t.Errorf("%s: group %q, doc %q", w.Name, w.Group, w.Doc)
		}
	}
}

// The list must be what the driver can cut into pieces.
func TestList(t *testing.T) {
	list := List([]Workload{
		{Name: "a", Program: "p", Args: []string{"-x", "@f"}},
		{Name: "b", Program: "q", Input: "g"},
		{Name: "boot", Group: Boot},
	})
	if want := "a|-|p -x @f\nb|g|q\n"; list != want {
		t.Errorf("%q, want %q", list, want)
	}
	for _, w := range All() {
		for _, a := range append([]string{w.Program, w.Input}, w.Args...) {
			if strings.ContainsAny(a, " |\n") {
				t.Errorf("%s: %q would be cut", w.Name, a)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	w := Workload{Input: "in", Args: []string{"-t", "@f", "@f", "@g"}}
	if got := w.Files(); !slices.Equal(got, []string{"in", "f", "g"}) {
		t.Errorf("files %q", got)
	}
}

// Our workloads, the program's own table, and its sources say the same.
func TestSources(t *testing.T) {
	ours, err := Sources()
	if err != nil {
		t.Fatal(err)
	}
	var table, wanted []string
	for _, m := range regexp.MustCompile(`\{"([^"]+)", run_`).FindAllStringSubmatch(string(ours["main.c"]), -1) {
		table = append(table, m[1])
	}
	for _, w := range All() {
		if w.Program == Driver && len(w.Args) == 1 { // with more, it is another one elsewhere
			wanted = append(wanted, w.Args[0])
		}
	}
	if !slices.Equal(table, wanted) {
		t.Errorf("main.c has %q, the list %q", table, wanted)
	}
	used := map[string]bool{"axbench.h": true, MakeText + ".c": true, Script: true}
	for _, p := range Programs() {
		for _, u := range p.Units {
			for _, f := range u.Files {
				if u.Ours && ours[f] == nil {
					t.Errorf("%s: there is no source %s", p.Name, f)
				}
				used[f] = used[f] || u.Ours
			}
		}
	}
	for name := range ours {
		if !used[name] {
			t.Errorf("src/%s is used by nothing", name)
		}
	}
}
