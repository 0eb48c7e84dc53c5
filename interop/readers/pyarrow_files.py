"""Opens every published file of lakes with PyArrow and says what is in them.

Reads from standard input one JSON object: {"members": [name, ...], "lakes": [{"dir": path, "tables": [{"name": table,
"columns": [{"name": column, "kind": kind}, ...]}]}]}. Writes {"version": of PyArrow, "lakes": [{table: {"files": number,
"types": {column: [type, ...]}, "stats": {column: {"Count", "Min", "Max", "Sum"}}}}]}, where stats are those of a truth.
"""

import glob
import hashlib
import json
import os
import re
import sys
from datetime import date

import pyarrow
import pyarrow.parquet as parquet


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Tally:
    """The values of one column: all texts, all whole numbers, or all doubles."""

    def __init__(self):
        self.count, self.min, self.max, self.sum = 0, None, None, 0

    def add(self, values):
        if not values:
            return
        self.count += len(values)
        least, most = min(values), max(values)
        self.min = least if self.min is None else min(self.min, least)
        self.max = most if self.max is None else max(self.max, most)
        self.text = isinstance(most, str)
        self.sum += sum(int(md5(v)[:15], 16) for v in values) if self.text else sum(values)

    def stat(self):
        if self.text:
            return {"Count": self.count, "Min": md5(self.min), "Max": md5(self.max), "Sum": str(self.sum)}
        return {"Count": self.count, "Min": repr(self.min), "Max": repr(self.max), "Sum": repr(self.sum)}


def plain(column, kind):
    """Returns a column's values as texts, numbers and None."""
    if kind == "timestamp":
        column = column.cast(pyarrow.int64())
    values = column.to_pylist()
    if kind == "bool":
        return [None if v is None else int(v) for v in values]
    return values


def member(text, name):
    value = None
    if text is not None and text.startswith("{"):
        value = json.loads(text).get(name)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def cell(name, kind, value, digit):
    """Returns a value's part in the text of its row."""
    if value is None or kind == "double":
        return ""
    if kind == "timestamp":
        value = f"{value} {digit}"
    elif kind == "bool":
        value = "true" if value else "false"
    return f"{name}={value}\x1f"


def read(path, table, members, out):
    data = parquet.ParquetFile(path).read()
    for field in data.schema:
        known = out["types"].setdefault(field.name, [])
        if str(field.type) not in known:
            known.append(str(field.type))
    tallies = out["stats"]

    def add(name, values):
        tallies.setdefault(name, Tally()).add([v for v in values if v is not None])

    columns = {}
    for c in table["columns"]:
        if c["name"] in data.column_names:
            columns[c["name"]] = plain(data.column(c["name"]), c["kind"])
    for name, values in columns.items():
        add(name, values)
    texts = [""] * data.num_rows
    for c in table["columns"]:
        name, kind = c["name"], c["kind"]
        if kind == "companion" or name not in columns:
            continue
        digits = columns[name + "_100ns"] if kind == "timestamp" else columns[name]
        texts = [t + cell(name, kind, v, d) for t, v, d in zip(texts, columns[name], digits)]
        if kind == "json":
            for m in members:
                add(name + "." + m, [member(v, m) for v in columns[name]])
    add("", texts)
    tenant, dt = re.search(r"/tenant=([^/]+)/dt=([^/]+)/", path).groups()
    add("tenant", [tenant] * data.num_rows)
    add("dt", [(date.fromisoformat(dt) - date(1970, 1, 1)).days] * data.num_rows)


def main():
    job = json.load(sys.stdin)
    lakes = []
    for lake in job["lakes"]:
        tables = {}
        for table in lake["tables"]:
            out = {"files": 0, "types": {}, "stats": {}}
            for path in sorted(glob.glob(os.path.join(lake["dir"], table["name"], "*", "*", "*.parquet"))):
                read(path, table, job["members"], out)
                out["files"] += 1
            out["stats"] = {n: t.stat() for n, t in out["stats"].items() if t.count}
            tables[table["name"]] = out
        lakes.append(tables)
    json.dump({"version": pyarrow.__version__, "lakes": lakes}, sys.stdout)


main()
