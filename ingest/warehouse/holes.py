"""Where a raw table lacks rows that once landed or were never to be had, and filling that in.

    window of batch 7    [──────────────)        12 rows promised, 9 found
    after the repair     [── 7 ─)[9)[─ 7 ─)      the missing rows are of batch 9, the others stay batch 7's

Afterwards the windows tile each partition as before, and each promises the rows that are there. What
Kafka does not have any more either is written down as lost.
"""

# pyarrow makes its compute functions at import; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ingest.core.errors import StaleLanding
from ingest.core.topics import Topic
from ingest.core.window import Partition, Window
from ingest.warehouse.connection import Connection, transaction
from ingest.warehouse.protocol import Warehouse
from ingest.warehouse.raw_schema import PAYLOAD_BITS

TILES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Hole:
    """A window with fewer rows than it promises, or a range that was written down as lost."""

    window: Window
    batch_id: int
    missing_rows: int | None
    """None: a lost range, nobody knows how many."""

    @property
    def is_lost_range(self) -> bool:
        return self.missing_rows is None

    def __str__(self) -> str:
        return f"{self.window}: " + ("lost" if self.is_lost_range else f"{self.missing_rows} rows missing")


@dataclass(frozen=True, slots=True)
class Filled:
    """A hole after its repair, committed."""

    hole: Hole
    batch_id: int
    row_count: int
    lost: Sequence[Window]
    """What could not be had."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of a hole after its repair. Batch None: lost."""

    first: int
    end: int
    batch_id: int | None


def find_holes(connection: Connection, topic: Topic) -> list[Hole]:
    """In every life. What was pruned is no hole: its windows promise nothing."""
    rows = connection.execute(
        f"""with counted as (
                select
                    windows.topic_life, windows.kafka_partition, first_offset, end_offset, windows.batch_id,
                    row_count, count(landed.kafka_offset) as found_count
                from ops.windows as windows
                left join raw.{topic.raw_table} as landed
                    on landed.batch_id = windows.batch_id
                    and landed.topic_life = windows.topic_life
                    and landed.kafka_partition = windows.kafka_partition
                    and landed.kafka_offset >= first_offset
                    and landed.kafka_offset < end_offset
                where topic = ? and row_count > 0
                group by all
            )
            select topic_life, kafka_partition, first_offset, end_offset, batch_id,
                row_count - found_count as missing_count
            from counted where found_count < row_count
            union all
            select topic_life, kafka_partition, first_offset, end_offset, batch_id, null
            from ops.lost_ranges where topic = ?
            order by topic_life, kafka_partition, first_offset, end_offset, batch_id""",
        [topic.name, topic.name],
    ).fetchall()
    return [
        Hole(Window(Partition(topic.name, life, number), first, end), batch_id, missing)
        for life, number, first, end, batch_id, missing in rows
    ]


def fill(
    warehouse: Warehouse,
    topic: Topic,
    hole: Hole,
    window: Window,
    rows: pa.Table,
    *,
    lost_reason: str = "retention",
    run_id: str | None = None,
) -> Filled:
    """Land what the hole lacks. `rows` are all that Kafka has of `window`, which lies in the hole.

    StaleLanding if the hole is no longer what it was: somebody else repaired or reset it.
    """
    with warehouse.writing() as connection, transaction(connection):
        # Number first: whoever makes a batch waits here for us.
        batch_id = warehouse.new_batch(connection, "repair", topic.name, run_id)
        _take_out(connection, hole)
        present = _present_offsets(connection, topic, hole.window)
        missing = rows.filter(pc.invert(pc.is_in(rows["kafka_offset"], pa.array(present, pa.int64()))))
        warehouse.add_rows(connection, topic.raw_table, missing, batch_id)
        tiles = _tiles(hole, window, batch_id, present, missing["kafka_offset"].to_pylist())
        lost = _put_in(connection, hole.window.partition, topic, tiles, batch_id, lost_reason)
    return Filled(hole, batch_id, missing.num_rows, lost)


def _tiles(
    hole: Hole, window: Window, batch_id: int, present: Sequence[int], found: Sequence[int]
) -> list[Tile]:
    if hole.missing_rows is None:
        around = hole.window
        pieces = [
            Tile(around.first, window.first, None),
            Tile(window.first, window.end, batch_id),
            Tile(window.end, around.end, None),
        ]
        return [piece for piece in pieces if piece.first < piece.end]
    owners = dict.fromkeys(present, hole.batch_id) | dict.fromkeys(found, batch_id)
    return tile(hole.window, owners, hole.batch_id, is_complete=hole.missing_rows == len(found))


def tile(window: Window, owners: dict[int, int], old_batch_id: int, *, is_complete: bool) -> list[Tile]:
    """The window cut where the batch changes that owns its rows.

    Offsets without a row belong to the piece they lie in if all rows are accounted for (a log has
    holes of its own); if not, any of them may have been a message, and is lost.
    """
    tiles: list[Tile] = []
    at = window.first
    for offset, batch_id in sorted(owners.items()):
        if at < offset and not is_complete:
            tiles.append(Tile(at, offset, None))
            at = offset
        if tiles and tiles[-1].batch_id == batch_id:
            tiles[-1] = Tile(tiles[-1].first, offset + 1, batch_id)
        else:
            tiles.append(Tile(at, offset + 1, batch_id))
        at = offset + 1
    if at < window.end or not tiles:
        last = tiles.pop() if tiles and is_complete else Tile(at, at, old_batch_id if is_complete else None)
        tiles.append(Tile(last.first, window.end, last.batch_id))
    return tiles


def _take_out(connection: Connection, hole: Hole) -> None:
    at = hole.window.partition
    table = "ops.lost_ranges" if hole.is_lost_range else "ops.windows"
    [(taken, *_)] = connection.execute(
        f"""delete from {table} where batch_id = ? and topic = ? and topic_life = ? and kafka_partition = ?
            and first_offset = ? and end_offset = ?""",
        [hole.batch_id, at.topic, at.life, at.number, hole.window.first, hole.window.end],
    ).fetchall()
    if taken != 1:
        raise StaleLanding(f"{hole.window} is not what it was when the repair began. Run it again.")


def _present_offsets(connection: Connection, topic: Topic, window: Window) -> list[int]:
    rows = connection.execute(
        f"""select kafka_offset from raw.{topic.raw_table}
            where topic_life = ? and kafka_partition = ? and kafka_offset >= ? and kafka_offset < ?""",
        [window.partition.life, window.partition.number, window.first, window.end],
    ).fetchall()
    return [row[0] for row in rows]


def _put_in(
    connection: Connection,
    at: Partition,
    topic: Topic,
    tiles: Sequence[Tile],
    batch_id: int,
    lost_reason: str,
) -> list[Window]:
    """Pieces that have a batch become windows, the others lost ranges."""
    owned = [(piece.first, piece.end, piece.batch_id) for piece in tiles if piece.batch_id is not None]
    lost = [(piece.first, piece.end) for piece in tiles if piece.batch_id is None]
    for some in _a_few(owned):
        connection.execute(
            f"""insert into ops.windows
                select tiles.batch_id, ?, ?, ?, first_offset, end_offset, count(kafka_offset),
                    coalesce(sum({PAYLOAD_BITS}), 0) / 8
                from (values {some}) as tiles (first_offset, end_offset, batch_id)
                left join raw.{topic.raw_table} as landed
                    on landed.batch_id = tiles.batch_id and topic_life = ? and kafka_partition = ?
                    and kafka_offset >= first_offset and kafka_offset < end_offset
                group by tiles.batch_id, first_offset, end_offset""",
            [at.topic, at.life, at.number, at.life, at.number],
        )
    for some in _a_few(lost):
        connection.execute(
            f"""insert into ops.lost_ranges
                select ?, ?, ?, ?, first_offset, end_offset, ?, cast(current_timestamp as timestamp)
                from (values {some}) as tiles (first_offset, end_offset)""",
            [batch_id, at.topic, at.life, at.number, lost_reason],
        )
    return [Window(at, first, end) for first, end in lost]


def _a_few(pieces: Sequence[tuple[int, ...]]) -> Iterator[str]:
    """Rows for `values`, as many as a statement likes."""
    for first in range(0, len(pieces), TILES_AT_ONCE):
        yield ", ".join(str(piece) for piece in pieces[first : first + TILES_AT_ONCE])
