package measure

// Variants of Native, which are measured when they are asked for: what one choice of the engine costs or gains.
const (
	NativeCold  Engine = "native-cold"  // without hot code
	NativeCalls Engine = "native-calls" // GS is set by system calls, as on a host without FSGSBASE
	Before      Engine = "before"       // another build of the command, Config.Before
)

// variant is an engine that is another one with other options.
type variant struct {
	of      Engine
	hot     bool     // it runs what the profile shows hot at the full setting
	options []string // of `axpress run`
}

var variants = map[Engine]variant{
	NativeCold:  {of: Native},
	NativeCalls: {of: Native, hot: true, options: []string{"--no-fsgsbase"}},
	Before:      {of: Native, hot: true},
}

// Variant says whether e is a variant of another engine.
func (e Engine) Variant() bool {
	_, ok := variants[e]
	return ok
}

// variant is what e is of; of itself if it is none.
func (e Engine) variant() variant {
	if v, ok := variants[e]; ok {
		return v
	}
	return variant{of: e, hot: true}
}
