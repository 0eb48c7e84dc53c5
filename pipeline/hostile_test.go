package pipeline_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
	"huntlake/writers"
)

// made is a table of rows that a test has thought up. The first column is the time.
type made struct {
	name     string
	fields   []schema.Field
	rows     [][]kql.Value
	ingested []partition.Tick
}

func newMade(name, columns string) *made {
	m := &made{name: name, fields: []schema.Field{{Name: "Timestamp", Type: "DateTime"}}}
	for _, c := range strings.Fields(columns) {
		name, typ, _ := strings.Cut(c, ":")
		m.fields = append(m.fields, schema.Field{Name: name, Type: typ})
	}
	return m
}

func (m *made) add(at, ingested partition.Tick, values ...kql.Value) {
	m.rows = append(m.rows, append([]kql.Value{kql.OfTime(at)}, values...))
	m.ingested = append(m.ingested, ingested)
}

func (m *made) Name() string                          { return m.name }
func (m *made) TimeColumn() string                    { return "Timestamp" }
func (m *made) Columns(partition.Tick) []schema.Field { return m.fields }
func (m *made) Len() int                              { return len(m.rows) }
func (m *made) Ingested(row int) partition.Tick       { return m.ingested[row] }
func (m *made) Arrived(row int) partition.Tick        { return m.ingested[row] }
func (m *made) Read(fields []schema.Field) kql.Reader { return &madeReader{m, 0} }

func (m *made) Time(row int) partition.Tick {
	if m.rows[row][0].IsNull() {
		return partition.NoTick
	}
	return m.rows[row][0].Tick()
}

type madeReader struct {
	*made
	row int
}

func (r *madeReader) Seek(row int)         { r.row = row }
func (r *madeReader) Cell(k int) kql.Value { return r.rows[r.row][k] }

// rewriting puts other bytes into answers, which it asks for without compression.
type rewriting struct {
	http.RoundTripper
	old, new string
}

func (r rewriting) RoundTrip(req *http.Request) (*http.Response, error) {
	req.Header.Del("Accept-Encoding")
	resp, err := r.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(r.old), []byte(r.new))))
	return resp, err
}

// inFolder moves a world to a lake in a folder, and its answers through a transport.
func (w *world) inFolder(through func(http.RoundTripper) http.RoundTripper) (lake string, e *pipeline.Exporter) {
	w.t.Helper()
	lake = filepath.Join(w.t.TempDir(), "outer", "lake")
	var err error
	if w.bucket, err = writers.Open(w.t.Context(), lake); err != nil {
		w.t.Fatal(err)
	}
	w.opts.Bucket = w.bucket
	client, err := hunting.New(hunting.Options{
		Dialect: w.dialect, Credential: &issuing{}, Transport: through(w.service.Transport()), Now: w.now, Tenant: tenantID, Retries: -1,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	opts := w.opts
	opts.Tenants = []pipeline.Tenant{{ID: tenantID, API: client}}
	if e, err = pipeline.New(opts); err != nil {
		w.t.Fatal(err)
	}
	return lake, e
}

// ours is every name that a lake may have in it.
var ours = regexp.MustCompile(`^[A-Za-z0-9]+/tenant=[0-9a-f-]{36}/dt=\d{4}-\d\d-\d\d/[A-Za-z0-9]+-\d{8}-\d+\.parquet$` +
	`|^_export/tenant=[0-9a-f-]{36}/(owner/\d{20}\.json|[A-Za-z0-9]+/(log/\d{20}\.json|staged/[A-Za-z0-9_-]+\.arrow))$`)

// walk checks that nothing lies outside the lake, nothing inside it that has not its place, and no record that is
// large. It returns the days that have files.
func walk(t *testing.T, lake string, most int64) map[string]bool {
	t.Helper()
	dts := map[string]bool{}
	above := filepath.Dir(filepath.Dir(lake))
	err := filepath.WalkDir(above, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(lake, path)
		if name = filepath.ToSlash(name); err != nil || !ours.MatchString(name) {
			t.Errorf("%s lies in the lake's folder, or beside it", path)
		}
		info, err := d.Info()
		if err == nil && filepath.Ext(name) == ".json" && info.Size() > most {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
		if dt := regexp.MustCompile(`dt=[^/]*`).FindString(name); dt != "" {
			dts[dt] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dts
}

// hostileTexts are values that have broken something somewhere.
func hostileTexts() []string {
	return []string{
		"", "../../../../etc/passwd", `..\..\windows`, "/", "a/b", "dt=2026-11-22/x.parquet", "%2e%2e%2f", "null", "{}", "[]",
		"\x00", "a\x00b", "\x1b[2J\x1b]0;title\a", "\r\n", "\u2028\u2029", "\ufeff", "\u202egnp.exe", "\U0010ffff", "LONE",
		`"`, `\`, `\"`, `'; drop table x; --`, "=cmd|' /C calc'!A0", strings.Repeat("\"", 1000), strings.Repeat("ж", 100_000), strings.Repeat("x", 10<<20),
	}
}

// Values, column names and clocks as hostile as can be pass through unchanged; nothing escapes the lake, nothing grows
// without bound, and it verifies.
func TestHostileValues(t *testing.T) {
	now := partition.TickOf(start)
	m := newMade("Hostile", `Text:String Dyn:Object Num:Int64 LogonId:String LogonID:String tenant:String dt:String Timestamp_100ns:Int64 1st:String _:Object`)
	for _, name := range []string{"a/b", "../up", "\"q\":1,\"", "nul\x00nul", "new\nline", "\x1b[31mred", "Größe", " ", strings.Repeat("n", 1024), "'; drop"} {
		m.fields = append(m.fields, schema.Field{Name: name, Type: "String"})
	}
	deep := strings.Repeat(`[`, 200) + strings.Repeat(`]`, 200)
	dyns := []string{`{"../x":"\u0000","n":1e400}`, deep, strings.Repeat("9", 400), `{"a":{"@odata.type":"#x","b":[{}]}}`}
	for i, text := range hostileTexts() {
		at := now - partition.Day - partition.Tick(i)*partition.Minute
		v, short := kql.OfString(text), kql.OfString(text[:min(len(text), 20)])
		row := []kql.Value{v, kql.OfDynamic(dyns[i%len(dyns)]), kql.OfLong(-1 << 63), short, short, short, short, kql.OfLong(7), short, kql.Value{}}
		for range len(m.fields) - len(row) - 1 {
			row = append(row, kql.OfString(fmt.Sprint(i)))
		}
		m.add(at, at+partition.Minute, row...)
		m.add(at, at+partition.Minute, row...) // twice, to the tick
	}
	for _, at := range []partition.Tick{partition.MinTick, partition.MaxTick, now + 3*partition.Day, now - 29*partition.Day} {
		m.add(at, now-partition.Hour, append([]kql.Value{kql.OfString("clock")}, make([]kql.Value, len(m.fields)-2)...)...)
	}
	w := newWorld(t, []simulator.Table{m})
	lake, e := w.inFolder(func(inner http.RoundTripper) http.RoundTripper {
		return rewriting{inner, "LONE", `\ud800LONE\udfff`}
	})
	if _, err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range m.rows {
		for k, v := range m.rows[i] {
			if v.Text() == "LONE" {
				m.rows[i][k] = kql.OfString("\ufffdLONE\ufffd")
			}
		}
	}
	w.compareTexts(m)
	if v, err := e.Verify(t.Context()); err != nil || !v.Clean() {
		t.Errorf("verify: %v %+v", err, v)
	}
	if dts := walk(t, lake, 100_000); len(dts) > 4 {
		t.Errorf("files for %d days", len(dts))
	}
}

// compareTexts holds one column, and the number of rows, against the source: dynamic values have many ways to be written.
func (w *world) compareTexts(m *made) {
	w.t.Helper()
	got, want := map[string]int{}, map[string]int{}
	rows := 0
	for row, n := range w.lake(m.name) {
		for _, part := range strings.Split(row, "\x1f") {
			if text, ok := strings.CutPrefix(part, "Text="); ok {
				got[text] += n
			}
		}
		rows += n
	}
	keep := exported(w.now())
	for _, row := range simulator.Rows(m, partition.TickOf(w.now())) {
		if keep(row) {
			want[row.Values[1].Text()]++
			rows--
		}
	}
	for text, n := range want {
		if got[text] != n {
			w.t.Errorf("%d rows of %.40q, want %d", got[text], text, n)
		}
	}
	if rows != 0 {
		w.t.Errorf("%d rows too many", rows)
	}
}

// A hundred thousand forged days make neither partitions nor cells: commits and state stay small, and verify, which
// cannot have the days in one answer, is exact all the same.
func TestForgedDays(t *testing.T) {
	now := partition.TickOf(start)
	m := newMade("Forged", "Text:String")
	for i := range 100_500 {
		arrived := now - partition.Hour - partition.Tick(i)*2*partition.Second
		m.add(arrived+partition.Tick(i)*10*partition.Day+partition.Tick(i%3)*partition.Hour, arrived, kql.OfString("x"))
	}
	w := newWorld(t, []simulator.Table{m})
	lake, e := w.inFolder(func(inner http.RoundTripper) http.RoundTripper { return inner })
	r, err := e.Run(t.Context())
	if err != nil || r.Total().Rows != 100_500 {
		t.Fatalf("%d rows, %v", r.Total().Rows, err)
	}
	if v, err := e.Verify(t.Context()); err != nil || !v.Clean() || v.Tables[0].SourceRows != 100_500 {
		t.Errorf("verify: %v %.2000v", err, v)
	}
	if dts := walk(t, lake, 20_000); len(dts) > 6 {
		t.Errorf("files for %d days", len(dts))
	}
	l, err := checkpoint.Open(t.Context(), first{w.bucket}, checkpoint.Options{Ledger: partition.Ledger{Tenant: tenantID, Table: partition.Table{Name: "Forged"}}})
	if err != nil {
		t.Fatal(err)
	}
	l.View(func(s *checkpoint.State) {
		if n := len(s.Cells[partition.Stamped]); n > 3*60 {
			t.Errorf("%d cells for 60 hours", n)
		}
	})
	// Rows that come late for those hours are found in the lake, forged as they are, and not staged twice.
	m.add(now+100*partition.Day, now-2*partition.Hour, kql.OfString("late"))
	w2 := newWorld(t, []simulator.Table{m})
	w2.bucket, w2.opts.Bucket = w.bucket, w.bucket
	w2.pass(time.Hour)
	if rows := w2.run().Total().Rows; rows < 1 || rows > 3600 {
		t.Errorf("%d rows were staged, want the late one, and those of an hour", rows)
	}
	if v, err := w2.exporter().Verify(t.Context()); err != nil || !v.Clean() {
		t.Errorf("verify: %v %.2000v", err, v)
	}
}

// What cannot be an answer stops its table alone, with an error that is short and prints as text.
func TestHostileAnswers(t *testing.T) {
	now := partition.TickOf(start)
	for _, tt := range []struct {
		name, old, new string
		want           string
	}{
		{"key twice", `"Text":"bad"`, `"Text":"bad","Text":"worse"`, "appears twice"},
		{"400 digits", `"Num":5`, `"Num":` + strings.Repeat("5", 400), `column "Num"`},
		{"too deep", `"Text":"bad"`, `"Text":` + strings.Repeat("[", 100_000), `column "Text"`},
		{"columns without end", `"name":"Num"`, `"name":"Num"` + strings.Repeat(`,"type":"Int64"},{"name":"Num"`, 10_000), "columns"},
		{"no name", `"name":"Num"`, `"name":""`, "has no name"},
		{"a name of a megabyte", `"name":"Num"`, `"name":"` + strings.Repeat("\x7f", 1<<20) + `"`, "bytes, more than"},
		{"a type that is none", `"name":"Num","type":"Int64"`, `"name":"Num","type":"\u001b[2J"`, "is not known"},
		{"a time beyond time", `"Text":"bad"`, `"Text":"bad","Timestamp":"99999-01-01T00:00:00Z"`, "Timestamp"},
		{"rows of another hour", `"_IngestionTime":"2026-11-22T0`, `"_IngestionTime":"2026-10-22T0`, "was not asked for"},
		{"rows of before", `Timestamp":"2026-11-22T0`, `Timestamp":"1999-11-22T0`, "was not asked for"},
		{"no time", `"Text":"bad"`, `"Text":"bad","Timestamp":{}`, "appears twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, good := newMade("Hostile", "Text:String Num:Int64"), newMade("Good", "Text:String")
			for i := range 10 {
				at := now - 3*partition.Hour - partition.Tick(i)*partition.Second
				m.add(at, at, kql.OfString("bad"), kql.OfLong(5))
				good.add(at, at, kql.OfString("fine"))
			}
			w := newWorld(t, []simulator.Table{m, good})
			lake, e := w.inFolder(func(inner http.RoundTripper) http.RoundTripper {
				return detour{rewriting{inner, tt.old, tt.new}, inner}
			})
			r, err := e.Run(t.Context())
			tables := r.Tenants[0].Tables
			if err == nil || !strings.Contains(tables[0].Fault, tt.want) || len(err.Error()) > 2000 || hasControls(err.Error()) {
				t.Errorf("got %.300v of %d bytes, want %q", err, len(fmt.Sprint(err)), tt.want)
			}
			if tables[0].Rows != 0 || tables[1].Rows != 10 || tables[1].Fault != "" {
				t.Errorf("got %+v", tables)
			}
			if n := len(w.service.Calls()); n > 16 {
				t.Errorf("%d calls", n)
			}
			walk(t, lake, 20_000)
			w.run()
			w.compare(m, exported(w.now()))
			if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() {
				t.Errorf("verify: %v %+v", err, v)
			}
		})
	}
}

func hasControls(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f })
}

// detour lets the calls about one table go another way.
type detour struct {
	hostile rewriting
	http.RoundTripper
}

func (o detour) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(body)
	if err == nil && bytes.Contains(text, []byte(`"Hostile `)) {
		return o.hostile.RoundTrip(req)
	}
	return o.RoundTripper.RoundTrip(req)
}
