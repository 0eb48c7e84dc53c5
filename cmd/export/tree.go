package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"huntlake/writers"
)

// folderSum is a folder of files with what they add up to.
type folderSum struct {
	path  string
	files []writers.Object
	bytes int64
}

// printTree prints what lies in a lake: for each table its first and last files, and how many there are between.
func (p *program) printTree(ctx context.Context, b *writers.Bucket, name string) error {
	objects, err := b.List(ctx, "", 0)
	if err != nil {
		return err
	}
	published, rest := sumUp(objects)
	fmt.Fprintln(p.stdout, name)
	for _, f := range published {
		fmt.Fprintf(p.stdout, "├── %s/  %s, %s\n", f.path, plural(len(f.files), "file"), size(f.bytes))
		p.printFiles(f)
	}
	fmt.Fprintf(p.stdout, "└── _export/  %s, %s: the ledgers, and what is staged\n", plural(len(rest.files), "record"), size(rest.bytes))
	return nil
}

// sumUp groups the Parquet files by table and tenant, and everything under _export.
func sumUp(objects []writers.Object) (published []folderSum, rest folderSum) {
	for _, o := range objects {
		switch {
		case strings.HasPrefix(o.Key, "_export/"):
			rest.add(o)
		case path.Ext(o.Key) == ".parquet":
			dir := path.Dir(path.Dir(o.Key)) // above dt=
			i := slices.IndexFunc(published, func(f folderSum) bool { return f.path == dir })
			if i < 0 {
				published, i = append(published, folderSum{path: dir}), len(published)
			}
			published[i].add(o)
		}
	}
	return published, rest
}

func (f *folderSum) add(o writers.Object) {
	f.files = append(f.files, o)
	f.bytes += o.Size
}

func (p *program) printFiles(f folderSum) {
	for i, o := range f.files {
		key := strings.TrimPrefix(o.Key, f.path+"/")
		switch last := len(f.files) - 1; {
		case i == last:
			fmt.Fprintf(p.stdout, "│   └── %s  %s\n", key, size(o.Size))
		case i == 0 || last < 3:
			fmt.Fprintf(p.stdout, "│   ├── %s  %s\n", key, size(o.Size))
		case i == 1:
			fmt.Fprintf(p.stdout, "│   ├── … %d more\n", last-1)
		}
	}
}
