package pipeline

import (
	"fmt"
	"slices"

	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/cache"
	"axpress/translator/llvm"
)

// cacheKey combines what determines a translation: the guest bytes, the tools
// and their options, which name the host's level too, this program's own
// translator (sourceHash), the layout of the guest state, and the options.
func cacheKey(source, tools string, o Options) string {
	parts := []string{source, tools, sourceHash, abi.LayoutHash(), artifact.Format, llvm.Version, fmt.Sprint(chunkInsts)}
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
