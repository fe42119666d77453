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

// Difference is one field, and what two devices have there.
type Difference struct {
	Field string // "package.Type.field", the innermost
	Text  string // where it is in the device, and both values
}

// Differences compares all fields of a and b, two devices of one type, exported or not,
// however deep, and says which differ. Timers are compared by when they fall due.
// Functions, interfaces and channels cannot be compared, so each such field must be in
// wiring; fields there are left out. The fields that were met, compared or left out,
// are added to met.
func Differences(a, b any, wiring Wiring, met map[string]bool) []Difference {
	c := comparison{wiring: wiring, met: met, seen: map[[2]unsafe.Pointer]bool{}}
	name := reflect.TypeOf(a).String()
	c.compare(place{name, name}, reflect.ValueOf(a), reflect.ValueOf(b))
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
	found  []Difference
}

// place is where a value is: in which field of which type, and how it was reached.
type place struct{ field, path string }

func (c *comparison) say(at place, format string, a ...any) {
	c.found = append(c.found, Difference{at.field, at.path + ": " + fmt.Sprintf(format, a...)})
}

var timerType = reflect.TypeFor[device.Timer]()

func (c *comparison) compare(at place, a, b reflect.Value) {
	switch a.Kind() {
	case reflect.Pointer:
		c.pointer(at, a, b)
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			name := a.Type().String() + "." + f.Name
			if c.wiring[name] != "" {
				c.met[name] = true
				continue
			}
			c.compare(place{name, at.path + "." + f.Name}, open(a, i), open(b, i))
		}
	case reflect.Array, reflect.Slice:
		if a.Len() != b.Len() {
			c.say(at, "%d elements and %d", a.Len(), b.Len())
			return
		}
		for i := range a.Len() {
			c.compare(place{at.field, fmt.Sprintf("%s[%d]", at.path, i)}, a.Index(i), b.Index(i))
		}
	case reflect.Interface:
		c.timer(at, a, b)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		c.say(at, "a %s is neither state nor named as wiring", a.Type())
	default: // numbers, truth values, strings; maps of them
		c.met[at.field] = true
		if x, y := a.Interface(), b.Interface(); !reflect.DeepEqual(x, y) {
			c.say(at, "%v and %v", x, y)
		}
	}
}

func (c *comparison) pointer(at place, a, b reflect.Value) {
	if a.IsNil() || b.IsNil() {
		if a.IsNil() != b.IsNil() {
			c.say(at, "%v and %v", a, b)
		}
		return
	}
	pair := [2]unsafe.Pointer{a.UnsafePointer(), b.UnsafePointer()}
	if !c.seen[pair] {
		c.seen[pair] = true
		c.compare(at, a.Elem(), b.Elem())
	}
}

func (c *comparison) timer(where place, a, b reflect.Value) {
	if a.Type() != timerType || a.IsNil() || b.IsNil() {
		c.say(where, "a %s is neither state nor named as wiring", a.Type())
		return
	}
	c.met[where.field] = true
	at, on := a.Interface().(device.Timer).At()
	bt, bon := b.Interface().(device.Timer).At()
	if on != bon || on && at != bt {
		c.say(where, "set %v for %d and %v for %d", on, at, bon, bt)
	}
}

// open is field i of a struct, exported or not. v is addressable.
func open(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}
