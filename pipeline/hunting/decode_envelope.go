package hunting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"huntlake/schema"
)

// member reads one member of the answer itself. Both dialects' casings are accepted; what is not known is skipped.
func (d *decoder) member(key string) error {
	name := strings.ToLower(key)
	switch name {
	case "schema", "results", "stats", "error":
		if d.seen[name] {
			return fmt.Errorf("answer has %q twice", name)
		}
		d.seen[name] = true
	}
	switch name {
	case "schema":
		return d.readSchema()
	case "results":
		return d.results()
	case "stats":
		return d.readStats()
	case "error":
		return d.readError()
	}
	_, _, err := d.readAny(false)
	return err
}

// readSchema reads the list of columns.
func (d *decoder) readSchema() error {
	err := d.scan.items("an array", '[', ']', func() error {
		f, err := d.readField()
		if d.fields = append(d.fields, f); err == nil && len(d.fields) > schema.MaxColumns {
			err = fmt.Errorf("more than %d columns", schema.MaxColumns)
		}
		return err
	})
	if err != nil || d.early {
		return err
	}
	return d.use(d.fields)
}

func (d *decoder) readField() (f schema.Field, err error) {
	err = d.scan.members(func(key string) error {
		switch key {
		case "name", "Name":
			return d.readWord(&f.Name)
		case "type", "Type":
			return d.readWord(&f.Type)
		}
		_, _, err := d.readAny(false)
		return err
	})
	return f, err
}

func (d *decoder) readWord(into *string) error {
	body, _, err := d.scan.text()
	if err != nil {
		return err
	}
	word, err := schema.AppendText(nil, body)
	*into = string(word)
	return err
}

// readStats reads what the service says about its work. Its form is nowhere promised, so one that is not understood
// is left out, rather than the rows refused.
func (d *decoder) readStats() error {
	text, _, err := d.readAny(false)
	if err != nil {
		return err
	}
	var stats struct {
		ExecutionTime float64
		Usage         struct {
			CPU struct {
				Total string `json:"total cpu"`
			} `json:"cpu"`
		} `json:"resource_usage"`
		Datasets []struct {
			Rows int64 `json:"table_row_count"`
			Size int64 `json:"table_size"`
		} `json:"dataset_statistics"`
	}
	if json.Unmarshal(text, &stats) != nil {
		return nil
	}
	d.answer.Stats.Execution = seconds(stats.ExecutionTime)
	d.answer.Stats.CPU, _ = parseSpan(stats.Usage.CPU.Total)
	for _, set := range stats.Datasets {
		d.answer.Stats.Rows += set.Rows
		d.answer.Stats.Size += set.Size
	}
	return nil
}

func seconds(s float64) time.Duration {
	const most = float64(math.MaxInt64 / int64(time.Second))
	return time.Duration(min(max(s, 0), most) * float64(time.Second))
}

// parseSpan reads a timespan as .NET prints it, `[-][d.]hh:mm:ss[.fffffff]`.
func parseSpan(text string) (span time.Duration, ok bool) {
	text, negative := strings.CutPrefix(text, "-")
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, false
	}
	days, hours, found := strings.Cut(parts[0], ".")
	if !found {
		days, hours = "0", days
	}
	for _, part := range []struct {
		text string
		unit time.Duration
	}{{days, 24 * time.Hour}, {hours, time.Hour}, {parts[1], time.Minute}, {parts[2], time.Second}} {
		n, err := strconv.ParseFloat(part.text, 64)
		if err != nil {
			return 0, false
		}
		span += time.Duration(math.Round(n * float64(part.unit)))
	}
	if negative {
		span = -span
	}
	return span, true
}

// readError reads the service's own account of what went wrong after it had sent status 200.
func (d *decoder) readError() error {
	text, _, err := d.readAny(false)
	if err != nil || len(text) == 0 {
		return err
	}
	body := io.MultiReader(strings.NewReader(`{"error":`), bytes.NewReader(text), strings.NewReader("}"))
	refusal := readRefusal(&http.Response{StatusCode: http.StatusOK}, body)
	refusal.Table = d.opts.Table
	return refusal
}
