package guest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cavaliergopher/cpio"

	"axpress/bench/suite"
	"axpress/bench/workloads"
)

// Suite is what `axpress suite` runs. The paths are absolute.
type Suite struct {
	Guest   *Guest // the kernel
	Initrd  string // initramfs whose init runs the checks
	Program string // the same program alone; "" if the initramfs is somebody's own
	// Whole says that the initramfs has all variants, whatever was asked for: it was imported, or is somebody's own.
	Whole bool
}

// fileSuite is the program with all checks: one file with all variants, so that the C library is translated once.
const fileSuite = "suite"

// BuildSuite returns the program with the checks of the variants, and the guest that it runs in, building what the
// cache does not have. Conditions are those of Build.
func BuildSuite(ctx context.Context, o Options, variants []suite.Variant) (*Suite, error) {
	b, err := newBuilder(o)
	if err != nil {
		return nil, err
	}
	return b.suite(ctx, variants)
}

// suite makes the guest of the suite.
func (b *builder) suite(ctx context.Context, variants []suite.Variant) (*Suite, error) {
	sources, err := suite.Sources()
	if err != nil {
		return nil, err
	}
	r, whole := suiteRecipe(variants, sources), b.o.Initrd != ""
	if dir, err := b.imported(r); err != nil {
		return nil, err
	} else if dir == "" { // all variants were exported
		all := suiteRecipe(suite.Variants(), sources)
		if dir, err = b.imported(all); err != nil {
			return nil, err
		} else if dir != "" {
			r, whole = all, true
		}
	}
	g, dir, err := b.withInit(ctx, r, buildSuite(b.log, variants, sources))
	if err != nil {
		return nil, err
	}
	s := &Suite{Guest: g, Initrd: g.Initrd, Whole: whole}
	if dir != "" {
		s.Program = filepath.Join(dir, fileSuite)
	}
	return s, nil
}

// suiteRecipe returns the recipe of the suite's initramfs.
func suiteRecipe(variants []suite.Variant, sources map[string][]byte) recipe {
	return initRecipe(recipe{kind: "suite", inputs: map[string]string{
		"variants": fmt.Sprintf("%q %q %q %q", variants, suite.Flags(), workloads.AlphaLink(), suite.Extras()),
	}}, sources)
}

// buildSuite returns the buildFunc of the program and its initramfs.
func buildSuite(log logger, variants []suite.Variant, sources map[string][]byte) buildFunc {
	return func(ctx context.Context, _ recipe, work, out string, output *os.File) (map[string]string, error) {
		log.printf("suite: compiling %d variants", len(variants))
		if err := writeSources(work, sources); err != nil {
			return nil, err
		}
		c := command{dir: work, log: output}
		var objects []string
		files := suite.Checks(sources)
		count := newCounter(log, "suite", "files compiled", 1+len(variants)*len(files))
		compile := func(file, object string, flags ...string) error {
			objects = append(objects, object)
			args := append(append(suite.Flags(), flags...), "-c", "-o", object, file)
			defer count.step()
			return c.run(ctx, crossPrefix+"gcc", args...)
		}
		if err := compile(suite.Main, "main.o", "-O2"); err != nil {
			return nil, err
		}
		for _, v := range variants {
			for _, file := range files {
				object := strings.TrimSuffix(file, ".c") + "-" + v.Name + ".o"
				if err := compile(file, object, append([]string{fmt.Sprintf("-DVARIANT=%q", v.Name)}, v.Flags...)...); err != nil {
					return nil, err
				}
			}
		}
		program := filepath.Join(out, fileSuite)
		link := append([]string{"-static"}, workloads.AlphaLink()...)
		link = append(append(link, "-o", program), objects...)
		if err := c.run(ctx, crossPrefix+"gcc", append(link, "-lm", "-lpthread")...); err != nil {
			return nil, err
		}
		content, err := os.ReadFile(program)
		if err != nil {
			return nil, err
		}
		nodes := initNodes(fileSuite, content)
		for i, e := range suite.Extras() {
			object := fmt.Sprintf("extra%d", i)
			args := append(append(suite.Flags(), workloads.AlphaLink()...), e.Flags...)
			if err := c.run(ctx, crossPrefix+"gcc", append(args, "-o", object, suite.Library)...); err != nil {
				return nil, err
			}
			content, err := os.ReadFile(filepath.Join(work, object))
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, node{e.Path, cpio.TypeReg | 0o755, content})
		}
		return nil, writeInitramfs(filepath.Join(out, fileInitrd), nodes)
	}
}
