// Package profile is the file in which a run tells the translator where its time
// went: how many instructions the guest retired in each translated unit.
//
// A unit is named by the hash of the file that it is from (image.Image.Hash, of what is
// loaded and the symbols, which is also what the translation cache knows a file by) and the guest address of its
// first entry in that file (artifact.Unit.PC). So a profile holds for every run of the
// same files, with or without their debug information, whatever was translated how, and wherever the guest loaded them.
//
//	axpress run --profile-out FILE ...      writes one (cmd/axpress/profile)
//	axpress translate --profile FILE ...    is for reading one
//
// The file is JSON, sorted, and made to be read and compared by people too:
//
//	{
//	 "format": "axpress profile 1",
//	 "images": [
//	  {
//	   "hash": "9f86d0...",
//	   "name": "vmlinux",
//	   "units": [
//	    {"entry": "0xfffffc0000310000", "name": "memcpy", "instructions": 1200450},
//
// The counts are samples scaled up: a unit with few instructions may be missing, and
// the counts of two runs of the same guest differ a little.
package profile
