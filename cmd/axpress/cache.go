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
		Use: "cache", Short: "Show, prune or clear the cache of translations", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.cacheListing(),
		a.cachePrune(),
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
	return cache.Open(dir), nil
}

// cached is a translation in the cache.
type cached struct {
	cache.Item
	artifact *artifact.Artifact // nil: this version has no use for it
	unusable error              // why
}

// cached returns the cache, and what is in it.
func (a *app) cached() (store *cache.Cache, all []cached, err error) {
	if store, err = a.openCache(); err != nil {
		return nil, nil, err
	}
	items, err := store.List()
	if err != nil {
		return nil, nil, err
	}
	for _, it := range items {
		e, err := artifact.Load(it.Path)
		all = append(all, cached{it, e, err})
	}
	return store, all, nil
}

func (a *app) cacheList(asJSON bool) error {
	store, items, err := a.cached()
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.out, newCacheSummary(store, items))
	}
	var total int64
	for _, it := range items {
		what := fmt.Sprintf("unusable: %v", it.unusable)
		if e := it.artifact; e != nil {
			what = fmt.Sprintf("%s, %d functions, %s", e.Kind, e.Functions, e.Source)
		}
		fmt.Fprintf(a.out, "%s %10d  %s  %s\n", it.Key, it.Bytes, it.Time.Format(time.DateTime), what)
		total += it.Bytes
	}
	fmt.Fprintf(a.out, "%d translations, %d bytes in %s\n", len(items), total, store.Dir())
	return nil
}

func (a *app) cachePrune() *cobra.Command {
	var days int
	c := &cobra.Command{
		Use: "prune", Args: cobra.NoArgs,
		Short: "Remove translations that are of no use to this version, or have not been used for long",
		RunE:  func(*cobra.Command, []string) error { return a.prune(days) },
	}
	c.Flags().IntVar(&days, "days", 30, "how many days a translation stays that is not used; 0: all that this version can use stay")
	return c
}

// prune removes what cannot be loaded, and what was last used more than days ago.
func (a *app) prune(days int) error {
	if days < 0 {
		return fail(statusUsage, "--days %d: a number of days, 0 or more", days)
	}
	store, items, err := a.cached()
	if err != nil {
		return err
	}
	var removed int
	var freed int64
	for _, it := range items {
		if old := days > 0 && time.Since(it.Time) > time.Duration(days)*24*time.Hour; it.unusable == nil && !old {
			continue
		}
		if err := store.Remove(it.Key); err != nil {
			return err
		}
		removed, freed = removed+1, freed+it.Bytes
	}
	fmt.Fprintf(a.out, "removed %d of %d translations, %d bytes in %s\n", removed, len(items), freed, store.Dir())
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
