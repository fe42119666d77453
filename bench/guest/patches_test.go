package guest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// source imitates the places of the kernel's source that are patched.
func source(fault, aio, pgtable string) map[string]string {
	return map[string]string{
		"arch/alpha/mm/fault.c": "#define dpf_reg(r)\t\t\t\t\t\t\t\\\n" +
			"\t(((unsigned long *)regs)[" + fault + "\n",
		"fs/aio.c": "\tfor (i = 0; i < nr; i++) {\n\t\tstruct iocb __user *user_iocb;\n\n" +
			"\t\tif (unlikely(get_user(user_iocb, iocbpp + i))) {\n" + aio,
		"arch/alpha/include/asm/pgtable.h": "\tpage_table_check_pte_clear(" + pgtable + ");\n",
		"include/linux/page_table_check.h": long,
		"fs/9p/Kconfig":                    "\tdepends on INET && NET_9P\n",
		"fs/Makefile":                      "obj-$(CONFIG_AIO)               += aio.o\n",
		"arch/alpha/Kconfig":               "\tselect HAVE_PERF_EVENTS\n",
		"arch/alpha/kernel/vmlinux.lds.S":  "\t.sdata : {\n\t\t*(.sdata)\n",
		"arch/alpha/Makefile":              "cflags-y\t+= $(call cc-option, -fno-jump-tables)\n",
	}
}

// What include/linux/page_table_check.h declares, as 6.1 and as 6.12 have it.
const (
	long  = "void __page_table_check_pte_clear(struct mm_struct *mm, unsigned long addr,\n\t\t\t\t  pte_t pte);\n"
	short = "void __page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);\n"
)

const (
	aligned   = "(r) <= 8 ? (r) : (r) <= 15 ? (r)-17 :\t\\\n\t\t\t\t (r) <= 18 ? (r)+11 : (r)-10])"
	unaligned = "(r) <= 8 ? (r) : (r) <= 15 ? (r)-16 :\t\\\n\t\t\t\t (r) <= 18 ? (r)+10 : (r)-10])"
)

// withHeader returns the source with another page_table_check.h; "" is none.
func withHeader(files map[string]string, header string) map[string]string {
	const name = "include/linux/page_table_check.h"
	if files[name] = header; header == "" {
		delete(files, name)
	}
	return files
}

func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// patchesTo returns all patches that lead to a variant.
func patchesTo(v Variant) []patch {
	var patches []patch
	for _, step := range kernelSteps() {
		patches = append(patches, step.patches...)
		if step.variant == v {
			return patches
		}
	}
	panic("no step makes " + v)
}

func TestPatches(t *testing.T) {
	cases := []struct {
		name    string
		variant Variant
		files   map[string]string
		want    map[string]string // file -> what it must contain
	}{
		{"plain", Plain, source(aligned, "", "mm, pte"), map[string]string{
			"arch/alpha/mm/fault.c": "(r)+11", "fs/aio.c": "get_user(", "arch/alpha/include/asm/pgtable.h": "(mm, addr, pte)",
			"fs/9p/Kconfig": "depends on NET_9P", "arch/alpha/Makefile": "cflags-$(CONFIG_LD_DEAD_CODE_DATA_ELIMINATION)\t+= ",
			"arch/alpha/Kconfig": "HAVE_LD_DEAD_CODE", "arch/alpha/kernel/vmlinux.lds.S": "SDATA_MAIN"}},
		{"already fixed", Plain, source(aligned, "", "mm, addr, pte"), map[string]string{
			"arch/alpha/include/asm/pgtable.h": "(mm, addr, pte)"}},
		{"6.12", Plain, withHeader(source(aligned, "", "mm, pte"), short), map[string]string{
			"arch/alpha/include/asm/pgtable.h": "(mm, pte)"}},
		{"6.12, its message", Plain, source(aligned+"\n\tlsb = 1;\n\tshow_signal_msg(regs, address, SIGBUS, \"hardware memory error\");\n\tforce();", "", "mm, pte"),
			map[string]string{"arch/alpha/mm/fault.c": "\tlsb = 1;\n\tforce();"}},
		{"6.12, fixed as for 6.1", Plain, withHeader(source(aligned, "", "mm, addr, pte"), short), map[string]string{
			"arch/alpha/include/asm/pgtable.h": "(mm, pte)"}},
		{"no such check", Plain, withHeader(source(aligned, "", "mm, pte"), ""), map[string]string{
			"arch/alpha/include/asm/pgtable.h": "(mm, pte)"}},
		{"a1", A1, source(aligned, "", "mm, pte"), map[string]string{
			"arch/alpha/mm/fault.c": "(r)+11", "fs/aio.c": `register unsigned long val __asm__("$17");`,
			"fs/Makefile": "aio.o\nCFLAGS_aio.o := -O2"}},
		{"old bug", A1OldBug, source(aligned, "", "mm, pte"), map[string]string{
			"arch/alpha/mm/fault.c": "(r)-17 :\t\\\n\t\t\t\t (r) <= 18 ? (r)+9 :", "fs/aio.c": "$17"}},
		{"old bug, older source", A1OldBug, source(unaligned, "", "mm, pte"), map[string]string{
			"arch/alpha/mm/fault.c": "(r)-16 :\t\\\n\t\t\t\t (r) <= 18 ? (r)+8 :"}},
	}
	for _, c := range cases {
		dir := writeTree(t, c.files)
		if err := applyPatches(dir, patchesTo(c.variant)); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for name, want := range c.want {
			got, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || !strings.Contains(string(got), want) {
				t.Errorf("%s: %s has no %q:\n%s", c.name, name, want, got)
			}
		}
	}
}

func TestPatchFailsLoudly(t *testing.T) {
	twice := source(aligned, "", "mm, pte")
	twice["fs/aio.c"] += twice["fs/aio.c"]
	for name, files := range map[string]map[string]string{
		"occurs 0 times": source("(r)])", "", "mm, pte"),
		"occurs 2 times": twice,
		"no such file":   {"include/linux/page_table_check.h": long, "arch/alpha/include/asm/pgtable.h": "page_table_check_pte_clear(mm, pte);"},
	} {
		err := applyPatches(writeTree(t, files), patchesTo(A1OldBug))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
}
