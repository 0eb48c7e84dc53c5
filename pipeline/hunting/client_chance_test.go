package hunting_test

import (
	"testing"
	"testing/synctest"
	"time"

	"huntlake/pipeline/hunting"
)

// The pauses between repetitions follow from the chance that is passed in, and from nothing else.
func TestChanceOfPauses(t *testing.T) {
	for chance, want := range map[float64]time.Duration{0: 30 * time.Second, 0.5: 60 * time.Second, 0.75: 75 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s, start := &scripted{replies: []reply{{status: 500}}}, time.Now()
			if _, err := newClient(t, s, hunting.Options{Chance: func() float64 { return chance }}).Run(t.Context(), query); err == nil {
				t.Fatal("no error")
			}
			if took := time.Since(start); took != want {
				t.Errorf("chance %v: the pauses took %v, want %v", chance, took, want)
			}
		})
	}
}
