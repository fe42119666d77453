package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"axpress/translator/artifact"
	"axpress/translator/cache"
)

func (a *app) cache() *cobra.Command {
	c := &cobra.Command{
		Use: "cache", Short: "Show or clear the cache of translations", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "List the translations", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { return a.cacheList() }},
		&cobra.Command{Use: "clear", Short: "Remove all translations", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { return a.cacheClear() }},
		&cobra.Command{Use: "path", Short: "Print the folder of the translations", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
			dir, err := a.cacheFolder()
			if err == nil {
				fmt.Fprintln(a.out, dir)
			}
			return err
		}},
	)
	return c
}

func (a *app) cacheFolder() (string, error) {
	if a.cacheDir != "" {
		return a.cacheDir, nil
	}
	return cache.DefaultDir()
}

func (a *app) openCache() (*cache.Cache, error) {
	dir, err := a.cacheFolder()
	if err != nil {
		return nil, err
	}
	return cache.Open(dir)
}

func (a *app) cacheList() error {
	store, err := a.openCache()
	if err != nil {
		return err
	}
	items, err := store.List()
	if err != nil {
		return err
	}
	var total int64
	for _, it := range items {
		what := ""
		if e, err := artifact.Load(it.Path); err != nil {
			what = "unusable: " + err.Error()
		} else {
			what = fmt.Sprintf("%s, %d functions, %s", e.Kind, e.Functions, e.Source)
		}
		fmt.Fprintf(a.out, "%s %10d  %s  %s\n", it.Key, it.Bytes, it.Time.Format(time.DateTime), what)
		total += it.Bytes
	}
	fmt.Fprintf(a.out, "%d translations, %d bytes in %s\n", len(items), total, store.Dir())
	return nil
}

func (a *app) cacheClear() error {
	store, err := a.openCache()
	if err != nil {
		return err
	}
	freed, err := store.Clear()
	if err == nil {
		err = os.RemoveAll(filepath.Join(store.Dir(), goFolder))
	}
	if err == nil {
		fmt.Fprintf(a.out, "freed %d bytes in %s\n", freed, store.Dir())
	}
	return err
}
