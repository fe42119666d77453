package devtmp

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"axpress/lifter/image"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain"
)

func TestDevTranslate(t *testing.T) {
	img, err := image.Open(os.Getenv("IMG"))
	if err != nil {
		t.Fatal(err)
	}
	tools, err := toolchain.Find()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	last := start
	a, err := pipeline.Translate(context.Background(), img, tools, pipeline.Options{Check: os.Getenv("CHECK") != "", Progress: func(d, n int) {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			fmt.Println(d, n, time.Since(start))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("units %d insts %d bytes %d (%.1f/inst) missing %d in %v\n", a.Functions, a.Insts, a.Bytes, float64(a.Bytes)/float64(a.Insts), len(a.Missing), time.Since(start))
	for i, m := range a.Missing {
		if i < 30 {
			fmt.Println(m)
		}
	}
	f, _ := os.Create(os.Getenv("OUT"))
	if err := a.Write(f); err != nil {
		t.Fatal(err)
	}
	f.Close()
}
