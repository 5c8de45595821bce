"""Any message that whoever may write to a topic can send: an honest one with a spoilt field, key or header,
or something else altogether.

everything(seed) ─▶ honest messages ─▶ each field × each NASTY text     systematically
                                    └▶ what hypothesis draws            from a seed, and shrinking
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.snowflake.everything import everything
from tests.support.other_side import Sent

Path = tuple[str | int, ...]
MARK = "a place for any bytes"
AT = 1767225600000

# What may stand where a value stands: JSON, or nearly.
NASTY: tuple[bytes, ...] = (
    *(b"null", b"true", b"{}", b"[]", b'""', b'" "', b"[null]", b'[["1"]]', b'{"a":{"b":[]}}'),
    *(b"-0", b"00", b"1.", b".5", b"NaN", b"Infinity", b"-1", b"0", b"1e5", b"1e1000000", b"1e-1000000"),
    *(b'"NaN"', b'"inf"', b'"-0.0"', b'"1e5"', b'"1e400"', b'"1e-400"', b'"1e18"', b'"1.5e-10"', b'"1e"'),
    *(
        b'"1,000.5"',
        b'"12.x"',
        b'"+1"',
        b'" 1"',
        b'"1e1e1"',
        b'"1_0"',
        b'"0x1p3"',
        b'"99999999999.9999999999"',
    ),
    *(b"9" * 400, b'"' + b"9" * 400 + b'"', b'"0.' + b"0" * 400 + b'1"', b'"1.' + b"0" * 400 + b'"'),
    *(b'"' + b"9" * 100_000 + b'"', b"1" * 5_000, b'"999999999999999999"', b"9223372036854775808"),
    *(b"1e12", b'"9999-12-31T23:59:59Z"', b'"0001-01-01T00:00:00Z"', b'"2026-13-45T99:99:99Z"'),
    *(b'"2026-01-01 00:00:00+99:99"', b'"infinity"', b'"epoch"', b"9999999999999", b"-62135596800000"),
    *(b'"\\u0000"', b'"a\\u0000b"', b'"\\ud800"', b'"\xff\xfe"', b'"\x00"', b'"\x1b[2J"', b'"\xe2\x80\xae"'),
    *(b"'; drop table x; --", b'"\'; select 1; --"', b'"{{ 1 }}"', b'"%s%n"', b'"$1"', b'"*"', b'"../.."'),
    *(b"[" * 3_000 + b"]" * 3_000, b'"' + b"x" * 50_000 + b'"', b"[" + b'["1","1"],' * 500 + b'["1","1"]]'),
)
# What may stand where a whole payload stands.
WHOLE: tuple[bytes | None, ...] = (
    None,
    *(
        b"",
        b" ",
        b"{",
        b"}",
        b"{}",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf{}",
        b"\x00",
    ),
    *(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 10_000, b'{"\\u0000":"\\u0000"}', b'"\\ud800"'),
    json.dumps({f"k{n}": n for n in range(3_000)}).encode(),
)
BYTES: tuple[bytes | None, ...] = (
    *(None, b"", b"\xff", b"\x00", b"a\x00b", b"-1", b"0", b"9" * 40, b"1e18", b"NaN", b"[]", b"{}"),
    *(b"\xed\xa0\x80", b"\x1b[2J", "\u202e".encode(), b"x" * 20_000, b"1767225600000000000"),
)
NAMES = (
    "venue",
    "symbol",
    "channel",
    "received_at",
    "checksum",
    "dropped_bids",
    "kafka.header_block",
    "",
    "é",
)


@dataclass(frozen=True)
class Honest:
    """What a feed sends."""

    topic: str
    body: Any
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    def sent(self) -> Sent:
        return Sent(json.dumps(self.body).encode(), self.key, self.headers)

    def spoilt(self, path: Path, by: bytes) -> Sent:
        """With other bytes in the place of one value."""
        marked = json.dumps(_replaced(self.body, path, MARK)).encode()
        return self.sent()._replace(value=marked.replace(json.dumps(MARK).encode(), by))

    def paths(self) -> list[Path]:
        return [path for path in _paths(self.body) if path]


def honest_messages(seed: int = 1, of_each: int = 2) -> list[Honest]:
    """Of each topic the first that are objects, and differ in what they hold."""
    found: dict[tuple[str, str], Honest] = {}
    for topic, records in everything(seed).items():
        for record in records:
            body = _body(record["payload"])
            if isinstance(body, dict):
                shape = (topic, str(sorted(body)))
                if shape not in found and sum(known == topic for known, _ in found) < of_each:
                    found[shape] = Honest(topic, body, _key(record.get("key")), _headers(record["headers"]))
    return list(found.values())


def systematic(honest: Sequence[Honest]) -> Iterator[tuple[str, Sent]]:
    """Each field with each nasty value and twice, each whole payload, each key and each header."""
    for message in honest:
        yield message.topic, message.sent()
        for path in message.paths():
            twice = b'1,"%s":2' % str(path[-1]).encode()
            for by in (*NASTY, twice):
                yield message.topic, message.spoilt(path, by)
        for value in WHOLE:
            yield message.topic, message.sent()._replace(value=value)
        for value in BYTES:
            yield message.topic, message.sent()._replace(key=value)
            for name in NAMES:
                yield (
                    message.topic,
                    message.sent()._replace(headers=with_header(message.headers, name, value)),
                )


def with_header(
    headers: tuple[tuple[str, bytes | None], ...], name: str, value: bytes | None
) -> tuple[tuple[str, bytes | None], ...]:
    return (*((known, told) for known, told in headers if known != name), (name, value))


def any_message(honest: Sequence[Honest]) -> st.SearchStrategy[tuple[str, Sent] | None]:
    """None first: a failing delivery shrinks to the messages that it needs."""
    return st.one_of(st.none(), *[_any_of(message) for message in honest])


def _any_of(message: Honest) -> st.SearchStrategy[tuple[str, Sent]]:
    values = st.one_of(st.sampled_from(NASTY), SHAPES.map(lambda shape: json.dumps(shape).encode()))
    spoilt = st.builds(message.spoilt, st.sampled_from(message.paths()), values)
    whole = st.one_of(st.sampled_from(WHOLE), st.binary(max_size=300)).map(
        lambda value: message.sent()._replace(value=value)
    )
    headers = st.lists(st.tuples(st.sampled_from(NAMES), ANY_BYTES), max_size=4).map(tuple)
    return st.builds(
        lambda sent, key, more, at: (
            message.topic,
            sent._replace(
                key=sent.key if key is MARK else key, headers=(*sent.headers, *more), timestamp_ms=at
            ),
        ),
        st.one_of(spoilt, spoilt, whole),
        st.one_of(st.just(MARK), ANY_BYTES),
        headers,
        st.sampled_from((None, None, None, 1, AT - 10**10, AT)),
    )


NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.decimals(allow_nan=False, allow_infinity=False).map(str)
)
TIMES = st.one_of(st.integers(-(2**63), 2**63), st.datetimes().map(str), st.integers(0, 10**13).map(str))
SHAPES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(NUMBERS, TIMES, st.text(max_size=40), st.none(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
ANY_BYTES = st.one_of(st.sampled_from(BYTES), st.binary(max_size=30))


def _paths(body: Any, path: Path = ()) -> Iterator[Path]:
    """Of a list its first entry stands for all."""
    yield path
    inner = body.items() if isinstance(body, dict) else enumerate(body[:1]) if isinstance(body, list) else ()
    for name, value in inner:
        yield from _paths(value, (*path, name))


def _replaced(body: Any, path: Path, by: str) -> Any:
    if not path:
        return by
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = _replaced(body[path[0]], path[1:], by)  # pyright: ignore[reportArgumentType, reportCallIssue]
    return copy


def _body(payload: object) -> Any:
    try:
        return json.loads(str(payload))
    except ValueError:
        return None


def _key(key: object) -> bytes | None:
    return key.encode() if isinstance(key, str) else None


def _headers(headers: Any) -> tuple[tuple[str, bytes | None], ...]:
    return tuple((header["name"], header["value"].encode()) for header in headers)
