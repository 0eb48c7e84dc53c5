package checkpoint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
)

// verdict is a commit on a named state, and the exact reason why it is inert there; "" if it is valid.
type verdict struct {
	name, on string
	body     checkpoint.Body
	want     string
}

// judge folds each commit. One that is rejected must leave everything but the number and the count of rejections.
func judge(t *testing.T, cases []verdict) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, want := states(t, c.on), states(t, c.on)
			record := commit(got, c.body)
			if err := checkpoint.Check(got, record); reason(err, record) != c.want {
				t.Errorf("Check = %q\nwant    %q", reason(err, record), c.want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("Check changed the state: %s", diff)
			}
			err := checkpoint.Fold(got, record)
			if reason(err, record) != c.want || errors.Is(err, checkpoint.ErrRejected) != (c.want != "") {
				t.Fatalf("Fold = %v\nwant %q", err, c.want)
			}
			if c.want == "" {
				return
			}
			want.Number++
			want.Totals.Rejected++
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the rejected commit changed the state: %s", diff)
			}
		})
	}
}

// with changes a body that was made for the purpose.
func with[T any](body *T, change func(*T)) *T {
	change(body)
	return body
}

// altered is a value after a change.
func altered[T any](v T, change func(*T)) T { return *with(&v, change) }

// reason is what an ErrRejected says beyond naming the commit.
func reason(err error, c *checkpoint.Commit) string {
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), fmt.Sprintf("commit rejected: %s %d: ", c.Body.Kind(), c.Number))
}

func TestFoldNumbers(t *testing.T) {
	for _, number := range []int64{-1, 0, 1, 3} {
		s := states(t, "planned")
		c := commit(s, &checkpoint.Verify{})
		c.Number = number
		err := checkpoint.Fold(s, c)
		if want := fmt.Sprintf("fold commit %d: the state is at 1", number); err == nil || err.Error() != want || errors.Is(err, checkpoint.ErrRejected) {
			t.Errorf("Fold = %v, want %s", err, want)
		}
		if diff := cmp.Diff(states(t, "planned"), s); diff != "" {
			t.Errorf("commit %d changed the state: %s", number, diff)
		}
	}
}
