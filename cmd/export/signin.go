package main

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"huntlake/configs"
	"huntlake/pipeline/hunting"
)

// source is a tenant's hunting API and what it is made of.
type source struct {
	quota  *hunting.Quota
	client *hunting.Client
}

// signIn gives every tenant its API. Nobody is asked for anything yet.
func (j *job) signIn() error {
	for i := range j.config.Tenants {
		s, err := j.source(i)
		if err != nil {
			return err
		}
		j.opts.Tenants[i].API, j.opts.Tenants[i].Quota = s.client, s.quota
	}
	return nil
}

// source makes the client of the tenant at i, with a quota of its own: budgets are the tenant's. What is wrong with it
// is wrong in the configuration.
func (j *job) source(i int) (source, error) {
	s, err := j.makeSource(j.config.Tenants[i])
	if err != nil {
		return s, &usageError{fmt.Errorf("%s: tenants[%d]: %w", j.program.config, i, err)}
	}
	return s, nil
}

func (j *job) makeSource(t configs.Tenant) (s source, err error) {
	cloud, err := hunting.ParseCloud(string(j.config.Source.Cloud))
	if err != nil {
		return s, err
	}
	credential, err := credential(t, cloud)
	if err != nil {
		return s, err
	}
	q := j.config.Quota
	s.quota, err = hunting.NewQuota(hunting.QuotaOptions{
		CallsPerMinute: q.CallsPerMinute, RunTimePerHour: q.RunTimePerHour, RunTimePerDay: q.RunTimePerDay, Share: q.Share, Now: j.program.now,
		Waits: func(b hunting.Block) { j.progress.wait(t.ID, hold{b.Until, fmt.Sprintf("quota (%s)", b.Budget), nil}) },
	})
	if err != nil {
		return s, err
	}
	s.client, err = hunting.New(hunting.Options{
		Dialect: dialectOf(j.config.Source.API), Cloud: cloud, Endpoint: j.config.Source.Endpoint, Tenant: t.ID,
		Credential: credential, Quota: s.quota, Now: j.program.now, Program: programName(),
		Pauses: func(p hunting.Pause) { j.progress.wait(t.ID, hold{p.Until, p.Host, p.Err}) },
	})
	return s, err
}

func credential(t configs.Tenant, cloud hunting.Cloud) (azcore.TokenCredential, error) {
	a := t.Auth
	return hunting.Credential(string(a.Method), hunting.CredentialOptions{
		Cloud: cloud, Tenant: t.ID, ClientID: a.ClientID, ClientSecret: hunting.NewSecret(a.ClientSecret.Reveal()),
		Certificate: a.Certificate, Password: hunting.NewSecret(a.CertificatePassword.Reveal()),
		TokenFile: a.TokenFile, Token: hunting.NewSecret(a.Token.Reveal()),
	})
}

func dialectOf(api configs.API) hunting.Dialect {
	if api == configs.Defender {
		return hunting.Defender
	}
	return hunting.Graph
}
