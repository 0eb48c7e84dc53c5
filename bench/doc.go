// Package bench holds the measurements that the documents cite: each is a ratio, taken side by side in one run. It is a
// module of its own, so that nobody downloads an engine to build the program.
package bench
