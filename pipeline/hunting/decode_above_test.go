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
// is missing, out of its place or written in another way, a text too long to be kept.
func TestDecodeLikeTheRowAbove(t *testing.T) {
	fields := "A String, B Int64, C DateTime, D SByte, E Object, F Double"
	cells := [][]string{
		{`"A":"x"`, `"A":"x\\"`, `"A":""`, `"A":null`, `"A" : "x"`, `"\u0041":"x"`, `"A":"` + strings.Repeat("x", 3000) + `"`},
		{`"B":1`, `"B":12`, `"B":-1`, `"B":null`, `"B":1 `},
		{`"C":"2026-11-22T01:02:03.1234567Z"`, `"C":"2026-11-22T01:02:03.123456Z"`, `"C":null`},
		{`"D":1`, `"D":0`, `"D":true`, `"D":null`},
		{`"E":{"a":1}`, `"E":{"a":12}`, `"E":"text"`, `"E":7`, `"E":null`},
		{`"F":1`, `"F":1.5`, `"F":1e1`, `"F":"NaN"`, `"F":null`},
	}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		row := []int{0, 0, 0, 0, 0, 0}
		var rows []string
		for range 40 {
			column := random.IntN(len(cells))
			row[column] = random.IntN(len(cells[column]) + 1) // one beyond the last: the key is missing
			rows = append(rows, rowOf(cells, row, random))
		}
		text := []byte(body(hunting.Defender, fields, rows...))
		want, err := reference(text, hunting.Defender)
		if err != nil {
			t.Fatalf("seed %d: %v in\n%s", seed, err, text)
		}
		for _, size := range []int{1, 7, 1 << 20} {
			opts := hunting.DecodeOptions{Dialect: hunting.Defender, BatchRows: 1 + int(seed%9)}
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
