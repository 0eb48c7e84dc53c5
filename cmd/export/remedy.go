package main

import (
	"errors"
	"io/fs"
	"net"
	"slices"
	"syscall"

	"huntlake/pipeline/hunting"
	"huntlake/writers"
)

// remedies says what the user can do about err; a line for each kind of fault in it. Where the error itself says it,
// there is none.
func remedies(err error) []string {
	var out []string
	for _, part := range split(err) {
		if r := remedy(part); r != "" && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

func remedy(err error) string {
	var network *net.OpError
	var dns *net.DNSError
	var signIn *hunting.SignInError
	var refusal *hunting.Error
	switch {
	case errors.As(err, &signIn):
		return signInRemedy(signIn)
	case errors.Is(err, hunting.ErrNoTable):
		if errors.As(err, &refusal) {
			if name := misspelt(refusal.Table); name != "" {
				return "if " + name + " was meant, correct it in the configuration; huntlake tables --probe lists what the tenant has"
			}
		}
		return "take it out of the configuration, or get the licence that brings it; huntlake tables --probe lists what the tenant has"
	case errors.Is(err, hunting.ErrDenied) && errors.As(err, &refusal):
		return refusedRemedy(refusal)
	case errors.Is(err, hunting.ErrDenied):
		return "look at tenants[].auth in the configuration; huntlake check tries each step of it"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free space there, then run again: what was committed stays, and the rest is read again"
	case errors.Is(err, syscall.ENOTDIR):
		return "a file is in the way: name another folder, or move the file"
	case errors.Is(err, writers.ErrNoBucket):
		return "create the bucket (huntlake makes none), or correct lake: in the configuration"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "give this account the right to create, read, list and delete there, or set lake: to another place; huntlake check tries each right"
	case errors.As(err, &dns), errors.As(err, &network):
		return "see that the host can be reached from here (name, port, proxy, firewall), then run again; source.endpoint or lake: names another one"
	}
	return ""
}
