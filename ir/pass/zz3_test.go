package pass
import ("os";"testing";"axpress/lifter/discover";"axpress/lifter/image";"axpress/lifter/lift")
func TestZZDump(t *testing.T) {
	img, _ := image.Open(os.Getenv("AXPRESS_GUEST_KERNEL"))
	found, _ := discover.Discover(img, discover.Options{})
	for _, fn := range found.Functions {
		if fn.Name != os.Getenv("ZZFN") { continue }
		f, _ := lift.Lift(fn, img, lift.Options{Kernel: true})
		os.WriteFile("/tmp/ir-before.ir", []byte(f.String()), 0o644)
		if err := Run(f, Options{}); err != nil { t.Fatal(err) }
		os.WriteFile("/tmp/ir-after.ir", []byte(f.String()), 0o644)
	}
}
