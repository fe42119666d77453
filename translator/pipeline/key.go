package pipeline

import (
	"encoding/hex"
	"fmt"
	"slices"

	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/cache"
	"axpress/translator/llvm"
)

// Key returns the cache key of the translation of img for hosts of a level, one of toolchain.Levels: from
// the guest's file, the level, this program's own translator and the tools' options (sourceHash), the layout of the
// guest state, and the options. Which version of the tools is at hand, if any, is not in it: see RATIONALE.md.
func Key(img *image.Image, level string, o Options) string {
	parts := []string{hex.EncodeToString(img.Hash[:]), level, sourceHash, abi.LayoutHash(), artifact.Format, llvm.Version, fmt.Sprint(chunkInsts)}
	var off []string
	for name, disabled := range o.Disable {
		if disabled {
			off = append(off, name)
		}
	}
	slices.Sort(off)
	only := ""
	if o.Only != nil {
		only = o.Only.String()
	}
	m := o.Model.Or()
	model := fmt.Sprintf("%d %#x", m.Implver, m.Amask) // models that are alike share translations
	return cache.Key(append(parts, model, fmt.Sprint(off), fmt.Sprint(o.Hints), fmt.Sprint(o.Hot), only)...)
}
