// Package folder keeps a bucket in a folder of a file system: a driver for gocloud.dev/blob whose creation of an
// object is atomic, exclusive between processes, and durable when it returns.
//
// What lies in the folder:
//
//	<element>/<element>/…  an object, under the elements of its key, escaped as described at pathOf
//	.uploads/<random>      an upload in progress, or what a crash left of one; swept a day after its last write
//
// An upload is written to .uploads and synced, then hard-linked to its name, then the name's folder is synced. A link
// fails if its name is taken, whoever took it, so exactly one of several creators wins, and no reader ever sees part of
// an object. Where a file system has no hard links, a rename that refuses to replace does the same; where it has
// neither, creating fails with an error that says so, because every other way shows readers half an object or can lose
// one. Objects are never replaced: a write without IfNotExist is refused.
//
// Unlike in an object store, a name cannot be an object and the folder of other objects at once, and on a file system
// that ignores case, keys that differ in case alone are the same object.
package folder
