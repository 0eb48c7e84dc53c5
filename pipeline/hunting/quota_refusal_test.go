package hunting_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"huntlake/pipeline/hunting"
)

// How long a refusal lasts that says so badly, or not at all. The bubble begins on the hour.
func TestRefusalsWithoutSense(t *testing.T) {
	const cpu = `{"error":{"code":"CpuQuotaExceeded","message":"You have exceeded processing resources allocated to this tenant."}}`
	page := "<html><head><title>429 Too Many Requests</title></head></html>"
	for _, tt := range []struct {
		name  string
		body  string
		after string // the Retry-After header
		lasts time.Duration
	}{
		{"CPU, no time", cpu, "", 15 * time.Minute},
		{"CPU, its own text", `{"error":{"code":"CpuQuotaExceeded","message":"You can run queries again in 2871 seconds"}}`, "", 2871 * time.Second},
		{"calls of an hour, no time", `{"error":{"code":"429","message":"API calls quota exceeded! maximum allowed 1500 per 01:00:00"}}`, "", time.Hour},
		{"years", page, "2000000000", 24 * time.Hour},
		{"a date in years", page, "Fri, 01 Jan 2100 00:00:00 GMT", 24 * time.Hour},
		{"no number", cpu, "soon", 15 * time.Minute},
		{"negative", cpu, "-5", 15 * time.Minute},
		{"a date that is over", cpu, "Fri, 01 Jan 1999 00:00:00 GMT", 15 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, start := &scripted{replies: []reply{{status: 429, body: tt.body, header: map[string]string{"Retry-After": tt.after}}}}, time.Now()
				_, err := newClient(t, s, hunting.Options{}).Run(t.Context(), query)
				var spent *hunting.QuotaError
				if !errors.As(err, &spent) || spent.Until.Sub(start) != tt.lasts || len(s.asked) != 1 {
					t.Errorf("%d calls, got %v, want until %v", len(s.asked), err, start.Add(tt.lasts))
				}
			})
		})
	}
}
