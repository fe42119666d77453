package dispatch

import (
	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/window"
)

// Shared is what the engines of one machine have in common: the translated text of the
// kernel, of which units go out of use when the text changes, and the pages that are
// mapped above RAM for it. Engines are made and closed by one goroutine.
type Shared struct {
	engines int // that will share it
	users   int // that do
	kernel  *kernelCode
	pages   *window.Kernel
}

// NewShared returns what that many engines have in common.
func NewShared(engines int) *Shared { return &Shared{engines: engines} }

// kernelCode returns the kernel's code, which is made from code and in ram.
func (s *Shared) kernelCode(code *abi.Code, ram *mem.RAM) (_ *kernelCode, err error) {
	if s.kernel == nil {
		s.kernel, err = newKernelCode(code, ram)
	}
	return s.kernel, err
}

// kernelPages returns the pages mapped above ram.
func (s *Shared) kernelPages(ram *mem.RAM) *window.Kernel {
	if s.pages == nil {
		s.pages = window.NewKernel(ram)
	}
	return s.pages
}

// close is called by each engine that is closed; the last one frees.
func (s *Shared) close() error {
	if s.users--; s.users > 0 || s.kernel == nil {
		return nil
	}
	return s.kernel.close()
}
