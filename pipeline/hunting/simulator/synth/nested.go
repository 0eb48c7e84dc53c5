package synth

import (
	"strconv"

	"huntlake/pipeline/hunting/simulator/jsontext"
	"huntlake/pipeline/hunting/simulator/kql"
)

// dynamicMaker makes nested JSON. RawEventData is most of a CloudAppEvents row; everything else is small.
func dynamicMaker(name string, salt hash) maker {
	if name == "RawEventData" {
		return maker{false, func(r *row) kql.Value {
			return kql.OfDynamic(string(appendRawEvent(make([]byte, 0, 4<<10), r, r.h.and(uint64(salt)))))
		}}
	}
	switch salt.and(51).n(4) {
	case 0: // a list of words, as tags are
		return maker{true, func(r *row) kql.Value {
			h := r.burst.and(uint64(salt))
			dst := []byte{'['}
			for k := range h.n(4) {
				if k > 0 {
					dst = append(dst, ',')
				}
				dst = jsontext.AppendString(dst, h.and(uint64(k)).pick(lastNames()))
			}
			return kql.OfDynamic(string(append(dst, ']')))
		}}
	case 1: // a list of objects
		return maker{true, func(r *row) kql.Value {
			h := r.burst.and(uint64(salt))
			dst := []byte(`[`)
			for k := range 1 + h.n(3) {
				if k > 0 {
					dst = append(dst, ',')
				}
				dst = appendDetails(dst, r, h.and(uint64(k)), false)
			}
			return kql.OfDynamic(string(append(dst, ']')))
		}}
	case 2: // a list of numbers
		return maker{true, func(r *row) kql.Value {
			h := r.burst.and(uint64(salt))
			return kql.OfDynamic("[" + strconv.Itoa(h.n(70_000)) + "," + strconv.FormatInt(int64(h>>1), 10) + "]")
		}}
	}
	return maker{true, func(r *row) kql.Value {
		return kql.OfDynamic(string(appendDetails(nil, r, r.burst.and(uint64(salt)), false)))
	}}
}

// member appends "name":"text" with a comma before it, unless it is the first of its object.
func member(dst []byte, name, text string) []byte {
	return jsontext.AppendString(key(dst, name), text)
}

func number(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(key(dst, name), n, 10)
}

func key(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(jsontext.AppendString(dst, name), ':')
}

// appendDetails appends a small object.
func appendDetails(dst []byte, r *row, h hash, long bool) []byte {
	dst = append(dst, '{')
	dst = member(dst, "Kind", h.pick(roles()))
	dst = number(dst, "Weight", int64(h.and(1).skewed(1<<62)))
	dst = member(dst, "Owner", r.user.shown)
	if h.and(2).n(3) == 0 {
		dst = append(key(dst, "Confirmed"), "true"...)
	}
	if h.and(3).n(5) == 0 {
		dst = append(key(dst, "Empty"), "{}"...)
		dst = append(key(dst, "Nothing"), "null"...)
	}
	if long {
		dst = member(dst, "Path", r.target.folder+r.target.file)
		dst = member(dst, "Trace", h.and(4).guid())
	}
	return append(dst, '}')
}

// appendRawEvent appends an event as a cloud service tells it, about 3 kB.
func appendRawEvent(dst []byte, r *row, h hash) []byte {
	dst = append(dst, '{')
	dst = member(dst, "CreationTime", r.time.String())
	dst = member(dst, "Id", h.guid())
	dst = member(dst, "Operation", h.and(1).pick(actions()))
	dst = member(dst, "Workload", h.and(2).pick(stems()))
	dst = member(dst, "UserId", r.user.upn)
	dst = number(dst, "RecordType", int64(h.and(3).n(200)))
	dst = number(dst, "Sequence", int64(h.and(4)>>1))
	dst = appendPairs(append(key(dst, "ExtendedProperties"), '['), r, h.and(5), 6)
	dst = appendPairs(append(dst, `],"ModifiedProperties":[`...), r, h.and(6), 5)
	dst = append(dst, `],"Context":{`...)
	dst = member(dst, "Agent", "Tamarack/"+r.actor.version+" ("+r.device.platform+")")
	dst = member(dst, "ClientIP", r.device.publicIP)
	dst = append(append(key(dst, "Device"), '{'), `"Managed":true,"Score":0.75,"Tags":["primary","überwacht"]`...)
	dst = append(dst, `},"Scores":[0.5,1,2.25],"Flags":[true,false]}`...)
	return append(dst, '}')
}

// appendPairs appends n objects.
func appendPairs(dst []byte, r *row, h hash, n int) []byte {
	for k := range n {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, h.and(uint64(k)).pick(r.world.pairs)...)
	}
	return dst
}
