package configs_test

import (
	"testing"
	"time"

	"huntlake/configs"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"30d": 30 * day, "1h30m": 90 * time.Minute, "90s": 90 * time.Second, "0s": 0, "1d2h3m4s": 26*time.Hour + 3*time.Minute + 4*time.Second,
		"36500d": 36500 * day, "007h": 7 * time.Hour,
	} {
		if got, err := configs.ParseDuration(text); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "30", "d", "-1h", "1.5h", "1h1d", "1h2h", "1w", "1 h", "30D", "1ms", "36501d", "99999d", "9999999h", "99999999s", "١d"} {
		if got, err := configs.ParseDuration(text); err == nil {
			t.Errorf("%q is %v; want an error", text, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "1h30m": 90 * time.Minute, "1m1s": 61 * time.Second,
		"1.5s": 1500 * time.Millisecond, "-1m0s": -time.Minute,
	} {
		if got := configs.FormatDuration(d); got != want {
			t.Errorf("%v prints %q, want %q", d, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"128MiB": 128 << 20, "1GiB": 1 << 30, "2TiB": 2 << 40, "500MB": 500e6, "1 kB": 1000, "1KB": 1000, "7KiB": 7 << 10, "0B": 0, "3TB": 3e12, "9GB": 9e9,
	} {
		if got, err := configs.ParseSize(text); got != want || err != nil {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "128", "MiB", "-1MiB", "1.5GiB", "1mib", "1PiB", "999999999TiB", "1  B"} {
		if got, err := configs.ParseSize(text); err == nil {
			t.Errorf("%q is %d; want an error", text, got)
		}
	}
}

func TestParseShare(t *testing.T) {
	for text, want := range map[string]float64{"100%": 1, "80%": 0.8, "12.5 %": 0.125, "0%": 0, "999%": 9.99} {
		if got, err := configs.ParseShare(text); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", "1", "0.8", "-5%", "1e2%", ".5%", "NaN%", "1000%"} {
		if got, err := configs.ParseShare(text); err == nil {
			t.Errorf("%q is %v; want an error", text, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"30d", "1h30m", "0s", "99999d9999999h", "39999d9999999h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := configs.ParseDuration(text)
		if err != nil {
			return
		}
		if again, err := configs.ParseDuration(configs.FormatDuration(d)); err != nil || again != d {
			t.Errorf("%q is %v, but prints as %q, which is %v, %v", text, d, configs.FormatDuration(d), again, err)
		}
	})
}

func FuzzParseSize(f *testing.F) {
	for _, seed := range []string{"128MiB", "1GB", "0B", "1000000KB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := configs.ParseSize(text)
		if err != nil {
			return
		}
		if again, err := configs.ParseSize(configs.FormatSize(n)); n < 0 || err != nil || again != n {
			t.Errorf("%q is %d, but prints as %q, which is %d, %v", text, n, configs.FormatSize(n), again, err)
		}
	})
}
