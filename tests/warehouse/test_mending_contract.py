"""What every warehouse lets be mended: repair, replay and reset, by the same code."""

from ingest.core.window import Partition, Window
from ingest.drain.raw_rows import to_rows
from ingest.warehouse.holes import Hole, fill, find_holes
from ingest.warehouse.models import Model
from ingest.warehouse.replay import Batches, replay
from ingest.warehouse.reset import reset
from tests.warehouse.batches import RAW, TOPIC, batch, landing, records
from tests.warehouse.conftest import Trial
from tests.warehouse.soundness import assert_raw_is_sound

AT = Partition(TOPIC.name, 1, 0)


def test_what_is_missing_is_landed_and_what_nobody_has_is_written_down(trial: Trial) -> None:
    warehouse = trial.warehouse
    warehouse.land(batch(landing(0, 6, None)), None)
    with warehouse.writing() as connection:
        connection.execute(f"delete from {RAW} where kafka_offset in (1, 4)")
    with warehouse.reading() as connection:
        [hole] = find_holes(connection, TOPIC)
    filled = fill(warehouse, TOPIC, hole, Window(AT, 3, 6), to_rows(TOPIC.name, 1, records(3, 6)))
    assert (filled.batch_id, filled.row_count, filled.lost) == (2, 1, [Window(AT, 1, 2)])
    with warehouse.reading() as connection:
        assert find_holes(connection, TOPIC) == [Hole(Window(AT, 1, 2), 2, None)]
        assert_raw_is_sound(connection)
    windows = trial.query("select first_offset, batch_id, row_count from ops.windows order by first_offset")
    assert windows == [(0, 1, 1), (2, 1, 2), (4, 2, 1), (5, 1, 1)]


def test_a_replay_names_batches(trial: Trial) -> None:
    trial.warehouse.land(batch(landing(0, 6, None)), None)
    assert replay(trial.warehouse, TOPIC, run_id="by hand").batches == Batches(1, 1)
    assert trial.query("select replay_first_batch_id, run_id from ops.batches where kind = 'replay'") == [
        (1, "by hand")
    ]


def test_a_reset_topic_was_never_there(trial: Trial) -> None:
    warehouse = trial.warehouse
    warehouse.land(batch(landing(0, 6, None)), None)
    model = Model("model.t.built", "marts", "built", is_view=False, topics=frozenset({TOPIC.name}))
    with warehouse.open() as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.built as select 1 as n")
        assert reset(connection, [TOPIC], [model], warehouse.new_batch) == [RAW, "marts.built"]
    assert warehouse.positions() == {}
    assert trial.query(f"select count(*) from {RAW}") == [(0,)]
    assert trial.query("select count(*) from ops.rebuilds_due") == [(0,)]
    assert warehouse.land(batch(landing(0, 6, None)), None).batch_id == 3
