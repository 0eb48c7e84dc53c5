package writers

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/zeebo/xxh3"

	"huntlake/schema"
)

// lexicon numbers the texts of one column over several records, whose own numbers it translates, and renumbers those
// of each batch from 0, in the order they come in. So what a batch holds depends on its rows alone, not on how they
// were cut into records.
type lexicon struct {
	words   []string
	numbers [][]int32     // of each record's rows, in words
	nulls   []arrow.Array // the records' columns
	batch   []int32       // by number: the batch's number plus base, if that is base or more
	base    int32         // of the batch at hand
	fresh   []int32       // words of the batch, by its numbers
	slots   schema.Slots
}

// newLexicon reads a column of strings, numbered or not, of all records, which must outlive it.
func newLexicon(recs []arrow.Record, column int) *lexicon {
	l := &lexicon{}
	for _, rec := range recs {
		a := rec.Column(column)
		l.nulls = append(l.nulls, a)
		switch a := a.(type) {
		case *array.String:
			l.numbers = append(l.numbers, l.numberTexts(a))
		case *array.Dictionary:
			l.numbers = append(l.numbers, l.translate(a))
		}
	}
	l.batch = make([]int32, len(l.words))
	for i := range l.batch {
		l.batch[i] = -1
	}
	return l
}

func (l *lexicon) numberTexts(a *array.String) []int32 {
	numbers := make([]int32, a.Len())
	for i := range numbers {
		if a.IsValid(i) {
			numbers[i] = l.number(a.Value(i))
		}
	}
	return numbers
}

// translate numbers each word of a's dictionary that a row has.
func (l *lexicon) translate(a *array.Dictionary) []int32 {
	words := a.Dictionary().(*array.String)
	known := make([]int32, words.Len())
	numbers := make([]int32, a.Len())
	for i, k := range schema.Numbers(a, nil) {
		if a.IsNull(i) {
			continue
		}
		if known[k] == 0 {
			known[k] = l.number(words.Value(int(k))) + 1
		}
		numbers[i] = known[k] - 1
	}
	return numbers
}

func (l *lexicon) number(word string) int32 {
	hash := uint32(xxh3.HashString(word))
	at, id := l.slots.First(hash)
	for ; id >= 0; at, id = l.slots.Next(at, hash) {
		if l.words[id] == word {
			return id
		}
	}
	l.words = append(l.words, word)
	return l.slots.Put(at, hash)
}

// begin starts a batch.
func (l *lexicon) begin() {
	l.base += int32(len(l.fresh))
	l.fresh = l.fresh[:0]
}

// add appends the batch's numbers of the rows to dst, and adds to sizes how much each of them brings with it that the
// batch does not hold yet.
func (l *lexicon) add(refs []ref, dst, sizes []int32) {
	for i, r := range refs {
		if l.nulls[r.rec].IsNull(int(r.row)) {
			dst[i] = -1
			continue
		}
		word := l.numbers[r.rec][r.row]
		if l.batch[word] < l.base {
			l.batch[word] = l.base + int32(len(l.fresh))
			l.fresh = append(l.fresh, word)
			sizes[i] += int32(len(l.words[word]))
		}
		dst[i] = l.batch[word] - l.base
	}
}

// column returns the rows that numbers stand for as a column with a dictionary of its own: the words up to the largest
// of the numbers.
func (l *lexicon) column(mem memory.Allocator, numbers []int32) arrow.Array {
	ids, words := array.NewInt16Builder(mem), array.NewStringBuilder(mem)
	defer ids.Release()
	defer words.Release()
	ids.Reserve(len(numbers))
	used := 0
	for _, k := range numbers {
		if k < 0 {
			ids.UnsafeAppendBoolToBitmap(false)
			continue
		}
		used = max(used, int(k)+1)
		ids.UnsafeAppend(int16(k))
	}
	size := 0
	for _, w := range l.fresh[:used] {
		size += len(l.words[w])
	}
	words.Reserve(used)
	words.ReserveData(size)
	for _, w := range l.fresh[:used] {
		words.Append(l.words[w])
	}
	indices, dictionary := ids.NewArray(), words.NewArray()
	defer indices.Release()
	defer dictionary.Release()
	return array.NewDictionaryArray(stagedTexts, indices, dictionary)
}
