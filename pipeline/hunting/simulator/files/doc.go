// Package files serves rows out of files: JSON lines as the API, a notebook or the streaming export writes them, or
// CSV as the portal exports it; each plain or gzipped, one file a table. Values stay exactly what the file says:
// integers beyond 2^53, numbers in dynamics, null apart from "".
package files
