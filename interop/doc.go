// Package interop holds the tests that need what users of huntlake do not: query engines, real stores, the KQL
// parser. It is a module of its own, so that nobody downloads an engine to run the tests of the program.
package interop
