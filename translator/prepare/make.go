package prepare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"axpress/lifter/discover"
	"axpress/translator/artifact"
	"axpress/translator/cache"
	"axpress/translator/pipeline"
)

// bytesPerWord is about the least that an entry has for each instruction word: whoever has not even
// that much room need not begin.
const bytesPerWord = 30

// room is about the least that the entries of rs need. What is hot of an image is little.
func room(rs []*Result) (bytes int64) {
	for _, r := range rs {
		if r.Hot == nil {
			bytes += bytesPerWord * int64(r.words)
		}
	}
	return bytes
}

// unwritable says what to do about a cache that cannot be written.
func unwritable(err error) error {
	return fmt.Errorf("%w (is there room, and may you write there? --cache DIR chooses another folder)", err)
}

// inMemory notes, once, that translations are not kept.
func (p *preparation) inMemory(why error) {
	if !p.noted {
		p.o.Report.Note(fmt.Sprintf("what is translated now is kept in memory alone, and will be translated again: %v", why))
		p.noted = true
	}
}

// make fills missing: from what others are making, and by translating the rest.
func (p *preparation) make(ctx context.Context, missing []*Result) error {
	jobs, done := missing, func(*Result) {}
	if p.store != nil {
		claim, err := p.claim(ctx, missing)
		if err != nil {
			return err
		}
		defer claim.Release()
		done = func(r *Result) { claim.Done(r.Key) }
		jobs = nil
		for _, r := range missing {
			if claim.Has(r.Key) {
				jobs = append(jobs, r)
			}
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	total := 0
	for _, r := range jobs {
		total += r.words
	}
	p.o.Report.Begin(namesOf(jobs))
	defer p.o.Report.End()
	before := 0
	for _, r := range jobs {
		err := p.translate(ctx, r, func(part, of int) {
			p.o.Report.Progress(before+int(float64(r.words)*float64(part)/float64(max(of, 1))), total)
		})
		if err != nil {
			return err
		}
		done(r)
		before += r.words
		p.o.Report.Progress(before, total)
	}
	return nil
}

// claim claims what nobody else is making of missing; the rest it fills.
func (p *preparation) claim(ctx context.Context, missing []*Result) (*cache.Claim, error) {
	byKey := map[string]*Result{}
	var keys []string
	for _, r := range missing {
		byKey[r.Key] = r
		keys = append(keys, r.Key)
	}
	return p.store.Claim(ctx, keys, cache.Others{
		Made: func(key string) bool { return p.made(byKey[key]) },
		Waiting: func(pid int, keys []string) {
			var names []string
			for _, key := range keys {
				names = append(names, byKey[key].Name())
			}
			p.o.Report.Wait(pid, names)
		},
	})
}

// translate translates r's image.
func (p *preparation) translate(ctx context.Context, r *Result, progress func(part, of int)) error {
	start := time.Now()
	o := p.options(r)
	o.Progress = progress
	a, err := pipeline.Translate(ctx, r.Image, p.tools, o)
	switch {
	case errors.Is(err, discover.ErrNoCode):
		return fmt.Errorf("%s: %w", r.Image.Name, ErrNothing)
	case err != nil:
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.keep(r, a); err != nil {
		return err
	}
	r.Seconds = time.Since(start).Seconds()
	return nil
}

// keep puts a into the cache and fills r from there: code in a file is shared by all processes that use it.
func (p *preparation) keep(r *Result, a *artifact.Artifact) error {
	if p.store != nil {
		err := p.store.Put(r.Key, a.Write)
		if err == nil {
			err = r.read(p.store.Path(r.Key))
		}
		switch {
		case err == nil:
			return nil
		case !p.memory:
			return unwritable(err)
		}
		p.inMemory(err)
	}
	r.Artifact, r.Bytes = a, int64(a.Manifest.Bytes)
	return a.Execute()
}
