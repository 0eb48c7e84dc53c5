package schema_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"huntlake/schema"
)

// TestPlainLen puts every byte at every place of texts short and long, among neighbours that could hide it.
func TestPlainLen(t *testing.T) {
	for _, filler := range []byte{'a', ' ', '!', '#', '[', ']', 0x7f, 0x80, 0xa2, 0xdc, 0xff} {
		for length := range 20 {
			for at := range length {
				text := []byte(strings.Repeat(string([]byte{filler}), length))
				for c := range 256 {
					text[at] = byte(c)
					want := length
					if c == '"' || c == '\\' || c < ' ' {
						want = at
					}
					if got := schema.PlainLen(text); got != want {
						t.Fatalf("PlainLen(%q) = %d, want %d", text, got, want)
					}
				}
			}
		}
	}
}

func FuzzPlainLen(f *testing.F) {
	f.Add([]byte("C:\\Windows"))
	f.Add([]byte("no \x7f special \xff byte"))
	f.Fuzz(func(t *testing.T, b []byte) {
		want := 0
		for want < len(b) && b[want] != '"' && b[want] != '\\' && b[want] >= ' ' {
			want++
		}
		if got := schema.PlainLen(b); got != want {
			t.Errorf("PlainLen(%q) = %d, want %d", b, got, want)
		}
	})
}

func TestNumberLen(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "-": 0, "+1": 0, ".5": 0, "01": 0, "-01": 0, "NaN": 0, "x": 0, "1.": 0, "1.e5": 0, "1e": 0, "1e+": 0,
		"0": 1, "-0": 2, "7,": 1, "9223372036854775808": 19, "1.50": 4, "-1.5e-7": 7, "1E+22 ": 5, "0.1": 3, "0e0": 3,
		"1-2": 1, "1.5.6": 3, "12e3e": 4,
	} {
		if got := schema.NumberLen([]byte(text)); got != want {
			t.Errorf("NumberLen(%q) = %d, want %d", text, got, want)
		}
	}
}

func FuzzNumberLen(f *testing.F) {
	for _, seed := range []string{"0", "-1.5e-7", "01", "1.", "1e+"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		isNumber := json.Valid([]byte(text)) && (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && strings.TrimSpace(text) == text
		if got := schema.NumberLen([]byte(text)); isNumber && got != len(text) || !isNumber && got == len(text) && got > 0 {
			t.Errorf("NumberLen(%q) = %d, valid %v", text, got, isNumber)
		}
	})
}

func TestAppendText(t *testing.T) {
	for body, want := range map[string]string{
		``:                           ``,
		`plain`:                      `plain`,
		`C:\\Windows\\System32\\`:    `C:\Windows\System32\`,
		`\"\\\/\b\f\n\r\t`:           "\"\\/\b\f\n\r\t",
		`Microsoft\u00ae`:            "Microsoft\u00ae",
		"Microsoft\u00ae":            "Microsoft\u00ae",
		`\ud83d\uDE00!`:              "\U0001f600!",
		`\u0000\u001f\u007f`:         "\x00\x1f\x7f",
		`\ud83d`:                     "\ufffd",
		`\ude00\ud83d`:               "\ufffd\ufffd",
		`\ud83d\ud83d\ude00`:         "\ufffd\U0001f600",
		`\ud83dx`:                    "\ufffdx",
		`\ud83d\n`:                   "\ufffd\n",
		`\ud83d\u0041`:               "\ufffdA",
		strings.Repeat(`ab\\`, 1000): strings.Repeat(`ab\`, 1000),
	} {
		got, err := schema.AppendText([]byte(">"), []byte(body))
		if err != nil || string(got) != ">"+want {
			t.Errorf("AppendText(%.50q) = %.50q, %v, want %.50q", body, got, err, want)
		}
	}
	for body, want := range map[string]string{
		`\`:        "ends within",
		`\x41`:     "unknown escape",
		`\u12`:     "unknown escape",
		`\u12G4`:   "unknown escape",
		`\u-123`:   "unknown escape",
		`\U0041`:   "unknown escape",
		`a"b`:      "bare",
		"a\tb":     "bare",
		"a\x00b":   "bare",
		"\xff":     "UTF-8",
		"\xc0\x80": "UTF-8",
		"\xed\xa0": "UTF-8",
	} {
		if got, err := schema.AppendText(nil, []byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("AppendText(%q) = %q, %v, want an error with %q", body, got, err, want)
		}
	}
}

func FuzzAppendText(f *testing.F) {
	for _, seed := range []string{`C:\\Windows`, `\ud83d\uDE00`, `\ud83dx`, "\u00ae", `a"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := schema.AppendText(nil, body)
		var want string
		wantErr := json.Unmarshal([]byte(`"`+string(body)+`"`), &want)
		if !utf8.Valid(body) {
			wantErr = err // encoding/json repairs what is refused here
		}
		if (err == nil) != (wantErr == nil) || err == nil && string(got) != want {
			t.Errorf("AppendText(%q) = %q, %v, want %q, %v", body, got, err, want, wantErr)
		}
	})
}
