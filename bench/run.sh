#!/bin/sh
# Prints every table of docs/performance.md, in about half an hour; wants an idle machine.
set -eu
cd "$(dirname "$0")"
for table in calls decode growth memory; do
	printf '\n## %s\n\n' "$table"
	go run "./$table"
done
