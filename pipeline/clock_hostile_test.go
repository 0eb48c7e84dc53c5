package pipeline_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

// A service whose Date is absurd, or falls further behind with every answer, is told so; nothing is planned by it, and
// it is not asked for ever.
func TestHostileDate(t *testing.T) {
	tables := generate(t, 300, "AlertInfo")
	for _, tt := range []struct {
		name string
		date func(call int) string
		want string
	}{
		{"year 1601", func(int) string { return "Mon, 01 Jan 1601 00:00:00 GMT" }, "set the clock that is wrong"},
		{"year 9999", func(int) string { return "Fri, 31 Dec 9999 23:59:59 GMT" }, "set the clock that is wrong"},
		{"backwards", func(call int) string {
			return start.Add(-time.Duration(call) * 10 * time.Minute).UTC().Format(http.TimeFormat)
		}, "falls behind with every answer"},
		{"no date", func(int) string { return "\x1b[31mnever" }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hostile := true
			w := newWorld(t, tables, func(o *simulator.Options) {
				o.Faults = func(call int, _ string) simulator.Fault {
					if !hostile {
						return simulator.Fault{}
					}
					return simulator.Fault{Header: http.Header{"Date": {tt.date(call)}}}
				}
			})
			_, err := w.exporter().Run(t.Context())
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if n := len(w.service.Calls()); n > 60 {
				t.Errorf("%d calls", n)
			}
			hostile = false
			w.run()
			w.compare(tables[0], exported(w.now()))
			if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() {
				t.Errorf("verify: %v %+v", err, v)
			}
		})
	}
}
