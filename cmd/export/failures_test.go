package main_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	main "huntlake/cmd/export"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/writers"
)

// TestFailures holds that what goes wrong is said in one message: what, where, and what to do.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name  string
		world func(*simulator.Options)
		spoil func(*rig)
		code  int
		want  []string
	}{
		{name: "wrong token", world: func(o *simulator.Options) { o.Token = "another" }, code: 1,
			want: []string{"tenant " + tenantID + ": AlertInfo, DeviceProcessEvents: query AlertInfo: status 401", "what to do: look at tenants[].auth"}},
		{name: "missing permission", world: func(o *simulator.Options) { o.MissingRole = true }, code: 1,
			want: []string{"AlertInfo, DeviceProcessEvents: query AlertInfo: status 403", "grant the application ThreatHunting.Read.All"}},
		{name: "missing table", spoil: func(r *rig) { r.configure("tables: [AlertInfo, DeviceInfo]\n") }, code: 1,
			want: []string{"huntlake: tenant " + tenantID + ": DeviceInfo: query DeviceInfo: status 400", "what to do: take it out of the configuration"}},
		{name: "misspelt table", spoil: func(r *rig) { r.configure("tables: [AlertInfo, DeviceProcesEvents]\n") }, code: 1,
			want: []string{"DeviceProcesEvents: query DeviceProcesEvents: status 400", "what to do: if DeviceProcessEvents was meant, correct it"}},
		{name: "quota spent", code: 4, world: func(o *simulator.Options) {
			o.Faults = func(call int, _ string) simulator.Fault {
				if call > 3 {
					return simulator.FaultCPUQuota(2871 * time.Second)
				}
				return simulator.Fault{}
			}
		}, want: []string{"tenant " + tenantID + ": ", "spent until", "what to do: run it again in 47m", "nothing that was read is read again"}},
		{name: "lake that is no folder", spoil: func(r *rig) { block(r.t, r.lake()) }, code: 1, want: []string{"huntlake: ", "/lake", "what to do: "}},
		{name: "scheme", spoil: func(r *rig) { rewrite(r.t, r.config(), "./lake", "ftp://host/lake") }, code: 2,
			want: []string{`huntlake.yaml:1: lake: "ftp" is not one of file, s3, gs, azblob`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var change []func(*simulator.Options)
			if c.world != nil {
				change = append(change, c.world)
			}
			r := newRig(t, change...)
			if c.spoil != nil {
				c.spoil(r)
			}
			got := r.verb("run")
			got.want(t, c.code, c.want...)
			if strings.Contains(got.stderr, "Usage:") || strings.Contains(got.stdout+got.stderr, `"right"`) {
				t.Errorf("it prints its help or a secret:\n%s", got.stderr)
			}
		})
	}
}

// TestTaken holds that a tenant that another process works on is left alone until that is over.
func TestTaken(t *testing.T) {
	r := newRig(t)
	bucket, err := writers.Open(t.Context(), r.lake())
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	other := checkpoint.NewTenancy(owners{bucket}, tenantID, checkpoint.Claimant{Nonce: "other", Program: "huntlake/other"}, time.Now)
	if _, err := other.Claim(t.Context(), time.Hour, nil); err != nil {
		t.Fatal(err)
	}
	r.verb("run").want(t, 4, "tenant "+tenantID+": another process (huntlake/other, other) works on this tenant, which is its own until ", "what to do: run it again in ")
	if n := len(r.service.Calls()); n > 0 {
		t.Errorf("%d calls were made", n)
	}
	if _, err := other.Claim(t.Context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	r.verb("run").want(t, 0)
}

// owners is a bucket as owner records need it.
type owners struct{ *writers.Bucket }

func (o owners) First(ctx context.Context, prefix string, n int) ([]string, error) {
	objects, err := o.List(ctx, prefix, n)
	var keys []string
	for _, object := range objects {
		keys = append(keys, object.Key)
	}
	return keys, err
}

// TestFailingTableLeavesOthers holds that the others are exported all the same.
func TestFailingTableLeavesOthers(t *testing.T) {
	r := newRig(t)
	r.configure("tables: [DeviceInfo, AlertInfo]\n")
	r.verb("run").want(t, 1, "-, failed")
	for _, f := range r.files() {
		if !strings.Contains(f, "AlertInfo") {
			t.Errorf("%s is there", f)
		}
	}
	if len(r.files()) == 0 {
		t.Error("nothing was exported")
	}
}

// TestEndpointDown runs in a bubble, where the minute of repetitions takes no time.
func TestEndpointDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "huntlake.yaml")
	write(t, config, fmt.Sprintf("lake: ./lake\nsource: {endpoint: \"http://%s\"}\ntenants: [{id: %s, auth: {method: token, token: right}}]\ntables: [AlertInfo, EmailEvents]\n", address, tenantID))
	synctest.Test(t, func(t *testing.T) {
		got := huntlakeAt(context.Background(), time.Now, "run", "--config", config)
		got.want(t, 1, address+" is down", "connection refused", "what to do: see that the host can be reached from here")
		if n := strings.Count(got.stderr, "what to do"); n != 1 {
			t.Errorf("%d times what to do:\n%s", n, got.stderr)
		}
	})
}

// TestErrorsAsJSON holds that a log for machines stays one.
func TestErrorsAsJSON(t *testing.T) {
	huntlake(t, "run", "--config", "none.yaml", "--log-format", "json").want(t, 2, `"level":"ERROR","msg":"read configuration: open none.yaml`, `"exit_code":2`, `"advice":["write it`)
}

func TestRemedies(t *testing.T) {
	at := func(errno error) error {
		return fmt.Errorf("create lake/x: %w", &fs.PathError{Op: "write", Path: "x", Err: errno})
	}
	refused := fmt.Errorf("query T: %w", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)})
	for _, c := range []struct {
		name string
		err  error
		want []string // how each remedy begins
	}{
		{"disk full", at(syscall.ENOSPC), []string{"free space there"}},
		{"over quota", at(syscall.EDQUOT), []string{"free space there"}},
		{"read-only", at(syscall.EROFS), []string{"give this account the right"}},
		{"no right", at(syscall.EACCES), []string{"give this account the right"}},
		{"file in the way", at(syscall.ENOTDIR), []string{"a file is in the way"}},
		{"unreachable", refused, []string{"see that the host"}},
		{"unknown host", fmt.Errorf("query T: %w", &net.DNSError{Name: "nonesuch"}), []string{"see that the host"}},
		{"no table", hunting.ErrNoTable, []string{"take it out"}},
		{"denied", hunting.ErrDenied, []string{"look at tenants[].auth"}},
		{"something else", errors.New("x"), nil},
		{"each kind once", errors.Join(refused, at(syscall.EROFS), refused), []string{"see that the host", "give this account"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := main.Remedies(c.err)
			for i := range min(len(got), len(c.want)) {
				got[i] = got[i][:min(len(got[i]), len(c.want[i]))]
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFailuresOnce(t *testing.T) {
	down := func(table string) error {
		return fmt.Errorf("tenant T: %s: query %s: it is down: %w", table, table, errors.New("refused"))
	}
	full := func(table string, slice int) error {
		return fmt.Errorf("tenant T: %s: stage %d: %w", table, slice, syscall.ENOSPC)
	}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"one", down("A"), "tenant T: A: query A: it is down: refused"},
		{"not a table's", errors.New("open lake: no"), "open lake: no"},
		{"alike", errors.Join(down("A"), down("B")), "tenant T: A, B: query A: it is down: refused"},
		{"many alike", errors.Join(down("A"), down("B"), down("C"), down("D"), down("E")), "tenant T: A, B, C and 2 more: query A: it is down: refused"},
		{"alike but for the place", errors.Join(full("A", 1), full("B", 2)), "tenant T: A, B: stage 1: no space left on device"},
		{"one table twice", fmt.Errorf("tenant T: A: %w", errors.Join(errors.New("x"), errors.New("y"))), "tenant T: A: x (and 1 other error of this table)"},
		{"two tenants", errors.Join(errors.New("tenant T: A: x"), errors.New("tenant U: A: x")),
			"not everything could be done; tables that are not named here went on\n  tenant T: A: x\n  tenant U: A: x"},
		{"different", errors.Join(down("A"), errors.New("tenant T: B: broken"), errors.Join(errors.New("x"), down("C"))),
			"not everything could be done; tables that are not named here went on\n  tenant T: A, C: query A: it is down: refused\n  tenant T: B: broken\n  x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, main.Failures(c.err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
