package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// sparkJob is what spark.py reads.
type sparkJob struct {
	Lakes []sparkLake `json:"lakes"`
}

type sparkLake struct {
	SQL       string          `json:"sql"`
	Questions []sparkQuestion `json:"questions"`
}

type sparkQuestion struct {
	SQL      string            `json:"sql"`
	Settings map[string]string `json:"settings,omitempty"` // for the question alone
	check    func(t *testing.T, a sparkAnswer)
}

// sparkAnswer is what spark.py says to a question.
type sparkAnswer struct {
	Rows  [][]string
	Plan  string
	Scan  map[string]int64
	Error string
}

// testSpark asks, in one session, for every column of every table of both lakes, and looks at what is read of the first.
// The session has been told what the program prints, and nothing else, on a machine that is not in UTC.
func testSpark(t *testing.T, python, version string, p *printer, lakes []*shown) {
	needs(t, python, "-c", "import pyspark")
	var job sparkJob
	for _, s := range lakes {
		lake := sparkLake{SQL: p.sql("spark", s)}
		for _, w := range s.truths {
			lake.Questions = append(lake.Questions, sparkQuestion{SQL: sparkTongue().ask(w), check: func(t *testing.T, a sparkAnswer) {
				s.compare(t, w, statsOf(t, a.Rows))
			}})
		}
		for _, name := range s.empty {
			lake.Questions = append(lake.Questions, sparkQuestion{SQL: "SELECT count(*) FROM " + name, check: wantText("0")})
		}
		if s.name == "once" {
			lake.Questions = append(lake.Questions, prunedBySpark(s)...)
		}
		job.Lakes = append(job.Lakes, lake)
	}
	var result struct {
		Version string
		Lakes   [][]sparkAnswer
	}
	runReader(t, &result, job, python, "readers/spark.py")
	if !strings.HasPrefix(result.Version, version) {
		t.Errorf("it is Spark %s, want %s", result.Version, version)
	}
	for i, lake := range job.Lakes {
		for k, q := range lake.Questions {
			a := result.Lakes[i][k]
			if a.Error != "" {
				t.Errorf("Spark %s: %s\n%.1000s", result.Version, a.Error, q.SQL)
				continue
			}
			q.check(t, a)
		}
	}
}

func wantText(text string) func(*testing.T, sparkAnswer) {
	return func(t *testing.T, a sparkAnswer) {
		t.Helper()
		if len(a.Rows) != 1 || a.Rows[0][0] != text {
			t.Errorf("%v, want %s\n%s", a.Rows, text, a.Plan)
		}
	}
}

// prunedBySpark asks what Spark need not read the whole table for. What it does when it is told not to look at a filter
// or an index shows that it is this that saves the rest.
func prunedBySpark(s *shown) []sparkQuestion {
	w, day := s.truth("LookUps"), lookUpDay(1)
	needle := fmt.Sprintf("SELECT ReportId FROM LookUps WHERE SHA1 = '%s'", lookUpSHA1(lookUpRows+5000))
	hour := fmt.Sprintf("SELECT ReportId FROM LookUps WHERE dt = '%v' AND Timestamp >= '%v 01:00:00' AND Timestamp < '%v 02:00:00'", day, day, day)
	const page = 20_000 // rows
	return []sparkQuestion{
		{SQL: "SELECT CAST(min(Timestamp) AS STRING) FROM LookUps", check: wantText(lookUpDay(0).String() + " 00:00:00")},
		{SQL: needle, check: scanned("by its Bloom filter", len(s.files("LookUps")), w.days[day])},
		{SQL: needle, Settings: map[string]string{"parquet.filter.bloom.enabled": "false"}, check: scanned("without Bloom filter", len(s.files("LookUps")), w.rows)},
		{SQL: hour, check: func(t *testing.T, a sparkAnswer) {
			scanned("by its page index", len(s.filesOf("LookUps", day)), page)(t, a)
			if len(a.Rows) != lookUpRows/24 || !strings.Contains(a.Plan, "PartitionFilters: [isnotnull(dt#") {
				t.Errorf("%d rows by\n%s", len(a.Rows), a.Plan)
			}
		}},
		{SQL: hour, Settings: map[string]string{"parquet.filter.columnindex.enabled": "false"}, check: scanned("without page index", len(s.filesOf("LookUps", day)), w.days[day])},
	}
}

// scanned holds the files that a plan lists and the rows that are decoded.
func scanned(how string, files int, rows int64) func(*testing.T, sparkAnswer) {
	return func(t *testing.T, a sparkAnswer) {
		t.Helper()
		t.Logf("%s: Spark decodes %d rows of %d files", how, a.Scan["numOutputRows"], a.Scan["numFiles"])
		if a.Scan["numFiles"] != int64(files) || a.Scan["numOutputRows"] != rows {
			t.Errorf("%s: Spark decodes %d rows of %d files, want %d of %d\n%s", how, a.Scan["numOutputRows"], a.Scan["numFiles"], rows, files, a.Plan)
		}
	}
}

// needs runs a command that fails where something is missing, which fails the test in CI; elsewhere it is skipped, loudly.
func needs(t *testing.T, program string, args ...string) {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("%s %q: %v\n%.500s", program, args, err, out)
	default:
		t.Skipf("SKIPPED, NOT PASSED: .ci/run interop installs what is not here: %s %q: %v", program, args, err)
	}
}

// runReader runs a program that reads JSON and prints JSON.
func runReader(t *testing.T, out, in any, program string, args ...string) {
	t.Helper()
	input, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &stdout, &stderr
	cmd.Env = append(os.Environ(), "TZ=Asia/Kolkata")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, args, err, stderr.Bytes()[max(0, stderr.Len()-4000):])
	}
	if err := json.Unmarshal(stdout.Bytes(), out); err != nil {
		t.Fatalf("%s %s: %v\n%.1000s", program, args, err, stdout.Bytes())
	}
}
