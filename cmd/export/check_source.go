package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// tenant tries to sign in to a tenant, asks for the columns of everything that is exported, and compares clocks.
func (c *checklist) tenant(ctx context.Context, j *job, i int) {
	name := ""
	if len(j.config.Tenants) > 1 {
		name = "tenant " + j.config.Tenants[i].ID + ": "
	}
	s, err := j.source(i)
	if err == nil {
		err = j.token(ctx, s)
	}
	c.add(name+"sign in", err, "")
	if err != nil {
		return
	}
	var behind time.Duration
	var dated bool
	for _, t := range j.opts.Tables {
		a, err := columns(ctx, s.client, t)
		if err == nil && !a.Date.IsZero() {
			behind, dated = c.program.now().Sub(a.Date), true
		}
		c.add(name+t.Table.Path(), err, describeColumns(a))
		if denied(err) {
			return // so is every other table
		}
	}
	if dated {
		c.add(name+"clock", c.skew(behind), fmt.Sprintf("within %s of the service's", length(behind.Abs().Round(time.Second)+time.Second)))
	}
}

func denied(err error) bool {
	return errors.Is(err, hunting.ErrDenied) || errors.Is(err, hunting.ErrQuota)
}

// token gets a token as a run would.
func (j *job) token(ctx context.Context, s source) error {
	cloud, err := hunting.ParseCloud(string(j.config.Source.Cloud))
	if err != nil {
		return err
	}
	_, scope, _, err := hunting.Endpoint(dialectOf(j.config.Source.API), cloud)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := s.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}, EnableCAE: true}); err != nil {
		return fmt.Errorf("get token: %w: %w", hunting.ErrDenied, err)
	}
	return nil
}

// columns asks for a table's columns, one of which has to be its time, unless it is read as snapshots.
func columns(ctx context.Context, client *hunting.Client, t pipeline.Table) (*hunting.Answer, error) {
	a, err := client.Run(ctx, hunting.Query{Table: t.Table.Path(), Text: t.Source.Schema()})
	if err != nil {
		return nil, err
	}
	a.Release()
	if t.Source.TimeColumn == "" {
		return a, nil
	}
	for _, f := range a.Fields {
		if f.Name != t.Source.TimeColumn {
			continue
		}
		if kind, err := schema.KindOf(f.Type); err != nil || kind != schema.Timestamp {
			return nil, fmt.Errorf("column %s of %s is a %s, want a datetime", f.Name, t.Table.Path(), f.Type)
		}
		return a, nil
	}
	return nil, fmt.Errorf("%s has no column %s, which says what day a row belongs to", t.Table.Path(), t.Source.TimeColumn)
}

func describeColumns(a *hunting.Answer) string {
	if a == nil {
		return ""
	}
	return plural(len(a.Fields), "column")
}

// maxSkew is how far the clocks may be apart before tokens are refused and plans end too early.
const maxSkew = 2 * time.Minute

func (c *checklist) skew(behind time.Duration) error {
	if behind.Abs() <= maxSkew {
		return nil
	}
	where := "ahead of"
	if behind < 0 {
		where = "behind"
	}
	return fmt.Errorf("this machine's clock is %s %s the service's: set it by a time server", length(behind.Abs()), where)
}
