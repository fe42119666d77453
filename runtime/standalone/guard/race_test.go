//go:build race

package guard

// raceDetector says whether this executable has it.
const raceDetector = true
