package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"huntlake/writers"
)

// lake tries each right in the bucket on one small object, and removes it.
func (c *checklist) lake(ctx context.Context, b *writers.Bucket) {
	key, content := "_export/check-"+nonce(), []byte("huntlake check\n")
	if err := b.Create(ctx, key, content); err != nil {
		c.add("lake: create", err, "")
		return
	}
	c.add("lake: create", nil, b.String())
	c.add("lake: create only where nothing is", createAgain(ctx, b, key), "")
	c.add("lake: list", listed(ctx, b, key), "")
	c.add("lake: read", readBack(ctx, b, key, content), "")
	c.add("lake: delete", removed(ctx, b, key), "")
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
	if _, err := b.Read(ctx, key, 1<<10); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete %s: it is still there: %w", key, err)
	}
	return nil
}
