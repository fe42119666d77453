package goprogram

import (
	"bytes"
	"fmt"

	"github.com/dave/jennifer/jen"

	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/palstubs/stubs"
	"axpress/translator/gosrc"
)

// What the main function calls: runtime/standalone.Main.
const standalonePath = "axpress/runtime/standalone"

// What knows the kernel's variables.
const klogPath = "axpress/runtime/klog"

// Name of the file with the initramfs.
const initrdFile = "initrd"

// Main returns the rest of the main package: the main function, and the data of the
// kernel img and the initramfs, which the program embeds. initrd may be nil. The program
// knows where variables of the kernel are.
func Main(img *image.Image, initrd []byte, model *isa.Model, variables []image.Symbol) (gosrc.Package, error) {
	f := jen.NewFile("main")
	f.HeaderComment(gosrc.Header)
	f.ImportName(standalonePath, "standalone")
	f.ImportName("axpress/runtime/machine", "machine")
	f.ImportName(klogPath, "klog")
	f.Anon("embed")
	pkg := gosrc.Package{}
	embed := func(name string, data []byte) {
		pkg.Files = append(pkg.Files, gosrc.File{Name: name, Text: data})
		f.Comment("//go:embed " + name)
		f.Var().Id(name).Index().Byte()
	}
	var segments []jen.Code
	for i := range img.Segments {
		s := &img.Segments[i]
		name := fmt.Sprintf("segment%d", i)
		fields := jen.Dict{
			jen.Id("PA"):      jen.Id(fmt.Sprintf("%#x", s.VAddr&^uint64(image.KSEGBase))),
			jen.Id("MemSize"): jen.Id(fmt.Sprintf("%#x", s.MemSize)),
		}
		if len(s.Data) > 0 {
			embed(name, s.Data)
			fields[jen.Id("Data")] = jen.Id(name)
		}
		segments = append(segments, jen.Values(fields))
	}
	symbols := jen.Dict{}
	for _, v := range variables {
		symbols[jen.Lit(v.Name)] = jen.Values(jen.Dict{jen.Id("Addr"): jen.Id(fmt.Sprintf("%#x", v.Addr)), jen.Id("Size"): jen.Id(fmt.Sprintf("%#x", v.Size))})
	}
	var inlined []jen.Code
	for _, s := range stubs.Table() {
		if s.Emit != nil {
			inlined = append(inlined, jen.Id(fmt.Sprintf("%#x", s.Number)))
		}
	}
	guest := jen.Dict{
		jen.Id("Symbols"):   jen.Qual(klogPath, "Symbols").Values(symbols),
		jen.Id("Segments"):  jen.Index().Qual("axpress/runtime/machine", "Segment").Values(segments...),
		jen.Id("Entry"):     jen.Id(fmt.Sprintf("%#x", img.Entry)),
		jen.Id("Model"):     jen.Lit(model.Or().Name),
		jen.Id("Functions"): jen.Id("functions"),
		jen.Id("Inlined"):   jen.Index().Uint32().Values(inlined...),
	}
	if len(initrd) > 0 {
		embed(initrdFile, initrd)
		guest[jen.Id("Initrd")] = jen.Id(initrdFile)
	}
	f.Func().Id("main").Params().Block(
		jen.Qual("os", "Exit").Call(jen.Qual(standalonePath, "Main").Call(
			jen.Op("&").Qual(standalonePath, "Guest").Values(guest), jen.Qual("os", "Args").Index(jen.Lit(1), jen.Empty()),
		)),
	)
	var text bytes.Buffer
	if err := f.Render(&text); err != nil {
		return pkg, err
	}
	pkg.Files = append(pkg.Files, gosrc.File{Name: "main.go", Text: text.Bytes()})
	return pkg, nil
}
