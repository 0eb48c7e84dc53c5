package hunting_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
)

// Rows that are like the one above in most of their cells, and then not quite: a number that goes on, a null, a key that
// is missing, out of its place or written in another way, an annotation that comes and goes, a text too long to be kept.
func TestDecodeLikeTheRowAbove(t *testing.T) {
	fields := "A String, B Int64, C DateTime, D SByte, E Object, F Double"
	null := map[hunting.Dialect]string{hunting.Defender: `null`, hunting.Graph: `{}`}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		dialect := []hunting.Dialect{hunting.Defender, hunting.Graph}[seed%2]
		cells := [][]string{
			{`"A":"x"`, `"A":"x\\"`, `"A":""`, `"A":` + null[dialect], `"A" : "x"`, `"\u0041":"x"`, `"A":"` + strings.Repeat("x", 3000) + `"`},
			{`"B":1`, `"B":12`, `"B":-1`, `"B":` + null[dialect], `"B":1 `},
			{`"C":"2026-11-22T01:02:03.1234567Z"`, `"C":"2026-11-22T01:02:03.123456Z"`, `"C":` + null[dialect]},
			{`"D":1`, `"D":0`, `"D":true`, `"D":` + null[dialect]},
			{`"E":{"a":1}`, `"E":{"a":12}`, `"E":"text"`, `"E":7`, `"E":` + null[dialect]},
			{`"F":1`, `"F":1.5`, `"F":1e1`, `"F":"NaN"`, `"F":` + null[dialect]},
		}
		if dialect == hunting.Graph {
			cells[3] = append(cells[3], `"D@odata.type":"#SByte","D":1`, `"D@odata.type" : "#SByte" , "D":0`)
			cells[5] = append(cells[5], `"F":1,"F@odata.type":"#Double"`)
		}
		row := []int{0, 0, 0, 0, 0, 0}
		var rows []string
		for range 40 {
			column := random.IntN(len(cells))
			row[column] = random.IntN(len(cells[column]) + 1) // one beyond the last: the key is missing
			rows = append(rows, rowOf(cells, row, random))
		}
		text := []byte(body(dialect, fields, rows...))
		want, err := reference(text, dialect)
		if err != nil {
			t.Fatalf("seed %d: %v in\n%s", seed, err, text)
		}
		for _, size := range []int{1, 7, 1 << 20} {
			for _, longest := range []int{0, 3010} {
				opts := hunting.DecodeOptions{Dialect: dialect, BatchRows: 1 + int(seed%9), MaxValueBytes: longest}
				answer, err := decodeAll(t, &pieces{bytes.NewReader(text), size}, opts)
				if err != nil {
					t.Fatalf("seed %d, in pieces of %d: %v in\n%s", seed, size, err, text)
				}
				if diff := cmp.Diff(want, sortedValues(t, answer)); diff != "" {
					t.Fatalf("seed %d, in pieces of %d: %s in\n%s", seed, size, diff, text)
				}
			}
		}
	}
}

// A row that begins as the one above does may still be at fault behind that.
func TestDecodeFaultBelowALikeRow(t *testing.T) {
	above := `{"A":"x","B":1,"C":"y"}`
	for row, want := range map[string]string{
		`{"A":"x","B":1,"A":"x"}`:         "key appears twice in the row",
		`{"A":"x","B":2,"A":"x"}`:         "key appears twice in the row",
		`{"A":"x","B":1,"C":"y","B":1}`:   "key appears twice in the row",
		`{"A":"x","B":2,"C":"z","C":"z"}`: "key appears twice in the row",
		`{"A":"x","B":1,}`:                "want a string, found '}'",
		`{"A":"x","B":2,}`:                "want a string, found '}'",
		`{"A":"x","B":1,"C":"y",}`:        "want a string, found '}'",
		`{"A":"x","B":1,"D":"y"}`:         `key "D" is not in the schema`,
		`{"A":"x","B":1x,"C":"y"}`:        "want a number, found '1'",
		`{"A":"x","B":"x","C":"y"}`:       `want int64, found "x"`,
		`{"A":"x","B":1 "C":"y"}`:         `want ',' or '}', found '"'`,
	} {
		text := body(hunting.Graph, "A String, B Int64, C String", above, above, row)
		_, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: hunting.Graph})
		if e := decodeError(t, err); e.Row != 2 || !strings.Contains(e.Error(), want) {
			t.Errorf("%s: error %v, want it in row 2: %s", row, err, want)
		}
	}
}

// rowOf writes the chosen cells of a row, two of them now and then in each other's place.
func rowOf(cells [][]string, chosen []int, random *rand.Rand) string {
	var row []string
	for column, k := range chosen {
		if k < len(cells[column]) {
			row = append(row, cells[column][k])
		}
	}
	if n := len(row); n > 1 && random.IntN(8) == 0 {
		i := random.IntN(n - 1)
		row[i], row[n-1] = row[n-1], row[i]
	}
	return fmt.Sprintf("{%s}", strings.Join(row, ","))
}
