package hunting_test

import (
	"strings"
	"testing"

	"huntlake/pipeline/hunting"
)

func TestParseNamedQuery(t *testing.T) {
	for _, tt := range []struct {
		name, text, table, tail string
	}{
		{"table alone", "DeviceEvents", "DeviceEvents", ""},
		{"white space", "\n\t DeviceEvents \r\n", "DeviceEvents", ""},
		{"where", `DeviceEvents | where ActionType == "x"`, "DeviceEvents", `| where ActionType == "x"`},
		{"no spaces", `T|where A==1|extend B=A+1`, "T", `| where A==1 | extend B=A+1`},
		{"lines", "T\n| where A == 1\n    and B == 2\r\n| project A,\n\tB", "T", "| where A == 1 and B == 2 | project A, B"},
		{"comments", "// first\nT // a | take 1\n| where A == 1 // \"b\n// ; last", "T", "| where A == 1"},
		{"comment ends at a line separator", "T // c\u2028| where A == 1", "T", "| where A == 1"},
		{"comment inside a string", `T | where A == "http://x" and B == '//y'`, "T", `| where A == "http://x" and B == '//y'`},
		{"bars in strings", `T | where A matches regex "a|b" or B == 'c|d'`, "T", `| where A matches regex "a|b" or B == 'c|d'`},
		{"escaped quotes", `T | where A == "a\"|\\" and B == 'c\'d'`, "T", `| where A == "a\"|\\" and B == 'c\'d'`},
		{"verbatim", `T | where A == @"C:\Windows\" and B == @'it''s'`, "T", `| where A == "C:\\Windows\\" and B == "it's"`},
		{"verbatim doubled", `T | where A == @"say ""x"""`, "T", `| where A == "say \"x\""`},
		{"fenced", "T | where A == ```a\r\nb \"c\" \\ ```", "T", `| where A == "a\r\nb \"c\" \\ "`},
		{"tilde fence", "T | where A == ~~~a`b~~~", "T", "| where A == \"a`b\""},
		{"obfuscated", "T | where A == h'x' and B == H@\"y\\\" and C == h```z```", "T", `| where A == h'x' and B == H"y\\" and C == h"z"`},
		{"semicolons in strings", "T | where A == \"a;b\" and B == @'c;d' and C == ```e;f```", "T",
			`| where A == "a\u003bb" and B == "c\u003bd" and C == "e\u003bf"`},
		{"name that ends like a prefix", `T | where Auth has"x" and h == 1`, "T", `| where Auth has"x" and h == 1`},
		{"every operator", `T | where A == 1 | extend B = 2 | parse C with "x" D:long ";" * | parse-where E with F | project-away G | project-rename H = I | project-reorder J, * | project-keep K* | project L = M, N`,
			"T", `| where A == 1 | extend B = 2 | parse C with "x" D:long "\u003b" * | parse-where E with F | project-away G | project-rename H = I | project-reorder J, * | project-keep K* | project L = M, N`},
		{"literals", `T | extend a = 1.5h, b = datetime(2026-01-01T00:00:00.5Z), c = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), d = 0x1F, e = -1.5e-3, f = dynamic({"k": [1, "now"]})`,
			"T", `| extend a = 1.5h, b = datetime(2026-01-01T00:00:00.5Z), c = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), d = 0x1F, e = -1.5e-3, f = dynamic({"k": [1, "now"]})`},
		{"lists", `T | where A in ("x", "y") and B !in~ ('z') and C has_any (dynamic(["join"])) and D between (1 .. 2)`, "T",
			`| where A in ("x", "y") and B !in~ ('z') and C has_any (dynamic(["join"])) and D between (1 .. 2)`},
		{"case-insensitive comparison with a name", `T | where A =~ (B) and A !~ (B)`, "T", `| where A =~ (B) and A !~ (B)`},
		{"bracketed column", `T | where [ 'Odd name' ] == 1 and Bag["join"] == Bag.union`, "T", `| where ['Odd name'] == 1 and Bag["join"] == Bag.union`},
		{"column that is called like a function", `T | extend next = table + 1`, "T", `| extend next = table + 1`},
		{"multiplication", `T | where A * 2 > 3 and (B) * C[0] == 4`, "T", `| where A * 2 > 3 and (B) * C[0] == 4`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, tail, err := hunting.ParseNamedQuery(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if table != tt.table || tail != tt.tail {
				t.Errorf("got  %q %q\nwant %q %q", table, tail, tt.table, tt.tail)
			}
			again, tailAgain, err := hunting.ParseNamedQuery(table + " " + tail)
			if err != nil || again != table || tailAgain != tail {
				t.Errorf("second reading: %q %q, %v", again, tailAgain, err)
			}
		})
	}
}

func TestParseNamedQueryRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
	}{
		{"nothing", " // only a comment", "no table"},
		{"no table", "| where A == 1", "no table before the first bar"},
		{"semicolon", "T; U", "line 1: a semicolon"},
		{"let", "let x = 1; T", "a semicolon"},
		{"let alone", "let x = 1", "x after let"},
		{"set", "set notruncation", "notruncation after set"},
		{"control command", ".show tables", "line 1: a control command"},
		{"union first", "union T, U", "union: a named query begins with a table"},
		{"string first", `"T" | where A`, `"T": a named query begins with a table`},
		{"bracketed table", `['T'] | where A`, "[: a named query begins with a table"},
		{"call", "T() | where A", "( after T"},
		{"two names", "T U", "U after T"},
		{"summarize", "T\n| where A == 1\n| summarize count() by B", "line 3: summarize is not row-wise"},
		{"take", "T | take 10", "take is not row-wise"},
		{"mv-expand", "T | mv-expand A", "mv-expand is not row-wise"},
		{"parse-kv", "T | parse-kv A as (b:string)", "parse-kv is not row-wise"},
		{"distinct behind a comment", "T // x\n|//y\ndistinct A", "line 3: distinct is not row-wise"},
		{"join", "T | join U on A", "join is not row-wise"},
		{"join in brackets", "T | where A in ((U | join V on B))", "a query inside (: it reads more than the row"},
		{"join without a bar", "T | where A in (join U)", "join: it reads more"},
		{"subquery", "T | where A in (U | project B)", "a query inside ("},
		{"subquery in square brackets", "T | where A[U | count]", "a query inside ["},
		{"other table", "T | where A in (U)", "in with one name"},
		{"other table, doubly bracketed", "T | where A !in~ ((U))", "~ with one name"},
		{"other table, quoted", "T | where A has_any (['U'])", "has_any with one name"},
		{"function's table", "T | where A in (U())", "in with one name"},
		{"toscalar", "T | extend A = toscalar(U)", "toscalar: it reads more"},
		{"materialize", "T | where A in (materialize(U))", "materialize: it reads more"},
		{"externaldata", "T | where A in (externaldata(B:string)['https://x'])", "externaldata: it reads more"},
		{"table()", "T | where A in (table('U'))", "table: it reads more"},
		{"search", "T | where A in (search 'x')", "search: it reads more"},
		{"search everywhere", "T | where A in~ ((search * ))", "search: it reads more"},
		{"search in a table", "T | where A in (search in (U) 'x')", "search: it reads more"},
		{"search, called", "T | where A in (search ('x'))", "search: it reads more"},
		{"find", "T | where A has_any (find in (U) where B == 1 project B)", "find: it reads more"},
		{"print", "T | where A in (print 'x')", "print: it reads more"},
		{"range", "T | where A in (range i from 1 to 9 step 1)", "range: it reads more"},
		{"another service's table", "T | where A in (app('x').requests)", "app: it reads more"},
		{"a resource's table", "T | where A in (resource('/x').U)", "resource: it reads more"},
		{"full-width semicolon", "T \uff1b U", "the character '；'"},
		{"full-width bar", "T \uff5c count", "the character '｜'"},
		{"Greek question mark", "T \u037e U", "the character '\u037e'"},
		{"zero-width space", "T | jo\u200bin U", "the character '\\u200b'"},
		{"Cyrillic operator", "T | wh\u0435re A", "the character 'е'"},
		{"NUL", "T | where A == 1\x00; U", "the character '\\x00'"},
		{"line separator in a comment", "T // x\u2028; U", "a semicolon"},
		{"set in a statement", "T | where A; set notruncation", "a semicolon"},
		{"ago", "T | where Timestamp > ago(7d)", "ago: its value changes"},
		{"now", "T | extend A = now()", "now: its value changes"},
		{"quoted call", "T | extend A = ['rand']()", "rand: its value changes"},
		{"prev", "T | extend A = prev(B)", "prev: it depends on the order"},
		{"every column", "T | where * has 'x'", "where *: it would take in"},
		{"every column in brackets", "T | where A and (* has 'x')", "where *: it would take in"},
		{"pack_all", "T | extend A = pack_all()", "pack_all: it would take in"},
		{"our column", "T | extend _IngestionTime = 1", "_IngestionTime: the export adds"},
		{"empty statement", "T | | where A", "nothing after a bar"},
		{"bar at the end", "T |", "nothing after a bar"},
		{"empty where", "T | where", "where without anything"},
		{"open bracket", "T | where (A", "a ( that is not closed"},
		{"closed bracket", "T | where A)", "a ) that closes nothing"},
		{"crossed brackets", "T | where (A]", "a ] that closes nothing"},
		{"open string", `T | where A == "x`, "a string that does not end"},
		{"string over lines", "T | where A == 'x\ny'", "a string that its line does not end"},
		{"verbatim string over lines", "T | where A == @'x\ny'", "a string that its line does not end"},
		{"open fence", "T | where A == ```x", "a string that ``` does not end"},
		{"escaped line end", "T | where A == 'x\\\ny'", "a backslash before '\\n'"},
		{"escaped semicolon", `T | where A == 'x\;y'`, "a backslash before ';'"},
		{"block comment", "T /* x */ | where A", "/ after T"},
		{"backtick", "T | where `A`", "the character '`'"},
		{"other letters", "T | extend é = 1", "the character 'é'"},
		{"not UTF-8", "T | where A == '\xff'", "not UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, tail, err := hunting.ParseNamedQuery(tt.text)
			if err == nil {
				t.Fatalf("accepted as %q %q", table, tail)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "parse named query: ") {
				t.Errorf("got error %q, want one with %q", err, tt.want)
			}
		})
	}
}

func FuzzParseNamedQuery(f *testing.F) {
	for _, s := range []string{
		"T", "T | where A == @'x;''y' | extend B = ```q\r\n;```", "T|project-away A,_*//c\n|where B in((C,D))",
		"T | where A == \"\\u003b\" | parse B with * \"x\" c:long", "T | where A[\"x\"] has h@\"y\\\"", "T | where dynamic([['a']])",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table, tail, err := hunting.ParseNamedQuery(text)
		if err != nil {
			return
		}
		if strings.ContainsAny(table+tail, "\r\n;") {
			t.Errorf("%q has a line end or a semicolon", table+tail)
		}
		again, tailAgain, err := hunting.ParseNamedQuery(table + " " + tail)
		if err != nil || again != table || tailAgain != tail {
			t.Errorf("second reading of %q: %q, %v", tail, tailAgain, err)
		}
	})
}
