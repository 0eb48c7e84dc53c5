package schema_test

import (
	"encoding/json"
	"math"
	"testing"
	"testing/quick"

	"huntlake/schema"
)

func TestDigestArithmetic(t *testing.T) {
	const top = math.MaxUint64
	for _, c := range []struct{ a, b, sum schema.Digest }{
		{schema.Digest{}, schema.Digest{}, schema.Digest{}},
		{schema.Digest{Lo: 1}, schema.Digest{Lo: 2}, schema.Digest{Lo: 3}},
		{schema.Digest{Lo: top}, schema.Digest{Lo: 1}, schema.Digest{Hi: 1}},
		{schema.Digest{Hi: top, Lo: top}, schema.Digest{Lo: 1}, schema.Digest{}},
		{schema.Digest{Hi: 5, Lo: top}, schema.Digest{Hi: 6, Lo: top}, schema.Digest{Hi: 12, Lo: top - 1}},
	} {
		if got := c.a.Add(c.b); got != c.sum {
			t.Errorf("%v + %v = %v, want %v", c.a, c.b, got, c.sum)
		}
		if got := c.sum.Sub(c.b); got != c.a {
			t.Errorf("%v - %v = %v, want %v", c.sum, c.b, got, c.a)
		}
	}
	laws := func(a, b, c schema.Digest) bool {
		return a.Add(b) == b.Add(a) && a.Add(b).Add(c) == a.Add(b.Add(c)) && a.Add(b).Sub(b) == a && a.Sub(a) == schema.Digest{}
	}
	if err := quick.Check(laws, nil); err != nil {
		t.Error(err)
	}
}

func TestDigestText(t *testing.T) {
	d := schema.Digest{Hi: 0x0123456789abcdef, Lo: 0xf}
	const want = "0123456789abcdef000000000000000f"
	if d.String() != want {
		t.Errorf("%v prints as %s", want, d)
	}
	text, err := json.Marshal(map[string]schema.Digest{"digest": d})
	if err != nil || string(text) != `{"digest":"`+want+`"}` {
		t.Errorf("JSON %s, %v", text, err)
	}
	var back map[string]schema.Digest
	if err := json.Unmarshal(text, &back); err != nil || back["digest"] != d {
		t.Errorf("it reads back as %v, %v", back, err)
	}
	for _, bad := range []string{"", "0", want[1:], want + "00", "g" + want[1:]} {
		if _, err := schema.ParseDigest(bad); err == nil {
			t.Errorf("ParseDigest(%q) was accepted", bad)
		}
	}
	if err := json.Unmarshal([]byte(`"no"`), &d); err == nil || d.Lo != 0xf {
		t.Errorf("a bad digest left %v, %v", d, err)
	}
}
