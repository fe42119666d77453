package usage

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// qemu says what is here what an option of qemu-system-alpha's is there.
var qemu = []struct {
	names string // separated by spaces
	here  string
}{
	{"kernel", "here it is --kernel FILE, or 'axpress run FILE'"},
	{"initrd", "here it is --initrd FILE, or 'axpress run KERNEL FILE'"},
	{"append", "here it is --append TEXT"},
	{"m", "here it is --memory SIZE"},
	{"smp", "here it is --smp N"},
	{"cpu", "here it is --cpu MODEL"},
	{"M machine", "here it is --platform NAME; --platform list says what there is"},
	{"no-reboot", "here it is --no-reboot"},
	{"icount", "here it is --deterministic"},
	{"accel enable-kvm tcg", "here it is --engine native, go or interp"},
	{"version", "here it is 'axpress --version'"},
	{"help", "here it is --help"},
	{"nographic display vga curses sdl spice vnc full-screen", "leave it out: there is no display, the serial console is standard input and output"},
	{"serial chardev parallel", "here it is --console END, and --serial2 END; the serial console is standard input and output"},
	{"monitor mon qmp", "leave it out: there is no monitor; on a terminal Ctrl-A c says what the guest does, Ctrl-A h lists the keys"},
	{"hda hdb hdc hdd cdrom drive blockdev fda fdb sd mtdblock pflash snapshot", "there are no disks: give an initramfs with --initrd"},
	{"net nic netdev", "there is no network"},
	{"device usb usbdevice global soundhw audio audiodev", "there are no more devices than --platform has"},
	{"bios L", "there is no firmware: the kernel is booted directly"},
	{"s S gdb", "there is no port for a debugger: 'axpress disasm', 'axpress ir' and 'axpress bisect' look into a guest"},
	{"dtb fw_cfg", "the kernel is told of the machine by the HWRPB, as on an AlphaServer"},
	{"rtc", "leave it out: the clock shows the host's time"},
	{"name uuid daemonize pidfile runas nodefaults no-user-config", "leave it out"},
}

// QEMU returns what is here what is called name in QEMU; "" if it has no such option.
func QEMU(name string) string {
	for _, row := range qemu {
		for known := range strings.FieldsSeq(row.names) {
			if known == name {
				return row.here
			}
		}
	}
	return ""
}

// Foreign returns an error if args have an option of QEMU's where fs, with options of one letter of its own, would take
// it for something else: -kernel, -m.
func Foreign(fs *pflag.FlagSet, args []string) error {
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		name, long := strings.CutPrefix(args[i], "--")
		if !long {
			var short bool
			if name, short = strings.CutPrefix(args[i], "-"); !short || name == "" {
				continue
			}
		}
		name, _, value := strings.Cut(name, "=")
		var flag *pflag.Flag
		switch {
		case long:
			flag = fs.Lookup(name)
		case len(name) == 1:
			flag = fs.ShorthandLookup(name)
		}
		if flag != nil {
			if flag.NoOptDefVal == "" && !value {
				i++ // the option's value is none itself
			}
			continue
		}
		if here := QEMU(name); here != "" && name != "" {
			return fmt.Errorf("%s is an option of QEMU's: %s", args[i], here)
		}
	}
	return nil
}
