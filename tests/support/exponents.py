"""Numbers as pandas and JSON write them: 9.417e-05."""

import re
from decimal import Decimal

from tests.dbt.log import Record

# A decimal that is a whole text, or stands bare in an object or a list; and a price without a point.
DECIMAL = re.compile(
    r'(?<=")-?\d+\.\d+(?=")|(?<=[:,\[ ])-?\d+\.\d+(?=[,}\]])|(?<="(?:price|close)": ")\d+(?=")'
)


def in_exponent_form(record: Record) -> Record:
    payload = record["payload"]
    if not isinstance(payload, str):
        return record
    return {**record, "payload": DECIMAL.sub(lambda found: f"{Decimal(found[0]):e}", payload)}
