package parquet

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"huntlake/schema"
)

// leaf is how a column of the Arrow schema is stored.
type leaf struct {
	name      string
	physical  format.Type
	logical   format.LogicalTypeValue  // or nil
	converted deprecated.ConvertedType // where logical is not nil: its older name
	compare   order
}

func leafOf(f arrow.Field) (leaf, error) {
	l := leaf{name: f.Name}
	switch t := f.Type.(type) {
	case *arrow.BooleanType:
		l.physical, l.compare = format.Boolean, bytes.Compare
	case *arrow.Int32Type:
		l.physical, l.compare = format.Int32, compareInt32
	case *arrow.Int64Type:
		l.physical, l.compare = format.Int64, compareInt64
	case *arrow.Float64Type:
		l.physical, l.compare = format.Double, compareDouble
	case *arrow.TimestampType:
		if t.Unit != arrow.Microsecond || t.TimeZone != "UTC" {
			return l, fmt.Errorf("column %q: type %v is not timestamp[us, UTC]", f.Name, t)
		}
		l.physical, l.compare = format.Int64, compareInt64
		unit := format.TimeUnit{Value: &format.MicroSeconds{}}
		l.logical, l.converted = &format.TimestampType{IsAdjustedToUTC: true, Unit: unit}, deprecated.TimestampMicros
	case *arrow.StringType:
		l.physical, l.compare = format.ByteArray, bytes.Compare
		l.logical, l.converted = &format.StringType{}, deprecated.UTF8
		if kind, _ := f.Metadata.GetValue(schema.MetaKind); kind == schema.JSON.String() {
			l.logical, l.converted = &format.JsonType{}, deprecated.Json
		}
	default:
		return l, fmt.Errorf("column %q: type %v is not one of the lake's", f.Name, f.Type)
	}
	return l, nil
}

func (l leaf) values(lookUp bool) values {
	switch l.physical {
	case format.Boolean:
		return &bools{}
	case format.ByteArray:
		return &texts{filtered: lookUp}
	case format.Int32:
		return &words{width: 4}
	}
	return &words{width: 8, double: l.physical == format.Double}
}

func (l leaf) element() format.SchemaElement {
	e := format.SchemaElement{
		Name: l.name, Type: thrift.New(l.physical), RepetitionType: thrift.New(format.Optional),
	}
	if l.logical != nil {
		e.LogicalType = format.LogicalType{Value: l.logical}
		e.ConvertedType = thrift.New(l.converted)
	}
	return e
}
