package hunting_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// writer writes random rows in either dialect.
type writer struct {
	random  *rand.Rand
	dialect hunting.Dialect
	b       strings.Builder
}

// space is what may stand between two tokens: mostly nothing.
func (w *writer) space() {
	w.b.WriteString([]string{"", "", "", "", "", " ", "\n", "\t \r"}[w.random.IntN(8)])
}

func (w *writer) put(tokens ...string) {
	for _, token := range tokens {
		w.space()
		w.b.WriteString(token)
	}
	w.space()
}

// quote writes a string in one of the ways that JSON allows.
func (w *writer) quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch q, _ := json.Marshal(string(r)); {
		case w.random.IntN(10) == 0 && r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		case r == '/' && w.random.IntN(2) == 0:
			b.WriteString(`\/`)
		case r < ' ' || r == '"' || r == '\\':
			b.Write(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// row writes a row of values, nil for null.
func (w *writer) row(fs []schema.Field, row []any) {
	order := make([]int, len(fs))
	for i := range order {
		order[i] = i
	}
	if w.random.IntN(4) == 0 {
		w.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	w.put("{")
	for n, i := range order {
		if n > 0 {
			w.put(",")
		}
		w.member(fs[i].Name, row[i])
	}
	w.put("}")
}

// member writes a key and its value, with the wire's marks around them.
func (w *writer) member(name string, v any) {
	_, isArray := v.([]any)
	_, isBool := v.(bool)
	if mark := map[bool]string{isArray: "#Collection(String)", isBool: "#SByte"}[true]; mark != "" && w.dialect == hunting.Graph {
		w.put(w.quote(name+"@odata.type"), ":", w.quote(mark), ",")
	}
	w.put(w.quote(name), ":")
	if b, isBool := v.(bool); isBool {
		w.put(map[bool]string{true: "1", false: "0"}[b])
		return
	}
	w.value(v)
}

// value writes a value, keys of objects in order.
func (w *writer) value(v any) {
	switch v := v.(type) {
	case nil:
		w.put(map[hunting.Dialect]string{hunting.Graph: "{}", hunting.Defender: "null"}[w.dialect])
	case string:
		w.put(w.quote(v))
	case json.Number:
		w.put(v.String())
	case bool:
		w.put(strconv.FormatBool(v))
	case []any:
		w.array(v)
	case object:
		w.object(v)
	}
}

// object is a dynamic object whose keys have an order.
type object []struct {
	key   string
	value any
}

func (w *writer) object(v object) {
	w.put("{")
	comma := false
	if w.dialect == hunting.Graph {
		w.put(`"@odata.type"`, ":", `"#microsoft.graph.security.dynamicColumnValue"`)
		comma = true
	}
	for _, m := range v {
		if comma {
			w.put(",")
		}
		comma = true
		if _, isBool := m.value.(bool); isBool { // only columns write these as numbers
			w.put(w.quote(m.key), ":")
			w.value(m.value)
			continue
		}
		w.member(m.key, m.value)
	}
	w.put("}")
}

func (w *writer) array(v []any) {
	w.put("[")
	for i, element := range v {
		if i > 0 {
			w.put(",")
		}
		switch element.(type) {
		case object, []any:
			if w.dialect == hunting.Graph {
				inner := writer{random: w.random, dialect: hunting.Defender}
				inner.value(element)
				w.put(w.quote(strings.TrimSpace(inner.b.String())))
				continue
			}
		}
		w.value(element)
	}
	w.put("]")
}

var referenceTypes = []string{"String", "Int64", "Int32", "Double", "SByte", "DateTime", "Object", "Guid", "Decimal", "Boolean", "TimeSpan"}

func randomFields(random *rand.Rand) (fs []schema.Field) {
	for i := range 1 + random.IntN(12) {
		name := []string{"Column", "Spalte \u00e4\u00f6\u00fc", `Quoted"Name\`, "A"}[random.IntN(4)] + strconv.Itoa(i)
		fs = append(fs, schema.Field{Name: name, Type: referenceTypes[random.IntN(len(referenceTypes))]})
	}
	return fs
}

// randomValue makes a value of the type; nil is null.
func randomValue(random *rand.Rand, typ string) any {
	if random.IntN(6) == 0 {
		return nil
	}
	switch typ {
	case "Int64":
		return json.Number(strconv.FormatInt(int64(random.Uint64())>>random.IntN(64), 10))
	case "Int32":
		return json.Number(strconv.Itoa(int(int32(random.Uint32()))))
	case "Double":
		return json.Number(strconv.FormatFloat(math.Ldexp(random.Float64()-0.5, random.IntN(200)-100), "eg"[random.IntN(2)], -1, 64))
	case "SByte", "Boolean":
		return random.IntN(2) == 0
	case "DateTime":
		at := time.Unix(random.Int64N(253402300800+62135596800)-62135596800, random.Int64N(1e7)*100).UTC()
		return at.Format([]string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.999Z", "2006-01-02T15:04:05.9999999Z"}[random.IntN(3)])
	case "Object":
		return randomDynamic(random, 3)
	case "Decimal":
		return json.Number(fmt.Sprintf("%d.%d", random.IntN(1e9), random.IntN(1e9)))
	}
	return randomText(random)
}

func randomText(random *rand.Rand) string {
	parts := []string{"", "plain", `C:\Windows\`, `"`, "\u00ae", "\U0001f600", "\n\t\x00\x1f", "/", "\u2028", "{}", "[SOC] x", "{\"a\":1"}
	var b strings.Builder
	for range random.IntN(5) {
		b.WriteString(parts[random.IntN(len(parts))])
	}
	return b.String()
}

// randomDynamic makes a dynamic value. Strings within it are never JSON texts: those are ambiguous on Graph's wire.
func randomDynamic(random *rand.Rand, depth int) any {
	switch random.IntN(7 + min(depth, 1)*6) {
	case 0, 1:
		return "text " + randomText(random)
	case 2, 3:
		return json.Number(strconv.Itoa(random.IntN(1000)))
	case 4:
		return json.Number("1.50")
	case 5, 6:
		return random.IntN(2) == 0
	case 7, 8, 9:
		elements := make([]any, random.IntN(4))
		for i := range elements {
			elements[i] = randomDynamic(random, depth-1)
		}
		return elements
	}
	members := make(object, random.IntN(4))
	for i := range members {
		members[i].key = strconv.Itoa(i) + randomText(random)
		if random.IntN(5) > 0 {
			members[i].value = randomDynamic(random, depth-1)
		}
	}
	return members
}

// randomBodies writes the same random rows in both dialects.
func randomBodies(seed uint64) map[hunting.Dialect][]byte {
	random := rand.New(rand.NewPCG(seed, 1))
	fs := randomFields(random)
	rows := make([][]any, random.IntN(20))
	for i := range rows {
		for _, f := range fs {
			rows[i] = append(rows[i], randomValue(random, f.Type))
		}
	}
	bodies := make(map[hunting.Dialect][]byte)
	for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
		w := &writer{random: rand.New(rand.NewPCG(seed, 2)), dialect: dialect}
		w.put(envelopeStart(dialect, fs))
		for i, row := range rows {
			if i > 0 {
				w.put(",")
			}
			w.row(fs, row)
		}
		w.put("]", "}")
		bodies[dialect] = []byte(w.b.String())
	}
	return bodies
}
