package configs

import "time"

// Quota is the budget of one tenant, of which Share is spent here and the rest is left to the analysts.
type Quota struct {
	CallsPerMinute int
	RunTimePerHour time.Duration // of the service's processors
	RunTimePerDay  time.Duration
	Share          float64 // above 0, at most 1
}

const defenderCallsPerMinute = 10

var defaultQuota = Quota{CallsPerMinute: 45, RunTimePerHour: 10 * time.Minute, RunTimePerDay: 4 * time.Hour, Share: 1}

func (q *Quota) keys(r *reader) read {
	return r.mapping(keys{
		"calls_per_minute":  parsed(r, &q.CallsPerMinute, parseCount),
		"run_time_per_hour": parsed(r, &q.RunTimePerHour, ParseDuration),
		"run_time_per_day":  parsed(r, &q.RunTimePerDay, ParseDuration),
		"share":             parsed(r, &q.Share, ParseShare),
	})
}

func (q *Quota) validate(f *faults) {
	f.check(q.CallsPerMinute >= 1, "quota.calls_per_minute", "%d is below 1", q.CallsPerMinute)
	f.check(q.RunTimePerHour > 0, "quota.run_time_per_hour", "it must be above 0s")
	f.check(q.RunTimePerDay >= q.RunTimePerHour, "quota.run_time_per_day", "%s is less than the %s of one hour",
		FormatDuration(q.RunTimePerDay), FormatDuration(q.RunTimePerHour))
	f.check(q.Share > 0 && q.Share <= 1, "quota.share", "it must be above 0%% and at most 100%%")
}

// Publish bounds how long staged rows wait for the file that readers see, and how big it gets.
type Publish struct {
	MaxDelay   time.Duration
	TargetSize int64 // bytes of Parquet
}

// Bounds of Publish.TargetSize: smaller files are crumbs to every engine, larger ones cannot be read in parallel.
const (
	MinTargetSize = 1 << 20
	MaxTargetSize = 1 << 30
)

var defaultPublish = Publish{MaxDelay: time.Hour, TargetSize: 128 << 20}

func (p *Publish) keys(r *reader) read {
	return r.mapping(keys{
		"max_delay":   parsed(r, &p.MaxDelay, ParseDuration),
		"target_size": parsed(r, &p.TargetSize, ParseSize),
	})
}

func (p *Publish) validate(f *faults) {
	f.check(p.MaxDelay > 0, "publish.max_delay", "it must be above 0s")
	f.check(p.TargetSize >= MinTargetSize && p.TargetSize <= MaxTargetSize, "publish.target_size", "%s is not between %s and %s",
		FormatSize(p.TargetSize), FormatSize(MinTargetSize), FormatSize(MaxTargetSize))
}
