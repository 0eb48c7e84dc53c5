package interop

import "testing"

// TestEngines has readers that are not ours read two lakes and holds what they find against the source's rows.
func TestEngines(t *testing.T) {
	lakes := engineLakes(t)
	p := newPrinter(t)
	t.Run("DuckDB", func(t *testing.T) { testDuckDB(t, p, lakes) })
	t.Run("PyArrow", func(t *testing.T) {
		needs(t, "python3", "-c", "import pyarrow")
		testFiles(t, lakes, arrowTypes, "python3", "readers/pyarrow_files.py")
	})
	t.Run("hyparquet", func(t *testing.T) {
		needs(t, "node", "-e", "require.resolve('hyparquet-compressors')")
		testFiles(t, lakes, parquetTypes, "node", "readers/hyparquet_files.js")
	})
	t.Run("dialects", func(t *testing.T) { testDialects(t, lakes) })
	t.Run("Spark 3", func(t *testing.T) { testSpark(t, "python-spark3", "3.5.", p, lakes) })
	t.Run("Spark 4", func(t *testing.T) { testSpark(t, "python-spark4", "4.", p, lakes) })
}
