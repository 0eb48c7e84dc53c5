"""Parses statements in the dialects of engines that are not here.

Reads {dialect: statements} from standard input and writes {dialect: {"tables": {name: {column: type}}, "opaque":
[statement, ...]}}: what each CREATE TABLE says, and what the parser knows by its first word alone. A statement that does
not parse ends it.
"""

import json
import logging
import sys

import sqlglot
from sqlglot import expressions

# The parser does not know this clause of BigQuery's.
PARTITION_COLUMNS = "WITH PARTITION COLUMNS (tenant STRING, dt DATE)\n"


def parse(dialect, text):
    if dialect == "bigquery":
        text = text.replace(PARTITION_COLUMNS, "")
    out = {"tables": {}, "opaque": []}
    for statement in sqlglot.parse(text, dialect=dialect):
        if isinstance(statement, expressions.Command):
            out["opaque"].append(statement.sql(dialect=dialect, comments=False))
        elif isinstance(statement, expressions.Create) and statement.args["kind"] == "TABLE":
            table = statement.this.find(expressions.Table).name
            columns = statement.find_all(expressions.ColumnDef)
            out["tables"][table] = {c.name: c.args["kind"].sql(dialect=dialect) for c in columns}
    return out


def main():
    logging.disable(logging.WARNING)
    json.dump({d: parse(d, text) for d, text in json.load(sys.stdin).items()}, sys.stdout)


main()
