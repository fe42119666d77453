package devtest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"unsafe"

	"axpress/runtime/device"
)

// Wiring names fields that are no state, by "package.Type.field", with the reason:
// what a device is connected to, or what it can compute again.
type Wiring map[string]string

// Differences compares all fields of a and b, two devices of one type, exported or not,
// however deep, and says which differ. Timers are compared by when they fall due.
// Functions, interfaces and channels cannot be compared, so each such field must be in
// wiring; fields there are left out. The fields of wiring that were met are added to
// met, so that a test can find the ones that exist no more.
func Differences(a, b any, wiring Wiring, met map[string]bool) []string {
	c := comparison{wiring: wiring, met: met, seen: map[[2]unsafe.Pointer]bool{}}
	c.compare(reflect.TypeOf(a).String(), reflect.ValueOf(a), reflect.ValueOf(b))
	return c.found
}

// Unmet lists the fields of wiring that are not in met.
func Unmet(wiring Wiring, met map[string]bool) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(wiring)) {
		if !met[name] {
			names = append(names, name)
		}
	}
	return names
}

type comparison struct {
	wiring Wiring
	met    map[string]bool
	seen   map[[2]unsafe.Pointer]bool
	found  []string
}

func (c *comparison) say(format string, a ...any) {
	c.found = append(c.found, fmt.Sprintf(format, a...))
}

var timerType = reflect.TypeFor[device.Timer]()

func (c *comparison) compare(path string, a, b reflect.Value) {
	switch a.Kind() {
	case reflect.Pointer:
		c.pointer(path, a, b)
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			name := a.Type().String() + "." + f.Name
			if c.wiring[name] != "" {
				c.met[name] = true
				continue
			}
			c.compare(path+"."+f.Name, open(a, i), open(b, i))
		}
	case reflect.Array, reflect.Slice:
		if a.Len() != b.Len() {
			c.say("%s: %d elements and %d", path, a.Len(), b.Len())
			return
		}
		for i := range a.Len() {
			c.compare(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i))
		}
	case reflect.Interface:
		c.timer(path, a, b)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		c.say("%s: a %s is neither state nor named as wiring", path, a.Type())
	default: // numbers, truth values, strings; maps of them
		if x, y := a.Interface(), b.Interface(); !reflect.DeepEqual(x, y) {
			c.say("%s: %v and %v", path, x, y)
		}
	}
}

func (c *comparison) pointer(path string, a, b reflect.Value) {
	if a.IsNil() || b.IsNil() {
		if a.IsNil() != b.IsNil() {
			c.say("%s: %v and %v", path, a, b)
		}
		return
	}
	pair := [2]unsafe.Pointer{a.UnsafePointer(), b.UnsafePointer()}
	if !c.seen[pair] {
		c.seen[pair] = true
		c.compare(path, a.Elem(), b.Elem())
	}
}

func (c *comparison) timer(path string, a, b reflect.Value) {
	if a.Type() != timerType || a.IsNil() || b.IsNil() {
		c.say("%s: a %s is neither state nor named as wiring", path, a.Type())
		return
	}
	at, on := a.Interface().(device.Timer).At()
	bt, bon := b.Interface().(device.Timer).At()
	if on != bon || on && at != bt {
		c.say("%s: set %v for %d and %v for %d", path, on, at, bon, bt)
	}
}

// open is field i of a struct, exported or not. v is addressable.
func open(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}
