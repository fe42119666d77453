// Package pipeline takes an image through all stages of translation and returns
// an artefact: the front half (translator/unit), LLVM IR, object code, link.
//
// In: an image, a tool chain, options. Out: an artifact.Artifact, the same bytes
// for the same input whatever the number of workers. Units that cannot be
// translated are left out and named in the artefact; the runtime interprets them.
package pipeline
