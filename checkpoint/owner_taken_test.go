package checkpoint_test

import (
	"testing"
	"time"

	"huntlake/checkpoint"
)

// The claim of a process that was killed is waited for by those alone who cannot tell that it has ended.
func TestOwnerTaken(t *testing.T) {
	gone := func(process string) bool { return process == "here/17" }
	cases := []struct {
		name    string
		process string
		gone    func(string) bool
		taken   bool
	}{
		{"it has ended", "here/17", gone, false},
		{"it may be running", "there/17", gone, true},
		{"it has no name", "", func(string) bool { return true }, true},
		{"nobody can tell", "here/17", nil, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBucket()
			now := func() time.Time { return at(1).Time() }
			killed := checkpoint.NewTenancy(b, "t1", checkpoint.Claimant{Nonce: "p1", Process: c.process}, now)
			if _, err := killed.Claim(t.Context(), time.Hour, says(`{"calls":7}`)); err != nil {
				t.Fatal(err)
			}
			next := checkpoint.NewTenancy(b, "t1", checkpoint.Claimant{Nonce: "p2", Process: "here/18", Gone: c.gone}, now)
			before, err := next.Claim(t.Context(), time.Hour, nil)
			if (err != nil) != c.taken || string(before.Spent) != `{"calls":7}` || before.Process != c.process {
				t.Errorf("got %v after %+v, want taken %v", err, before, c.taken)
			}
			if _, err := killed.Claim(t.Context(), time.Hour, nil); (err == nil) != c.taken {
				t.Errorf("the first one's renewal: %v", err)
			}
		})
	}
}
