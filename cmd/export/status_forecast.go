package main

import (
	"fmt"
	"strings"

	"huntlake/pipeline"
)

// outlook says what a forecast means.
func outlook(f pipeline.Forecast) string {
	var text string
	switch f.Outlook {
	case pipeline.NotBegun:
		return "nothing has been read yet"
	case pipeline.Unknown:
		return "nobody knows: the ledgers cannot be read"
	case pipeline.UpToDate:
		text = fmt.Sprintf("up to date; about %s an hour come in", size(f.Arriving))
	case pipeline.CatchingUp:
		text = fmt.Sprintf("catching up by %s, %s", minute(f.CaughtUp), paces(f))
	case pipeline.KeepingUp:
		text = fmt.Sprintf("not catching up, but nothing will expire unread in the next 60 days, %s", paces(f))
	case pipeline.Losing:
		text = fmt.Sprintf("rows from %s on will be lost, the first by %s, %s; nothing more is lost from %s an hour on%s",
			minute(f.LostFrom), minute(f.LostBy), paces(f), size(f.Needed), times(f))
	}
	if len(f.Unknown) > 0 {
		text += "; not reckoned with, because they were never planned: " + strings.Join(f.Unknown, ", ")
	}
	if len(f.Closed) > 0 {
		text += "; not reckoned with, because their ledgers cannot be read: " + strings.Join(f.Closed, ", ")
	}
	return text
}

func paces(f pipeline.Forecast) string {
	return fmt.Sprintf("at the pace of the last day (about %s an hour read, %s an hour come in, %s to read)", size(f.Pace), size(f.Arriving), size(f.Backlog))
}

// times is by how much the pace would have to grow.
func times(f pipeline.Forecast) string {
	if f.Pace <= 0 {
		return ""
	}
	return fmt.Sprintf(", %.1f times the pace", float64(f.Needed)/float64(f.Pace))
}
