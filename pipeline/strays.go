package pipeline

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"huntlake/partition"
	"huntlake/schema"
)

// checkPlaces refuses rows that do not lie in the slice that was asked for. Counts would not tell them from those that
// do, another slice would hold them again, and they could make dts and cells at will.
func checkPlaces(slice partition.Slice, records []arrow.Record, time string) error {
	if slice.Stream.Cursor() == partition.NoCursor {
		return nil
	}
	for _, rec := range records {
		stamps, err := numbers(rec, time)
		if err != nil {
			return err
		}
		ingested, err := numbers(rec, schema.IngestionTime)
		if err != nil {
			ingested = nil // the table has none
		}
		for i, at := range stamps {
			arrived := partition.NoTick
			if ingested != nil {
				arrived = partition.Tick(ingested[i])
			}
			if !slice.Contains(partition.Tick(at), arrived) {
				return fmt.Errorf("the service answers with a row that was not asked for: its time is %q, its ingestion time %q",
					partition.Tick(at), arrived)
			}
		}
	}
	return nil
}
