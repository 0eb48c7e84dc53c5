package interop

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/schema"
)

// filesJob is what a program reads that opens files.
type filesJob struct {
	Members []string    `json:"members"`
	Lakes   []filesLake `json:"lakes"`
}

type filesLake struct {
	Dir    string       `json:"dir"`
	Tables []filesTable `json:"tables"`
}

type filesTable struct {
	Name    string        `json:"name"`
	Columns []filesColumn `json:"columns"`
}

type filesColumn struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // a schema.Kind, or companion
}

// filesFound is what it says of a table.
type filesFound struct {
	Files int
	Types map[string][]string
	Stats map[string]stat
}

// typesOf are a reader's names for what columns are stored as, by kind.
type typesOf map[string]string

var (
	arrowTypes = typesOf{
		"bool": "bool", "int64": "int64", "double": "double", "string": "string", "json": "extension<arrow.json>",
		"timestamp": "timestamp[us, tz=UTC]", "companion": "int32",
	}
	parquetTypes = typesOf{
		"bool": "BOOLEAN", "int64": "INT64", "double": "DOUBLE", "string": "BYTE_ARRAY STRING", "json": "BYTE_ARRAY JSON",
		"timestamp": "INT64 TIMESTAMP MICROS", "companion": "INT32",
	}
)

// columnsOf lists what the files of a table have between them.
func columnsOf(w *truth) (out []filesColumn) {
	for _, c := range w.schema.Columns {
		out = append(out, filesColumn{c.Name, c.Kind.String()})
		if c.Kind == schema.Timestamp {
			out = append(out, filesColumn{c.Name + schema.CompanionSuffix, "companion"})
		}
	}
	return out
}

// testFiles has a program open every file of both lakes, without any engine's idea of a table.
func testFiles(t *testing.T, lakes []*shown, types typesOf, program string, args ...string) {
	job := filesJob{Members: members}
	for _, s := range lakes {
		lake := filesLake{Dir: s.dir}
		for _, w := range s.truths {
			lake.Tables = append(lake.Tables, filesTable{w.name, columnsOf(w)})
		}
		job.Lakes = append(job.Lakes, lake)
	}
	var result struct {
		Version string
		Lakes   []map[string]filesFound
	}
	runReader(t, &result, job, program, args...)
	for i, s := range lakes {
		files := 0
		for _, w := range s.truths {
			found := result.Lakes[i][w.name]
			files += found.Files
			if want := len(s.files(w.name)); found.Files != want {
				t.Errorf("%s: %s: it opened %d files of %d", s.name, w.name, found.Files, want)
			}
			want := map[string][]string{}
			for _, c := range columnsOf(w) {
				want[c.Name] = []string{types[c.Kind]}
			}
			if diff := cmp.Diff(want, found.Types); diff != "" {
				t.Errorf("%s: %s: types -want +got:\n%s", s.name, w.name, diff)
			}
			s.compare(t, w, rounded(t, w, found.Stats))
		}
		t.Logf("%s: version %s opened %d files of %d tables", s.name, result.Version, files, len(s.truths))
	}
}

// rounded prints the doubles among stats as a truth does.
func rounded(t *testing.T, w *truth, stats map[string]stat) map[string]stat {
	t.Helper()
	for name, s := range stats {
		if slices.Contains(columnsOf(w), filesColumn{name, schema.Double.String()}) {
			s.Min, s.Max, s.Sum = double(t, s.Min, 17), double(t, s.Max, 17), double(t, s.Sum, 9)
			stats[name] = s
		}
	}
	return stats
}
