package hunting_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// wideFields are 50 columns in the proportions of a Device table: mostly text, a tenth times, a fifth numbers.
func wideFields() (fs []schema.Field) {
	for i := range 50 {
		typ := "String"
		switch {
		case i%10 == 0:
			typ = "DateTime"
		case i%10 == 3:
			typ = "Int64"
		case i%10 == 7:
			typ = []string{"Int32", "SByte", "Int64", "SByte", "Object"}[i/10]
		}
		fs = append(fs, schema.Field{Name: fmt.Sprintf("InitiatingColumnName%02d", i), Type: typ})
	}
	return fs
}

// wideBody is an answer of so many rows of wideFields, about 2.5 kB each.
func wideBody(dialect hunting.Dialect, rows int) []byte {
	random := rand.New(rand.NewPCG(7, 7))
	var b bytes.Buffer
	b.WriteString(envelopeStart(dialect, wideFields()))
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		wideRow(&b, dialect, random, start.Add(time.Duration(i)*time.Second/7))
	}
	b.WriteString("]}")
	return b.Bytes()
}

// envelopeStart is an answer up to its first row.
func envelopeStart(dialect hunting.Dialect, fs []schema.Field) string {
	type lower struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	type upper struct{ Name, Type string }
	var lowers []lower
	var uppers []upper
	for _, f := range fs {
		lowers = append(lowers, lower(f))
		uppers = append(uppers, upper(f))
	}
	if dialect == hunting.Graph {
		s, _ := json.Marshal(lowers)
		return fmt.Sprintf(`{"@odata.context":"x","schema":%s,"results":[`, s)
	}
	s, _ := json.Marshal(uppers)
	return fmt.Sprintf(`{"Stats":{},"Schema":%s,"Results":[`, s)
}

func wideRow(b *bytes.Buffer, dialect hunting.Dialect, random *rand.Rand, at time.Time) {
	for i, f := range wideFields() {
		b.WriteByte("{,"[min(i, 1)])
		if dialect == hunting.Graph && f.Type == "SByte" {
			fmt.Fprintf(b, `"%s@odata.type":"#SByte",`, f.Name)
		}
		fmt.Fprintf(b, `"%s":`, f.Name)
		switch f.Type {
		case "DateTime":
			b.WriteString(at.Format(`"2006-01-02T15:04:05.9999999Z"`))
		case "Int64", "Int32":
			fmt.Fprint(b, random.IntN(100_000))
		case "SByte":
			fmt.Fprint(b, random.IntN(2))
		case "Object":
			fmt.Fprintf(b, `{"@odata.type":"#x","id":%d,"tags":["a","b"]}`, random.IntN(1000))
		default:
			fmt.Fprintf(b, "%q", wideText(random, i))
		}
	}
	b.WriteByte('}')
}

// wideText is a short word, a Windows path, a hash or a command line, as in Device tables.
func wideText(random *rand.Rand, column int) string {
	switch column % 10 {
	case 1:
		return `C:\Windows\System32\drivers\` + strings.Repeat("x", random.IntN(12)) + `.exe`
	case 2:
		return fmt.Sprintf("%016x%016x%08x", random.Uint64(), random.Uint64(), random.Uint32())
	case 4:
		return `"C:\Program Files\App\app.exe" --flag=` + fmt.Sprint(random.IntN(1000)) + ` -o out`
	case 5:
		return ""
	}
	return strings.Repeat("word", random.IntN(6)) + fmt.Sprint(column)
}

func BenchmarkDecode(b *testing.B) {
	const rows = 20_000 // as many as a legal answer of 50 MB holds
	for _, dialect := range []hunting.Dialect{hunting.Defender, hunting.Graph} {
		body := wideBody(dialect, rows)
		b.Run(fmt.Sprintf("%v/%d", dialect, len(body)/rows), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				answer, err := hunting.Decode(bytes.NewReader(body), hunting.DecodeOptions{Dialect: dialect})
				if err != nil || answer.Rows != rows {
					b.Fatal(err)
				}
				answer.Release()
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
