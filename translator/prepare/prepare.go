package prepare

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

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
	// Wait is called when another process is making what is wanted, with its number, 0 if
	// that is not known, and the names of what is wanted; again if it becomes another one.
	Wait(pid int, names []string)
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
	Path     string // of the cache entry; "" if there is none: it is in memory alone
	Cached   bool   // others have made it
	Artifact *artifact.Artifact
	Seconds  float64 // host time that making it took; 0 if Cached
	Bytes    int64   // size of the host code

	words int         // instruction words of the image
	seen  os.FileInfo // the entry when it was looked for; nil: there was none
	twin  *Result     // not nil: an earlier image is the same
}

// Missing returns the names of the units without native code. Reading them takes
// longer than loading the code.
func (r *Result) Missing() ([]string, error) {
	_, missing, err := r.Artifact.UnitList()
	return missing, err
}

// Left is what a guest has to do without.
type Left struct {
	Name   string `json:"name"` // as Result.Name gives it
	Reason string `json:"reason"`
}

// Translate returns the translations of images, in their order. Images without
// code are left out and noted. An error says which image it is about, or that the cache cannot be written;
// when ctx ends the error wraps ctx's. What was finished before an error stays in the cache. LLVM is asked for
// only when the cache does not have everything.
func Translate(ctx context.Context, images []*image.Image, o Options) ([]*Result, error) {
	p, err := begin(o)
	if err != nil {
		return nil, err
	}
	if err := p.named(); err != nil {
		return nil, err
	}
	results, missing := p.find(images)
	if len(missing) > 0 {
		if err := p.findTools(); err != nil {
			return nil, fmt.Errorf("%s: not in the cache, and cannot be translated: %w", Enumerate(namesOf(missing)), err)
		}
		if err := p.store.Room(room(missing)); err != nil {
			return nil, unwritable(err)
		}
		if err := p.make(ctx, missing); err != nil {
			return nil, err
		}
	}
	return share(results), ctx.Err()
}

// ForRun is Translate for a guest that is to run now, with what there is: without LLVM, what the cache does not have
// is left; with a cache that cannot be written, translations are in memory alone. Both are noted.
func ForRun(ctx context.Context, images []*image.Image, o Options) (results []*Result, left []Left, err error) {
	p, storeless := begin(o)
	p.memory = true
	if err := p.named(); err != nil {
		return nil, nil, err
	}
	results, missing := p.find(images)
	if len(missing) == 0 {
		return share(results), nil, ctx.Err()
	}
	if err := p.findTools(); err != nil {
		if missing = p.lower(missing); len(missing) == 0 {
			return share(results), nil, ctx.Err()
		}
		p.o.Report.Note(fmt.Sprintf("not translated: %s; the interpreter runs what has no translation: %v", Enumerate(namesOf(missing)), err))
		for _, r := range missing {
			left = append(left, Left{r.Name(), err.Error()})
		}
		return share(results), left, ctx.Err()
	}
	if storeless == nil {
		storeless = p.store.Room(room(missing))
	}
	if storeless != nil {
		p.store = nil
		p.inMemory(storeless)
	}
	if err := p.make(ctx, missing); err != nil {
		return nil, nil, err
	}
	return share(results), nil, ctx.Err()
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
	if err := p.named(); err != nil {
		return nil, err
	}
	rs := p.wanted(img)
	for _, r := range rs {
		if !p.load(r) {
			return nil, fmt.Errorf("%s: %w with these options", r.Name(), ErrNotCached)
		}
	}
	return rs, nil
}

// preparation is one Translate, ForRun or Cached under way.
type preparation struct {
	store  *cache.Cache // nil: there is none
	tools  *toolchain.LLVM
	o      Options
	only   bool // translations of other tools do not count
	memory bool // what cannot be kept is used from memory
	noted  bool // that was said
}

// begin finds the cache. Without one it returns a preparation all the same.
func begin(o Options) (*preparation, error) {
	if o.Report == nil {
		o.Report = silent{}
	}
	p := &preparation{o: o}
	dir := o.CacheDir
	if dir == "" {
		var err error
		if dir, err = cache.DefaultDir(); err != nil {
			return p, err
		}
	}
	p.store = cache.Open(dir)
	return p, nil
}

// findTools finds the tools, if it has not yet.
func (p *preparation) findTools() (err error) {
	if p.tools == nil {
		p.tools, err = toolchain.Find()
	}
	return err
}

// named finds the tools if the user has named them: then nothing counts that others made.
func (p *preparation) named() error {
	p.only = os.Getenv(toolchain.Variable) != ""
	if !p.only {
		return nil
	}
	return p.findTools()
}

// find returns what is wanted of images, and of that what the cache does not have.
func (p *preparation) find(images []*image.Image) (results, missing []*Result) {
	first := map[string]*Result{}
	for _, img := range images {
		words := codeWords(img)
		if words == 0 {
			p.o.Report.Note(fmt.Sprintf("%s: no code, nothing to translate", img.Name))
			continue
		}
		for _, r := range p.wanted(img) {
			results = append(results, r)
			r.words, r.twin = words, first[r.Key]
			if r.twin != nil {
				continue
			}
			first[r.Key] = r
			if !p.load(r) {
				missing = append(missing, r)
			}
		}
	}
	return results, missing
}

// share returns those of results that there are; those of equal images are the same.
func share(results []*Result) (there []*Result) {
	for _, r := range results {
		if t := r.twin; t != nil {
			r.Artifact, r.Bytes, r.Path, r.Cached = t.Artifact, t.Bytes, t.Path, true
		}
		if r.Artifact != nil {
			there = append(there, r)
		}
	}
	return there
}

// wanted returns the translations of img to find or make: of all of it, and of
// what is hot.
func (p *preparation) wanted(img *image.Image) []*Result {
	all := []*Result{p.result(img, nil)}
	if p.o.Profile == nil || img.Kind == image.Dyn {
		return all
	}
	if hot := Hot(p.o.Profile, img); len(hot) > 0 {
		all = append(all, p.result(img, hot))
	}
	return all
}

// Hot returns what of img is translated at the full setting with a profile: addresses in
// functions.
func Hot(p *profile.Profile, img *image.Image) []uint64 { return p.Hot(img.Hash, hotShare) }

// result returns the place for the translation of img, or of what is hot in it.
func (p *preparation) result(img *image.Image, hot []uint64) *Result {
	r := &Result{Image: img, Hot: hot}
	r.Key = pipeline.Key(img, toolchain.Levels()[0], p.options(r))
	return r
}

// lower fills those of missing that the cache has for lesser hosts, which is better than nothing, and returns the rest.
func (p *preparation) lower(missing []*Result) (rest []*Result) {
	for _, r := range missing {
		wanted := r.Key
		for _, level := range toolchain.Levels()[1:] {
			if r.Key = pipeline.Key(r.Image, level, p.options(r)); p.load(r) {
				break
			}
		}
		if r.Artifact == nil {
			r.Key = wanted
			rest = append(rest, r)
		}
	}
	return rest
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

// load fills r from the cache, if the cache has a good entry and that is enough.
func (p *preparation) load(r *Result) bool {
	if p.store == nil {
		return false
	}
	if r.seen = p.store.Stat(r.Key); r.seen == nil || p.o.Force {
		return false
	}
	return p.open(r)
}

// made fills r from the cache, if the cache has a good entry by now that it had not before.
func (p *preparation) made(r *Result) bool {
	now := p.store.Stat(r.Key)
	if now == nil || r.seen != nil && os.SameFile(r.seen, now) {
		return false
	}
	r.seen = now
	return p.open(r)
}

// open fills r from an entry that others have made.
func (p *preparation) open(r *Result) bool {
	err := r.read(p.store.Path(r.Key))
	if err == nil && p.only && r.Artifact.Tools != p.tools.Key() {
		r.Artifact = nil
		return false
	}
	switch {
	case err == nil:
		r.Cached = true
		p.store.Used(r.Key)
	case !errors.Is(err, fs.ErrNotExist): // deleted meanwhile
		p.o.Report.Note(fmt.Sprintf("cache entry refused: %v", err))
	}
	return err == nil
}

// read fills r from the entry at path.
func (r *Result) read(path string) error {
	a, err := artifact.Load(path)
	if err != nil {
		return err
	}
	if a.Key != r.Key {
		return fmt.Errorf("%s: %w: it is the entry of key %s", path, artifact.ErrForeign, a.Key)
	}
	r.Path, r.Artifact, r.Bytes = path, a, int64(a.Manifest.Bytes)
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

// namesOf are the names of rs.
func namesOf(rs []*Result) (names []string) {
	for _, r := range rs {
		names = append(names, r.Name())
	}
	return names
}

// Enumerate writes a few names.
func Enumerate(names []string) string {
	const few = 3
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return strings.Join(names, ", ")
}

// silent is the Reporter of nobody.
type silent struct{}

func (silent) Note(string)        {}
func (silent) Wait(int, []string) {}
func (silent) Begin([]string)     {}
func (silent) Progress(int, int)  {}
func (silent) End()               {}
