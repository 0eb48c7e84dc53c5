package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sync/errgroup"

	"huntlake/writers"
)

// lake tries each right in the bucket on two small objects, and removes them; and, where that is a right of its own, on
// an upload in parts, which it gives up. It returns whether what lies in the bucket can be listed and read.
func (c *checklist) lake(ctx context.Context, b *writers.Bucket) (readable bool) {
	key, content := "_export/check-"+nonce(), []byte("huntlake check\n")
	if err := b.Create(ctx, key, content); err != nil {
		c.add("lake: create", err, "")
		c.skip("lake: create only where nothing is, list, read, delete", "without an object to try it on")
		return false
	}
	c.add("lake: create", nil, b.String())
	err := createAgain(ctx, b, key)
	if err == nil {
		err = createAtOnce(ctx, b, key+"-2")
	}
	c.add("lake: create only where nothing is", err, "")
	errList, errRead := listed(ctx, b, key), readBack(ctx, b, key, content)
	c.add("lake: list", errList, "")
	c.add("lake: read", errRead, "")
	err = removed(ctx, b, key)
	if err == nil {
		err = removed(ctx, b, key+"-2")
	}
	c.add("lake: delete", err, "")
	if tried, err := b.GiveUp(ctx, key+"-3"); tried {
		c.add("lake: give up an upload", err, "")
	}
	return errList == nil && errRead == nil
}

// ledgers opens what earlier runs have left.
func (c *checklist) ledgers(ctx context.Context, j *job) {
	e, err := j.exporter()
	if err == nil {
		err = e.CheckLedgers(ctx)
	}
	for _, one := range split(err) {
		c.add("ledgers", one, plural(len(j.opts.Tenants)*len(j.opts.Tables), "table"))
	}
}

// createAgain expects a refusal: all that keeps two writers apart rests on it.
func createAgain(ctx context.Context, b *writers.Bucket, key string) error {
	switch err := b.Create(ctx, key, []byte("another\n")); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("create %s: the store replaced an object that was there; it must support conditional writes", key)
}

// atOnce is how many writers race for one object.
const atOnce = 4

// createAtOnce expects that of writers at the same time at most one succeeds: a store that looks first and writes then
// lets more through.
func createAtOnce(ctx context.Context, b *writers.Bucket, key string) error {
	var g errgroup.Group
	results := make([]error, atOnce)
	for i := range results {
		g.Go(func() error {
			results[i] = b.Create(ctx, key, fmt.Appendf(nil, "writer %d\n", i))
			return nil
		})
	}
	_ = g.Wait() // results has the errors
	won := 0
	for _, err := range results {
		if err == nil { // the others may be told of the race in as many ways as there are stores
			won++
		}
	}
	if won > 1 {
		return fmt.Errorf("create %s: of %d writers at once, %d succeeded; the store must let one alone", key, atOnce, won)
	}
	return nil
}

func listed(ctx context.Context, b *writers.Bucket, key string) error {
	objects, err := b.List(ctx, key, 1)
	if err == nil && (len(objects) != 1 || objects[0].Key != key) {
		err = fmt.Errorf("list %s: what was just created is not there", key)
	}
	return err
}

func readBack(ctx context.Context, b *writers.Bucket, key string, content []byte) error {
	got, err := b.Read(ctx, key, 1<<10)
	if err == nil && !bytes.Equal(got, content) {
		err = fmt.Errorf("read %s: it does not hold what was written", key)
	}
	return err
}

func removed(ctx context.Context, b *writers.Bucket, key string) error {
	if err := b.Delete(ctx, key); err != nil {
		return err
	}
	switch _, err := b.Read(ctx, key, 1<<10); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("delete %s: it is still there", key)
}
