package state

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"unsafe"
)

// number is a kind of fixed size, in bytes.
var numbers = map[reflect.Kind]int{
	reflect.Bool: 1, reflect.Uint8: 1, reflect.Int8: 1, reflect.Uint16: 2, reflect.Int16: 2,
	reflect.Uint32: 4, reflect.Int32: 4, reflect.Uint64: 8, reflect.Int64: 8, reflect.Uint: 8, reflect.Int: 8,
}

// field is field i of the struct v, also one that is not exported: the parts' own
// structs are saved as they are. v must be addressable.
func field(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

// describe appends what there is to know of t's bytes.
func describe(text []byte, t reflect.Type) []byte {
	switch k := t.Kind(); k {
	case reflect.Array:
		return describe(fmt.Appendf(text, "[%d]", t.Len()), t.Elem())
	case reflect.Slice:
		return describe(append(text, "[]"...), t.Elem())
	case reflect.Map:
		return describe(append(describe(append(text, "map["...), t.Key()), ']'), t.Elem())
	case reflect.Struct:
		text = append(text, '{')
		for i := range t.NumField() {
			text = append(describe(append(append(text, t.Field(i).Name...), ' '), t.Field(i).Type), ',')
		}
		return append(text, '}')
	case reflect.String:
		return append(text, "string"...)
	default:
		if numbers[k] == 0 {
			panic(fmt.Sprintf("BUG: state: %s is no state", t))
		}
		return append(text, k.String()...)
	}
}

// encode appends the bytes of v, whose type describe knows. v is addressable.
func encode(p []byte, v reflect.Value) []byte {
	switch k := v.Kind(); k {
	case reflect.Array, reflect.Slice:
		if k == reflect.Slice {
			p = order.AppendUint32(p, uint32(v.Len()))
		}
		for i := range v.Len() {
			p = encode(p, v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, compare)
		p = order.AppendUint32(p, uint32(len(keys)))
		for _, key := range keys {
			for _, x := range [...]reflect.Value{key, v.MapIndex(key)} {
				copied := reflect.New(x.Type()).Elem()
				copied.Set(x)
				p = encode(p, copied)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			p = encode(p, field(v, i))
		}
	case reflect.String:
		p = append(order.AppendUint32(p, uint32(v.Len())), v.String()...)
	default:
		bits := order.AppendUint64(nil, toBits(v))
		p = append(p, bits[:numbers[k]]...)
	}
	return p
}

// compare orders keys of maps: numbers or strings.
func compare(a, b reflect.Value) int {
	if a.Kind() == reflect.String {
		return cmp.Compare(a.String(), b.String())
	}
	return cmp.Compare(toBits(a), toBits(b))
}

func toBits(v reflect.Value) uint64 {
	switch {
	case v.CanUint():
		return v.Uint()
	case v.CanInt():
		return uint64(v.Int())
	case v.Bool():
		return 1
	}
	return 0
}

// decoder takes values from the bytes of a block.
type decoder struct{ rest []byte }

var (
	errShort = errors.New("the block is too short")
	errBool  = errors.New("a truth value that is neither 0 nor 1")
	errOrder = errors.New("keys out of order")
)

func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.rest) {
		return nil, errShort
	}
	p := d.rest[:n]
	d.rest = d.rest[n:]
	return p, nil
}

func (d *decoder) number(size int) (uint64, error) {
	p, err := d.take(size)
	if err != nil {
		return 0, err
	}
	var b [8]byte
	copy(b[:], p)
	return order.Uint64(b[:]), nil
}

// count reads the length of something whose elements have at least one byte each,
// so that a bad one cannot ask for more memory than the block has bytes.
func (d *decoder) count() (int, error) {
	n, err := d.number(4)
	if err == nil && n > uint64(len(d.rest)) {
		err = errShort
	}
	return int(n), err
}

// decode fills v.
func (d *decoder) decode(v reflect.Value) error {
	switch k := v.Kind(); k {
	case reflect.Array:
		return d.elements(v)
	case reflect.Slice:
		n, err := d.count()
		if err != nil || n == 0 {
			return err
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		return d.elements(v)
	case reflect.Map:
		return d.decodeMap(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if err := d.decode(field(v, i)); err != nil {
				return err
			}
		}
	case reflect.String:
		n, err := d.count()
		if err != nil {
			return err
		}
		p, err := d.take(n)
		v.SetString(string(p))
		return err
	default:
		return d.decodeNumber(v)
	}
	return nil
}

func (d *decoder) elements(v reflect.Value) error {
	for i := range v.Len() {
		if err := d.decode(v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) decodeMap(v reflect.Value) error {
	n, err := d.count()
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMap(v.Type()))
	var last reflect.Value
	for range n {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := errors.Join(d.decode(key), d.decode(value)); err != nil {
			return err
		}
		if last.IsValid() && compare(last, key) >= 0 {
			return errOrder
		}
		v.SetMapIndex(key, value)
		last = key
	}
	return nil
}

func (d *decoder) decodeNumber(v reflect.Value) error {
	size := numbers[v.Kind()]
	x, err := d.number(size)
	switch shift := 64 - 8*size; {
	case err != nil:
		return err
	case v.CanUint():
		v.SetUint(x)
	case v.CanInt():
		v.SetInt(int64(x<<shift) >> shift)
	case x > 1:
		return errBool
	default:
		v.SetBool(x == 1)
	}
	return nil
}
