// Reads queries from standard input, one JSON object a line: {"table": name, "schema": "(Column: type, …)", "query": text}.
// Prints what Microsoft's own parser says about each, one JSON object a line, in the same order:
// {"diagnostics": [message, …], "columns": "(Column: type, …)" of the result}. A second statement is one more diagnostic: it
// is good KQL, and never part of a query of the program.
'use strict';

const vm = require('vm');
const fs = require('fs');
const readline = require('readline');

// The parser was translated from C#, and its two files want to share the global scope of a browser.
for (const name of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  const path = require.resolve('@kusto/language-service-next/' + name);
  vm.runInThisContext(fs.readFileSync(path, 'utf8'), { filename: path });
}
const kusto = Kusto.Language;

function each(list) {
  const out = [];
  for (let i = 0; i < list.Count; i++) {
    out.push(list.getItem(i));
  }
  return out;
}

// The tables of a schema come together, so one database is enough to remember.
let known = { key: '' };

function databaseOf(table, schema) {
  const key = table + schema;
  if (known.key !== key) {
    const symbol = kusto.Symbols.TableSymbol.From(schema).WithName(table);
    const database = new kusto.Symbols.DatabaseSymbol.$ctor1('db', [symbol]);
    known = { key, globals: kusto.GlobalState.Default.WithDatabase(database) };
  }
  return known.globals;
}

function columnsOf(type) {
  if (!type || !type.Columns) {
    return '';
  }
  return '(' + each(type.Columns).map((c) => c.Name + ': ' + c.Type.Name).join(', ') + ')';
}

function judge({ table, schema, query }) {
  const code = kusto.KustoCode.ParseAndAnalyze(query, databaseOf(table, schema));
  const diagnostics = each(code.GetDiagnostics()).map((d) => d.Severity + ' ' + d.Code + ' at ' + d.Start + ': ' + d.Message);
  if (code.Syntax.Statements.Count !== 1) {
    diagnostics.push(code.Syntax.Statements.Count + ' statements, want one');
  }
  return { diagnostics, columns: columnsOf(code.ResultType) };
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(JSON.stringify(judge(JSON.parse(line))) + '\n');
});
