package schema_test

import (
	"strings"
	"testing"
	"time"

	"huntlake/schema"
)

func TestParseDateTime(t *testing.T) {
	for text, want := range map[string]struct {
		micros int64
		digit  int32
	}{
		"1970-01-01T00:00:00Z":         {0, 0},
		"1970-01-01T00:00:00.0000001Z": {0, 1},
		"1970-01-01T00:00:00.0000010Z": {1, 0},
		"1969-12-31T23:59:59.9999999Z": {-1, 9},
		"1969-12-31T23:59:59Z":         {-1_000_000, 0},
		"2026-11-22T01:02:03.1Z":       {1_795_309_323_100_000, 0},
		"2026-11-22T01:02:03.12Z":      {1_795_309_323_120_000, 0},
		"2026-11-22T01:02:03.123Z":     {1_795_309_323_123_000, 0},
		"2026-11-22T01:02:03.1234Z":    {1_795_309_323_123_400, 0},
		"2026-11-22T01:02:03.12345Z":   {1_795_309_323_123_450, 0},
		"2026-11-22T01:02:03.123456Z":  {1_795_309_323_123_456, 0},
		"2026-11-22T01:02:03.1234567Z": {1_795_309_323_123_456, 7},
		"2024-02-29T00:00:00Z":         {1_709_164_800_000_000, 0},
		"2000-02-29T00:00:00Z":         {951_782_400_000_000, 0},
		"0001-01-01T00:00:00Z":         {-62_135_596_800_000_000, 0},
		"9999-12-31T23:59:59.9999999Z": {253_402_300_799_999_999, 9},
	} {
		micros, digit, err := schema.ParseDateTime([]byte(text))
		if err != nil || micros != want.micros || digit != want.digit {
			t.Errorf("ParseDateTime(%s) = %d, %d, %v, want %d, %d", text, micros, digit, err, want.micros, want.digit)
		}
	}
}

func TestParseDateTimeRefuses(t *testing.T) {
	for _, text := range []string{
		"", "Z", "2026-11-22", "2026-11-22T01:02:03", "2026-11-22T01:02:03+00:00", "2026-11-22T01:02:03z",
		"2026-11-22t01:02:03Z", "2026-11-22 01:02:03Z", "2026-11-22T01:02Z", "2026-11-22T01:02:03.Z",
		"2026-11-22T01:02:03,1Z", "2026-11-22T01:02:03.12345678Z", "2026-11-22T01:02:03.1234567", "2026-11-22T01:02:03.-1Z",
		"0000-12-31T00:00:00Z", "-001-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T23:59:60Z", "2026-1 -01T00:00:00Z", "Invalid date", strings.Repeat("9", 1000),
	} {
		_, _, err := schema.ParseDateTime([]byte(text))
		if err == nil {
			t.Errorf("ParseDateTime(%q) was accepted", text)
		} else if len(err.Error()) > 200 {
			t.Errorf("ParseDateTime(%q): the error has %d characters", text, len(err.Error()))
		}
	}
}

// TestParseDateTimeEveryMonth compares with the standard library on the first and the last day of each month.
func TestParseDateTimeEveryMonth(t *testing.T) {
	for month := time.Date(1, 1, 1, 12, 34, 56, 0, time.UTC); month.Year() < 10_000; month = month.AddDate(0, 1, 0) {
		for _, day := range []time.Time{month, month.AddDate(0, 1, -1)} {
			text := day.AppendFormat(nil, "2006-01-02T15:04:05Z")
			if micros, digit, err := schema.ParseDateTime(text); err != nil || micros != day.UnixMicro() || digit != 0 {
				t.Fatalf("ParseDateTime(%s) = %d, %d, %v, want %d", text, micros, digit, err, day.UnixMicro())
			}
		}
	}
}

func FuzzParseDateTime(f *testing.F) {
	for _, seed := range []string{"2026-11-22T01:02:03.1234567Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9Z", "2024-02-29T24:00:00Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		micros, digit, err := schema.ParseDateTime([]byte(text))
		want, wantErr := time.Parse("2006-01-02T15:04:05.9999999Z", text)
		if err != nil {
			return // this one is stricter: see TestParseDateTimeRefuses
		}
		if wantErr != nil || micros != want.Add(-time.Duration(digit)*100).UnixMicro() || want.Nanosecond()%1000 != int(digit)*100 {
			t.Errorf("ParseDateTime(%q) = %d, %d, want %v, %v", text, micros, digit, want, wantErr)
		}
	})
}

func BenchmarkParseDateTime(b *testing.B) {
	text := []byte("2026-11-22T01:02:03.1234567Z")
	for b.Loop() {
		if _, _, err := schema.ParseDateTime(text); err != nil {
			b.Fatal(err)
		}
	}
}
