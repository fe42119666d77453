package main

import (
	"time"

	"github.com/spf13/cobra"

	"axpress/translator/cache"
)

func (a *app) cacheListing() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the translations", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.cacheList(asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "write the list as JSON")
	return c
}

// cacheSummary is the cache in the JSON form.
type cacheSummary struct {
	Folder       string       `json:"folder"`
	Bytes        int64        `json:"bytes"`
	Translations []cacheEntry `json:"translations"`
}

// cacheEntry is a translation. What is unusable has neither kind nor source.
type cacheEntry struct {
	Key       string    `json:"key"`
	Bytes     int64     `json:"bytes"`
	Used      time.Time `json:"used"` // last
	Kind      string    `json:"kind"`
	Source    string    `json:"source"`
	Functions int       `json:"functions"`
	Unusable  string    `json:"unusable"` // why; "" if it can be used
}

func newCacheSummary(store *cache.Cache, items []cached) *cacheSummary {
	s := &cacheSummary{Folder: store.Dir(), Translations: []cacheEntry{}}
	for _, it := range items {
		e := cacheEntry{Key: it.Key, Bytes: it.Bytes, Used: it.Time}
		if it.unusable != nil {
			e.Unusable = it.unusable.Error()
		} else {
			e.Kind, e.Source, e.Functions = string(it.artifact.Kind), it.artifact.Source, it.artifact.Functions
		}
		s.Bytes += it.Bytes
		s.Translations = append(s.Translations, e)
	}
	return s
}
