package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// patch changes one file of the kernel or of busybox. It is made by exact replacement, and a text that is not found exactly once is
// an error: a patch that silently did nothing would make the variants lie.
type patch struct {
	file    string   // path in the source
	why     string   // for messages
	choices []choice // tried in order: Debian updates the source, and the text differs from update to update
	where   *place   // the patch is made only in a source that has it; nil: in every source
}

// place is a text in a file of the source.
type place struct{ file, text string }

// choice is one replacement.
type choice struct {
	Old, New string
	Done     bool // New being there already is as good: Debian may have fixed it meanwhile
}

// kernelStep is how one variant is made of the one before it.
type kernelStep struct {
	variant Variant
	patches []patch
}

// kernelSteps returns the steps to every variant, in order. They build on each other so that one object tree serves
// them all: after the first kernel, each of the others costs seconds.
func kernelSteps() []kernelStep {
	return []kernelStep{
		{Plain, slices.Concat(fixClearFlush(), []patch{noSignalMessage(), no9PInet()}, smallCode())},
		{A1, []patch{useA1(), useA1Compiler()}},
		{A1OldBug, []patch{oldFault()}},
	}
}

// fixClearFlush makes Debian's 6.1 compile for Alpha at all: its call of page_table_check_pte_clear lacks an argument, which
// the function has in 6.1, has not in 6.12, and has again in later kernels. So the call becomes what the declaration says.
func fixClearFlush() []patch {
	const short, long = "page_table_check_pte_clear(mm, pte);", "page_table_check_pte_clear(mm, addr, pte);"
	match := func(declaration, from, to string) patch {
		return patch{
			file:    "arch/alpha/include/asm/pgtable.h",
			why:     "the arguments of page_table_check_pte_clear",
			choices: []choice{{Old: from, New: to, Done: true}},
			where:   &place{"include/linux/page_table_check.h", declaration},
		}
	}
	return []patch{
		match("__page_table_check_pte_clear(struct mm_struct *mm, unsigned long addr,", short, long),
		match("__page_table_check_pte_clear(struct mm_struct *mm, pte_t pte)", long, short),
	}
}

// noSignalMessage makes Debian's 6.12 compile for Alpha: its handler of memory that the hardware has lost, which no Alpha
// has, calls a function for its message that only other architectures have.
func noSignalMessage() patch {
	const file, call = "arch/alpha/mm/fault.c", "\tshow_signal_msg(regs, address, SIGBUS, \"hardware memory error\");\n"
	return patch{
		file:    file,
		why:     "a message of other architectures",
		choices: []choice{{Old: call, New: ""}},
		where:   &place{file, call},
	}
}

// no9PInet lets 9p be built without TCP/IP, as Linux does since 6.3. Over virtio it needs none.
func no9PInet() patch {
	return patch{
		file:    "fs/9p/Kconfig",
		why:     "9P_FS without INET",
		choices: []choice{{Old: "\tdepends on INET && NET_9P\n", New: "\tdepends on NET_9P\n", Done: true}},
	}
}

// smallCode lets Alpha have CONFIG_LD_DEAD_CODE_DATA_ELIMINATION, which other architectures have: functions that
// nothing calls are left out. With it, and only with it, code is compiled for a kernel of less than 4 MB, where a
// call of a static function is one instruction and not four. The small kernel asks for it; the generic one stays as
// distributions build it. Together that is a fifth of the instructions.
func smallCode() []patch {
	return []patch{{
		file: "arch/alpha/Kconfig",
		why:  "dead code elimination",
		choices: []choice{{
			Old: "\tselect HAVE_PERF_EVENTS\n",
			New: "\tselect HAVE_LD_DEAD_CODE_DATA_ELIMINATION\n\tselect HAVE_PERF_EVENTS\n",
		}},
	}, {
		file:    "arch/alpha/kernel/vmlinux.lds.S",
		why:     "small data in a section each",
		choices: []choice{{Old: "\t\t*(.sdata)\n", New: "\t\t*(SDATA_MAIN)\n"}},
	}, {
		file: "arch/alpha/Makefile",
		why:  "short calls",
		choices: []choice{{
			Old: "cflags-y\t+= $(call cc-option, -fno-jump-tables)\n",
			New: "cflags-y\t+= $(call cc-option, -fno-jump-tables)\n" +
				"cflags-$(CONFIG_LD_DEAD_CODE_DATA_ELIMINATION)\t+= -msmall-text\n",
		}},
	}}
}

// busyboxPatches returns what is changed in busybox: nothing there asks for host names any more. The resolver of the
// C library is a fifth of a static busybox.
func busyboxPatches() []patch {
	const nfs = "\t && (!mp->mnt_type || is_prefixed_with(mp->mnt_type, \"nfs\"))\n"
	return []patch{{
		file: "util-linux/mount.c",
		why:  "no NFS",
		choices: []choice{{
			Old: "\tif (!(vfsflags & (MS_BIND | MS_MOVE))\n" + nfs,
			New: "\tif (0 && !(vfsflags & (MS_BIND | MS_MOVE))\n" + nfs,
		}},
	}, {
		file: "networking/hostname.c",
		why:  "no resolver",
		choices: []choice{{
			Old: "hp = xgethostbyname(buf);",
			New: "bb_simple_error_msg_and_die(\"this busybox has no resolver\");",
		}},
	}}
}

// oldFault brings back the mistake of https://bugs.gentoo.org/672040: the slots of $16..$18 in the saved registers
// are taken two too low, so that a fix-up of $17 writes the saved gp. struct pt_regs got one slot longer when Alpha's
// kernel stacks were aligned to 16 bytes: the right offset is 10 before that and 11 after it.
func oldFault() patch {
	text := func(r9, r16 int) string {
		return fmt.Sprintf("(r) <= 8 ? (r) : (r) <= 15 ? (r)-%d :\t\\\n\t\t\t\t (r) <= 18 ? (r)+%d : (r)-10])", r9, r16)
	}
	return patch{
		file: "arch/alpha/mm/fault.c",
		why:  "the old mistake in dpf_reg",
		choices: []choice{
			{Old: text(17, 11), New: text(17, 9)},
			{Old: text(16, 10), New: text(16, 8)},
		},
	}
}

// useA1 makes io_submit read the user's pointer into $17 with its fix-up in $1, as in the bug report: __get_user_64
// written out, with registers.
func useA1() patch {
	const declaration = "\t\tstruct iocb __user *user_iocb;\n"
	return patch{
		file: "fs/aio.c",
		why:  "io_submit with $17",
		choices: []choice{{
			Old: declaration + "\n\t\tif (unlikely(get_user(user_iocb, iocbpp + i))) {",
			New: declaration +
				"\t\tstruct iocb __user * __user *from = iocbpp + i;\n" +
				"\t\tregister unsigned long val __asm__(\"$17\");\n" +
				"\t\tregister long bad __asm__(\"$1\") = -EFAULT;\n\n" +
				"\t\tif (access_ok(from, sizeof(*from))) {\n" +
				"\t\t\tbad = 0;\n" +
				"\t\t\t__asm__ __volatile__(\"1: ldq %0,%2\\n2:\\n\"\n" +
				"\t\t\t\tEXC(1b,2b,%0,%1)\n" +
				"\t\t\t\t: \"=r\"(val), \"=r\"(bad)\n" +
				"\t\t\t\t: \"m\"(__m(from)), \"1\"(bad));\n" +
				"\t\t\tuser_iocb = (struct iocb __user *)val;\n" +
				"\t\t}\n" +
				"\t\tif (unlikely(bad)) {",
		}},
	}
}

// useA1Compiler compiles io_submit as distributions do, whatever the rest of the kernel is compiled for: the fault
// after the old mistake is in sys_io_submit then, as in the bug report, and not in a helper.
func useA1Compiler() patch {
	return patch{
		file: "fs/Makefile",
		why:  "io_submit as distributions compile it",
		choices: []choice{{
			Old: "obj-$(CONFIG_AIO)               += aio.o\n",
			New: "obj-$(CONFIG_AIO)               += aio.o\nCFLAGS_aio.o := -O2 -mlarge-text\n",
		}},
	}
}

// in reports whether a source has the place. Of a file that the source does not have, it has none.
func (p *place) in(source string) (bool, error) {
	if p == nil {
		return true, nil
	}
	text, err := os.ReadFile(filepath.Join(source, filepath.FromSlash(p.file)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return strings.Contains(string(text), p.text), err
}

// apply returns text with the patch made.
func (p patch) apply(text string) (string, error) {
	for _, c := range p.choices {
		if strings.Count(text, c.Old) == 1 {
			return strings.Replace(text, c.Old, c.New, 1), nil
		}
		if c.Done && !strings.Contains(text, c.Old) && strings.Contains(text, c.New) {
			return text, nil
		}
	}
	c := p.choices[0]
	return "", fmt.Errorf("patch %s (%s): the text to replace occurs %d times, want 1; "+
		"the source has changed: correct the patch in bench/guest/patches.go, which looks for %.80q",
		p.file, p.why, strings.Count(text, c.Old), c.Old)
}

// applyPatches changes the files under a source folder.
func applyPatches(source string, patches []patch) error {
	for _, p := range patches {
		if wanted, err := p.where.in(source); err != nil {
			return fmt.Errorf("patch (%s): %w", p.why, err)
		} else if !wanted {
			continue
		}
		path := filepath.Join(source, filepath.FromSlash(p.file))
		old, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("patch (%s): %w", p.why, err)
		}
		text, err := p.apply(string(old))
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return fmt.Errorf("patch (%s): %w", p.why, err)
		}
	}
	return nil
}
