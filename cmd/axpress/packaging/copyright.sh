#!/bin/sh
# Writes the licence of axpress, and those of the modules that are in its program. Run it in the module's folder.
set -eu
echo "Axpress: https://opensource.org/licenses/MIT"
echo
cat LICENSE
${GO:-go} list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/axpress | sort -u |
while read -r path version dir; do
	found=
	for file in "$dir"/[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]* "$dir"/COPYING* "$dir"/UNLICENSE*; do
		[ -f "$file" ] || continue
		found=1
		printf '\n%s\n\n%s %s, %s:\n\n' "----------------------------------------" "$path" "$version" "${file##*/}"
		cat "$file"
	done
	[ -n "$found" ] || { echo "copyright.sh: $path $version has no licence file" >&2; exit 1; }
done
printf '\n%s\n\nThe Go standard library:\n\n' "----------------------------------------"
cat "$(${GO:-go} env GOROOT)/LICENSE"
