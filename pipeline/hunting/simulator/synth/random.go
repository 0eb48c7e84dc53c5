package synth

import (
	"encoding/hex"
	"math"
)

// hash is a well mixed 64-bit number that decides something. Every decision takes a fresh one by and(salt).
type hash uint64

// and returns a hash that follows from h and a salt (the finalizer of SplitMix64).
func (h hash) and(salt uint64) hash {
	z := uint64(h) + salt*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return hash(z ^ z>>31)
}

// of returns a hash of a name.
func (h hash) of(name string) hash {
	for i := range len(name) {
		h = h.and(uint64(name[i]))
	}
	return h
}

// n returns a number from 0 to n-1.
func (h hash) n(n int) int { return int(uint64(h) >> 11 % uint64(n)) }

// unit returns a number in [0, 1).
func (h hash) unit() float64 { return float64(h>>11) / (1 << 53) }

// chance is true with the given probability.
func (h hash) chance(p float64) bool { return h.unit() < p }

// skewed returns a number from 0 to n-1, small ones far more often.
func (h hash) skewed(n int) int {
	u := h.unit()
	return int(float64(n) * u * u * u)
}

// logNormal returns a number whose median is given; sigma is the spread of its logarithm.
func (h hash) logNormal(median, sigma float64) float64 {
	u, v := h.unit(), h.and(1).unit()
	normal := math.Sqrt(-2*math.Log(1-u)) * math.Cos(2*math.Pi*v)
	return median * math.Exp(sigma*normal)
}

// pick returns one of the words.
func (h hash) pick(words []string) string { return words[h.n(len(words))] }

// hex returns n hexadecimal digits; n is even and at most 64.
func (h hash) hex(n int) string {
	var raw [32]byte
	for i := 0; i < n/2; i += 8 {
		h = h.and(7)
		for k := range 8 {
			raw[i+k] = byte(h >> (8 * k))
		}
	}
	return hex.EncodeToString(raw[:n/2])
}

// guid returns a random-looking GUID.
func (h hash) guid() string {
	s := h.hex(32)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:]
}
