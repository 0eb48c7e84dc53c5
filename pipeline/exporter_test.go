package pipeline_test

import (
	"testing"

	"huntlake/pipeline/hunting"
)

// A month of several tables comes out of a run whole and once, verifies, and a second run asks for no rows.
func TestRunAndVerify(t *testing.T) {
	for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
		t.Run(dialect.String(), func(t *testing.T) {
			tables := generate(t, 4000, "DeviceProcessEvents", "EmailEvents", "CloudAppEvents", "AlertInfo")
			w := newWorld(t, tables)
			w.dialect = dialect
			began := w.now()
			r := w.run()
			for _, table := range tables {
				w.compare(table, exported(began))
			}
			v, err := w.exporter().Verify(t.Context())
			if err != nil || !v.Clean() {
				t.Errorf("verify: %v %+v", err, v)
			}
			if again := w.run().Total(); again.Calls.Data != 0 || again.Rows != 0 {
				t.Errorf("a second run made %+v", again.Calls)
			}
			t.Logf("%+v", r.Total())
		})
	}
}
