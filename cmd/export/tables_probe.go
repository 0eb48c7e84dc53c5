package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"huntlake/configs"
	"huntlake/pipeline/hunting"
)

// probing is how many calls are under way at once.
const probing = 3

// probe asks every tenant for every table. What ends it is an error that every other table would meet, too.
func (p *program) probe(ctx context.Context, c *configs.Config, lines []tableLine) error {
	j := &job{program: p, config: c, progress: newLines(p)}
	for i, tenant := range c.Tenants {
		s, err := j.source(i)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "asking tenant %s for %s; its quota grants %d calls a minute\n", tenant.ID, plural(len(lines), "table"), c.Quota.CallsPerMinute)
		if err := probeTenant(ctx, s.client, tenant.ID, lines); err != nil {
			return fmt.Errorf("tenant %s: %w", tenant.ID, err)
		}
	}
	return nil
}

func probeTenant(ctx context.Context, client *hunting.Client, tenant string, lines []tableLine) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(probing)
	var mu sync.Mutex
	for i := range lines {
		g.Go(func() error {
			has, err := hasTable(ctx, client, lines[i].Name)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if lines[i].Tenants == nil {
				lines[i].Tenants = map[string]string{}
			}
			lines[i].Tenants[tenant] = has
			return nil
		})
	}
	return g.Wait()
}

// hasTable asks for a table's columns: a tenant that has it knows them.
func hasTable(ctx context.Context, client *hunting.Client, name string) (string, error) {
	a, err := client.Run(ctx, hunting.Query{Table: name, Text: hunting.Source{Name: name}.Schema()})
	switch {
	case errors.Is(err, hunting.ErrNoTable):
		return "no", nil
	case err != nil:
		return "", err
	}
	a.Release()
	return "yes, " + plural(len(a.Fields), "column"), nil
}
