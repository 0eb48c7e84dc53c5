// Package wire writes answers the way the hunting service does, in its two dialects: Microsoft Graph and the older
// Defender API. What is known of the encodings was seen in public captures and documentation:
//
//   - Graph writes a null as {}, a bool as 0 or 1 after a "#SByte" annotation, a long bare after an optional "#Int64"
//     one, and a dynamic as nested JSON with a type annotation in every object. Arrays are annotated
//     "#Collection(String)", and objects in them are JSON texts.
//   - Defender writes nulls as null and everything else without annotations; dynamics are plain nested JSON.
//   - Both trim the fractions of datetimes, name the columns in a schema and key every row by their names.
//
// Nobody documents what Graph does with an array of numbers or booleans alone, with nested arrays, with NaN or with a
// dynamic that is a scalar; what is done here is the plainest reading of OData 4.01 JSON (docs.oasis-open.org).
package wire
