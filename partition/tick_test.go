package partition_test

import (
	"testing"
	"time"

	"huntlake/partition"
)

func TestTickText(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22T00:00:00Z":         "2026-11-22T00:00:00.0000000Z",
		"2026-07-23T18:03:20.928Z":     "2026-07-23T18:03:20.9280000Z",
		"2024-03-26T09:39:50.7688641Z": "2024-03-26T09:39:50.7688641Z",
		"0001-01-01T00:00:00Z":         "0001-01-01T00:00:00.0000000Z",
		"9999-12-31T23:59:59.9999999Z": "9999-12-31T23:59:59.9999999Z",
		"":                             "",
	} {
		got, err := partition.ParseTick(text)
		if err != nil || got.String() != want {
			t.Errorf("ParseTick(%q) = %v, %v; want %s", text, got, err, want)
		}
		micros, digit := got.Micros()
		if back := partition.TickOfMicros(micros, digit); text != "" && back != got {
			t.Errorf("%s: TickOfMicros(Micros) = %v", text, back)
		}
	}
	for _, text := range []string{"2026-11-22", "2026-11-22T00:00:00+01:00", "2026-11-22T00:00:00.00000001Z", "0000-01-01T00:00:00Z", "x"} {
		if got, err := partition.ParseTick(text); err == nil {
			t.Errorf("ParseTick(%q) = %v, want an error", text, got)
		}
	}
	if got, _ := partition.ParseTick("9999-12-31T23:59:59.9999999Z"); got != partition.MaxTick {
		t.Errorf("the last instant is %d, want MaxTick", got)
	}
}

func TestTickTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 13, 14, 15, 123456789, time.FixedZone("", 3600))
	got := partition.TickOf(at)
	if want := "2026-11-22T12:14:15.1234567Z"; got.String() != want {
		t.Errorf("TickOf = %v, want %s", got, want)
	}
	if !got.Time().Equal(at.Truncate(100)) {
		t.Errorf("Time = %v, want %v", got.Time(), at)
	}
	if d := got.Add(90 * time.Second).Sub(got); d != 90*time.Second {
		t.Errorf("Add then Sub = %v", d)
	}
	if partition.TickOf(time.Unix(-1<<60, 0)) != partition.MinTick || partition.TickOf(time.Unix(1<<60, 0)) != partition.MaxTick {
		t.Error("times out of bounds are not clamped")
	}
	if d := partition.MaxTick.Sub(partition.MinTick); d < 290*365*24*time.Hour {
		t.Errorf("the longest difference is %v", d)
	}
}

func TestFloorCeil(t *testing.T) {
	for _, c := range []struct{ t, width, floor, ceil partition.Tick }{
		{0, 10, 0, 0}, {9, 10, 0, 10}, {10, 10, 10, 10}, {11, 10, 10, 20}, {-1, 10, -10, 0},
	} {
		if got := c.t.Floor(c.width); got != c.floor {
			t.Errorf("%d.Floor(%d) = %d, want %d", c.t, c.width, got, c.floor)
		}
		if got := c.t.Ceil(c.width); got != c.ceil {
			t.Errorf("%d.Ceil(%d) = %d, want %d", c.t, c.width, got, c.ceil)
		}
	}
}

func tick(t *testing.T, text string) partition.Tick {
	t.Helper()
	v, err := partition.ParseTick(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDT(t *testing.T) {
	for _, c := range []struct{ name, timestamp, ingested, want string }{
		{"the day of the event", "2026-11-22T23:59:59.9999999Z", "2026-11-23T00:01:00Z", "2026-11-22"},
		{"late by a month", "2026-10-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-10-23"},
		{"35 days behind is believed", "2026-10-19T00:00:00Z", "2026-11-23T00:00:00Z", "2026-10-19"},
		{"a tick more is not", "2026-10-18T23:59:59.9999999Z", "2026-11-23T00:00:00Z", "2026-11-23"},
		{"a day ahead is believed", "2026-11-24T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-24"},
		{"a forged clock is not", "2090-01-01T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-23"},
		{"no ingestion time", "2090-01-01T00:00:00Z", "", "2090-01-01"},
		{"no timestamp", "", "2026-11-23T00:00:00Z", "2026-11-23"},
		{"neither", "", "", "0001-01-01"},
	} {
		if got := partition.DT(tick(t, c.timestamp), tick(t, c.ingested)); got.String() != c.want {
			t.Errorf("%s: DT = %v, want %s", c.name, got, c.want)
		}
	}
}

func TestCellDay(t *testing.T) {
	hour := tick(t, "2026-11-22T23:00:00.0000000Z")
	day := partition.DateOf(hour)
	for _, tt := range []struct {
		name      string
		hour      partition.Tick
		day, want partition.Date
	}{
		{"the same day", hour, day, day},
		{"a month before", hour, day - 30, day - 30},
		{"two days after", hour, day + 2, day + 2},
		{"three days after", hour, day + 3, day + 2},
		{"the last day of all", hour, partition.DateOf(partition.MaxTick), day + 2},
		{"the first hour of all", partition.MinTick, 5, 2},
		{"no hour", partition.NoTick, day + 3, day + 3},
	} {
		if got := partition.CellDay(tt.hour, tt.day); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDateText(t *testing.T) {
	d, err := partition.ParseDate("2026-11-22")
	if err != nil || d.String() != "2026-11-22" || d.End()-d.Start() != partition.Day || partition.DateOf(d.End()-1) != d {
		t.Errorf("ParseDate = %v, %v", d, err)
	}
	if _, err := partition.ParseDate("2026-13-01"); err == nil {
		t.Error("a thirteenth month is accepted")
	}
}
