"""Spark Structured Streaming from the topic to Parquet, twice in one session: cold, then warm.

python spark_stream.py BOOTSTRAP TOPIC JARS FOLDER
"""

# pyright: reportMissingImports=false

import json
import sys
import time

from pyspark.sql import SparkSession


def stream(session: SparkSession, bootstrap: str, topic: str, folder: str) -> float:
    """All that the topic holds, once; the seconds it took."""
    began = time.monotonic()
    source = session.readStream.format("kafka").option("kafka.bootstrap.servers", bootstrap)
    source = source.option("subscribe", topic).option("startingOffsets", "earliest")
    sink = source.option("includeHeaders", "true").load().writeStream.format("parquet")
    sink = sink.option("path", f"{folder}/rows").option("checkpointLocation", f"{folder}/checkpoint")
    sink.trigger(availableNow=True).start().awaitTermination()
    return time.monotonic() - began


def main(bootstrap: str, topic: str, jars: str, folder: str) -> None:
    builder = SparkSession.builder.master("local[2]").config("spark.jars", jars)
    session = builder.config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    cold = stream(session, bootstrap, topic, f"{folder}/cold")
    warm = stream(session, bootstrap, topic, f"{folder}/warm")
    count = session.read.parquet(f"{folder}/warm/rows").count()
    session.stop()
    sys.stdout.write(json.dumps({"messages": count, "seconds": warm, "cold_seconds": cold}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
