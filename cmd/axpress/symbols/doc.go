// Package symbols says which file and function guest code belongs to.
//
// In: images and, where there are some, their translations. Out: names of addresses in
// one image (Names), and of places in a running guest (Table): kernel code by its
// address, userland by the content of its page, as the runtime itself finds it.
package symbols
