package prepare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/translator/artifact"
	"axpress/translator/cache"
	"axpress/translator/pipeline"
	"axpress/translator/profile"
	"axpress/translator/toolchain"
)

// Options say where translations are kept and how they are made.
type Options struct {
	CacheDir string // "" is the user's cache
	Force    bool   // translate even what the cache has
	Pipeline pipeline.Options
	// Profile, if not nil, says what is hot: it is translated once more, at the full
	// setting.
	Profile *profile.Profile
	Report  Reporter // may be nil
}

// hotShare is the share of all instructions of a profile that hot units make.
const hotShare = 0.998

// Reporter tells a person what happens. Its methods are called one at a time.
type Reporter interface {
	// Note is called with a line about something that is not as usual.
	Note(line string)
	// Begin is called before the first translation, with the names of what is not
	// in the cache; not at all if everything is.
	Begin(names []string)
	// Progress is called with the share that is done, in instruction words of all
	// files together.
	Progress(done, total int)
	// End is called after the last Progress, if Begin was.
	End()
}

// Result is the translation of one image.
type Result struct {
	Image    *image.Image
	Hot      []uint64 // not nil: the translation of these units, at the full setting
	Key      string
	Path     string // of the cache entry
	Cached   bool   // it was there already
	Artifact *artifact.Artifact
	Seconds  float64 // host time that making it took; 0 if Cached
	Bytes    int64   // size of the host code
}

// Missing returns the names of the units without native code. Reading them takes
// longer than loading the code.
func (r *Result) Missing() ([]string, error) {
	_, missing, err := r.Artifact.UnitList()
	return missing, err
}

// job is one image whose translation is not in the cache.
type job struct {
	result *Result
	words  int
}

// Translate returns the translations of images, in their order. Images without
// code are left out and noted. An error says which image it is about; when ctx ends
// the error wraps ctx's. What was finished before an error stays in the cache.
func Translate(ctx context.Context, images []*image.Image, o Options) ([]*Result, error) {
	p, err := begin(o)
	if err != nil {
		return nil, err
	}
	return p.run(ctx, images)
}

// ErrNotCached says that the cache has no translation.
var ErrNotCached = errors.New("not translated yet")

// Cached returns the translations of img that the cache has: of all of it, and of what
// o.Profile shows hot. If one of them is missing it returns ErrNotCached.
func Cached(img *image.Image, o Options) ([]*Result, error) {
	p, err := begin(o)
	if err != nil {
		return nil, err
	}
	rs := p.wanted(img)
	for _, r := range rs {
		if !p.load(r) {
			return nil, fmt.Errorf("%s: %w with these options", r.Name(), ErrNotCached)
		}
		r.Cached = true
	}
	return rs, nil
}

// begin finds the tools and the cache.
func begin(o Options) (*preparation, error) {
	dir := o.CacheDir
	if dir == "" {
		var err error
		if dir, err = cache.DefaultDir(); err != nil {
			return nil, err
		}
	}
	tools, err := toolchain.Find()
	if err != nil {
		return nil, err
	}
	if o.Report == nil {
		o.Report = silent{}
	}
	store, err := cache.Open(dir)
	if err != nil {
		return nil, err
	}
	return &preparation{store: store, tools: tools, o: o}, nil
}

type preparation struct {
	store *cache.Cache
	tools *toolchain.LLVM
	o     Options
}

func (p *preparation) run(ctx context.Context, images []*image.Image) ([]*Result, error) {
	var results []*Result
	var jobs []job
	var names []string
	total := 0
	for _, img := range images {
		words := codeWords(img)
		if words == 0 {
			p.o.Report.Note(fmt.Sprintf("%s: no code, nothing to translate", img.Name))
			continue
		}
		for _, r := range p.wanted(img) {
			results = append(results, r)
			if !p.o.Force && p.load(r) {
				r.Cached = true
				continue
			}
			jobs = append(jobs, job{r, words})
			names = append(names, r.Name())
			total += words
		}
	}
	if len(jobs) == 0 {
		return results, ctx.Err()
	}
	p.o.Report.Begin(names)
	defer p.o.Report.End()
	done := 0
	for _, j := range jobs {
		err := p.translate(ctx, j.result, func(part, of int) {
			p.o.Report.Progress(done+int(float64(j.words)*float64(part)/float64(max(of, 1))), total)
		})
		if err != nil {
			return nil, err
		}
		done += j.words
		p.o.Report.Progress(done, total)
	}
	return results, nil
}

// wanted returns the translations of img to find or make: of all of it, and of
// what is hot.
func (p *preparation) wanted(img *image.Image) []*Result {
	all := []*Result{p.result(img, nil)}
	if p.o.Profile == nil || img.Kind == image.Dyn {
		return all
	}
	if hot := p.o.Profile.Hot(img.Hash, hotShare); len(hot) > 0 {
		all = append(all, p.result(img, hot))
	}
	return all
}

// result returns the place for the translation of img, or of what is hot in it.
func (p *preparation) result(img *image.Image, hot []uint64) *Result {
	r := &Result{Image: img, Hot: hot}
	r.Key = pipeline.Key(img, p.tools, p.options(r))
	r.Path = p.store.Path(r.Key)
	return r
}

// Name is the name of the image, and whether it is about what is hot in it.
func (r *Result) Name() string {
	if r.Hot != nil {
		return r.Image.Name + " (hot)"
	}
	return r.Image.Name
}

// options are the pipeline's for r. Hints are addresses of the kernel's image; in a
// program they would mean nothing.
func (p *preparation) options(r *Result) pipeline.Options {
	o := p.o.Pipeline
	if r.Image.Kind != image.Kernel {
		o.Hints = nil
	}
	o.Hot = r.Hot
	return o
}

// load fills r from the cache, if the cache has a good entry.
func (p *preparation) load(r *Result) bool {
	if !p.store.Has(r.Key) {
		return false
	}
	err := r.open()
	if err == nil {
		p.store.Used(r.Key)
		return true
	}
	p.o.Report.Note(fmt.Sprintf("cache entry refused, translating again: %v", err))
	return false
}

// open loads the entry at r.Path.
func (r *Result) open() error {
	a, err := artifact.Load(r.Path)
	if err != nil {
		return err
	}
	if a.Key != r.Key {
		return fmt.Errorf("%s: %w: it is the entry of key %s", r.Path, artifact.ErrForeign, a.Key)
	}
	r.Artifact, r.Bytes = a, int64(a.Manifest.Bytes)
	return nil
}

// translate makes the entry of r and loads it: code must come from a file, mapped.
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
	if err := p.store.Put(r.Key, a.Write); err != nil {
		return fmt.Errorf("%w (is there room, and may you write there? --cache DIR chooses another folder)", err)
	}
	if err := r.open(); err != nil {
		return fmt.Errorf("the translation just written cannot be read back: %w", err)
	}
	r.Seconds = time.Since(start).Seconds()
	return nil
}

// codeWords is the number of instruction words in the executable segments.
func codeWords(img *image.Image) (n int) {
	for i := range img.Segments {
		if s := &img.Segments[i]; s.Perm&image.X != 0 {
			n += len(s.Data) / 4
		}
	}
	return n
}

// silent is the Reporter of nobody.
type silent struct{}

func (silent) Note(string)       {}
func (silent) Begin([]string)    {}
func (silent) Progress(int, int) {}
func (silent) End()              {}
