package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// finding is one line of huntlake check --json.
type finding struct {
	What, Detail, Remedy string
	OK, Untried          bool
}

// check runs huntlake check and returns its exit code and what failed.
func (p *program) check() (code int, failed []finding) {
	p.t.Helper()
	stdout, _, code := p.try("check", "--json")
	var all []finding
	if err := json.Unmarshal(stdout, &all); err != nil {
		p.t.Fatalf("check: %v\n%s", err, stdout)
	}
	return code, slices.DeleteFunc(all, func(f finding) bool { return f.OK || f.Untried })
}

// try runs a verb, however it ends.
func (p *program) try(args ...string) (stdout, stderr []byte, code int) {
	p.t.Helper()
	var out, errs bytes.Buffer
	cmd := p.command(p.t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	return out.Bytes(), errs.Bytes(), code
}

// TestNoBucket holds that check and run name a bucket that does not exist, and say what to do.
func TestNoBucket(t *testing.T) {
	tables := narrowTable(t, 100)
	for _, kind := range stores() {
		t.Run(kind.name, func(t *testing.T) {
			j := newJob(t, startStore(t, kind), tables)
			j.setLake(strings.Replace(j.store.address("job"), "://"+bucketName, "://no-such-"+bucketName, 1))
			code, failed := j.check()
			const remedy = "create the bucket (huntlake makes none), or correct lake: in the configuration"
			if code != 1 || len(failed) != 1 || failed[0].What != "lake: create" || failed[0].Remedy != remedy ||
				!strings.HasSuffix(failed[0].Detail, ": there is no such bucket") {
				t.Errorf("check: exit code %d, %+v", code, failed)
			}
			_, stderr, code := j.try("run")
			for _, want := range []string{"no-such-" + bucketName, "there is no such bucket", "what to do: " + remedy} {
				if code != 1 || !strings.Contains(string(stderr), want) {
					t.Errorf("run: exit code %d, want 1 and %q:\n%s", code, want, stderr)
				}
			}
		})
	}
}

// policy is an IAM policy.
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid      string `json:",omitempty"`
	Effect   string
	Action   []string
	Resource []string
}

// examplePolicy is the policy that the project gives for S3, for the bucket of the tests.
func examplePolicy(t *testing.T) policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "configs", "policies", "s3.json"))
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("security-lake/defender"), []byte(bucketName+"/job"))
	text = bytes.ReplaceAll(text, []byte("security-lake"), []byte(bucketName))
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p policy
	if err := decoder.Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

// actions are the permissions that a policy gives.
func (p policy) actions() (out []string) {
	for _, s := range p.Statement {
		out = append(out, s.Action...)
	}
	return out
}

// without is the policy without a permission.
func (p policy) without(action string) policy {
	out := policy{Version: p.Version}
	for _, s := range p.Statement {
		s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
		if len(s.Action) > 0 {
			out.Statement = append(out.Statement, s)
		}
	}
	return out
}

// assume signs in to MinIO with a policy alone.
func (s *server) assume(p policy) *ststypes.Credentials {
	s.t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		s.t.Fatal(err)
	}
	client := sts.New(sts.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + s.front.host()),
		Credentials: credentials.NewStaticCredentialsProvider(minioUser, minioPassword, ""),
	})
	out, err := client.AssumeRole(s.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::000000000000:role/huntlake"), RoleSessionName: aws.String("huntlake"),
		Policy: aws.String(string(text)), DurationSeconds: aws.Int32(900),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.Credentials
}

// become lets the program run with these credentials.
func become(t *testing.T, c *ststypes.Credentials) {
	t.Setenv("AWS_ACCESS_KEY_ID", *c.AccessKeyId)
	t.Setenv("AWS_SECRET_ACCESS_KEY", *c.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", *c.SessionToken)
}

// TestLeastPolicy holds that the policy in configs/policies is enough for everything, and that huntlake check names
// each permission of it that is missing.
func TestLeastPolicy(t *testing.T) {
	least := examplePolicy(t)
	j := newJob(t, startStore(t, minio()), narrowTable(t, 20_000))
	names := map[string]string{
		"s3:ListBucket": "lake: list", "s3:GetObject": "lake: read", "s3:PutObject": "lake: create",
		"s3:DeleteObject": "lake: delete", "s3:AbortMultipartUpload": "lake: give up an upload",
	}
	for _, action := range least.actions() {
		t.Run("without "+action, func(t *testing.T) {
			become(t, j.store.assume(least.without(action)))
			code, failed := j.check()
			if code != 1 || !slices.ContainsFunc(failed, func(f finding) bool {
				return f.What == names[action] && strings.Contains(f.Detail, "AccessDenied") &&
					strings.HasPrefix(f.Remedy, "give this account the right to")
			}) {
				t.Errorf("exit code %d, want 1 and %q: %+v", code, names[action], failed)
			}
		})
	}
	t.Run("all", func(t *testing.T) {
		become(t, j.store.assume(least))
		if code, failed := j.check(); code != 0 {
			t.Errorf("check: exit code %d, %+v", code, failed)
		}
		j.verb("run")
		j.prove()
	})
}

// TestNoDelete runs where nothing may be deleted: every row is published and verified all the same, and the run ends
// with an error that names the right that is missing. With it, the next one sweeps.
func TestNoDelete(t *testing.T) {
	least := examplePolicy(t)
	j := newJob(t, startStore(t, minio()), narrowTable(t, 20_000))
	t.Run("without", func(t *testing.T) {
		become(t, j.store.assume(least.without("s3:DeleteObject")))
		_, stderr, code := j.try("run")
		for _, want := range []string{"delete s3://lake/job/_export/", "AccessDenied", "give this account the right to create, read, list and delete there"} {
			if code != 1 || !strings.Contains(string(stderr), want) {
				t.Errorf("run: exit code %d, want 1 and %q:\n%s", code, want, stderr)
			}
		}
		if _, stderr, code := j.try("verify"); code != 0 {
			t.Errorf("verify: exit code %d:\n%s", code, stderr)
		}
	})
	t.Run("with", func(t *testing.T) {
		become(t, j.store.assume(least))
		j.verb("run")
		j.prove()
	})
}
