"""Puts questions about lakes to Spark.

Reads from standard input one JSON object: {"lakes": [{"sql": what huntlake sql printed, "questions": [{"sql": a query,
"settings": {name: value} for it alone}]}]}. Writes one to standard output: {"version": of Spark, "lakes": [[{"rows":
[[text, ...]], "plan": text, "scan": {metric: number}}]]}, or, where a question failed, {"error": text} in its place. All is
done in one session, to which nothing but the printed statements has been said of how to read.
"""

import json
import sys

from pyspark.sql import SparkSession


def statements(text):
    """Splits what is printed: every statement ends with the end of a line."""
    lines = [line for line in text.split("\n") if not line.startswith("--")]
    return [s for s in ("\n".join(lines) + "\n").split(";\n") if s.strip()]


def scan(frame):
    """Adds up the metrics of the plan's leaves."""
    found = {}
    leaves = frame._jdf.queryExecution().executedPlan().collectLeaves()
    for i in range(leaves.size()):
        metrics = leaves.apply(i).metrics().iterator()
        while metrics.hasNext():
            metric = metrics.next()
            found[metric._1()] = found.get(metric._1(), 0) + metric._2().value()
    return found


def answer(spark, question):
    settings = question.get("settings") or {}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        frame = spark.sql(question["sql"])
        rows = [[None if cell is None else str(cell) for cell in row] for row in frame.collect()]
        plan = frame._jdf.queryExecution().executedPlan().toString()
        return {"rows": rows, "plan": plan, "scan": scan(frame)}
    except Exception as e:
        return {"error": str(e)[:2000]}
    finally:
        for name in settings:
            spark.conf.unset(name)


def main():
    job = json.load(sys.stdin)
    builder = SparkSession.builder.master("local[2]").appName("huntlake")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.sql.shuffle.partitions": "1",
    }.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    out = {"version": spark.version, "lakes": []}
    for lake in job["lakes"]:
        for statement in statements(lake["sql"]):
            spark.sql(statement)
        out["lakes"].append([answer(spark, q) for q in lake["questions"]])
    json.dump(out, sys.stdout)
    spark.stop()


main()
