"""Whatever arrives is accounted for, and takes no more memory than it may.

TICKHOUSE_FUZZ_MESSAGES=10000 makes a long run of it, from another seed each time; a failure is shrunk to the
messages that cause it, and says how to try them again.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import islice

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from ingest.core.settings import Settings
from orchestration.dbt.plan import Plan
from tests.dbt.accounts import Accounts, Memory
from tests.dbt.any_messages import any_message, honest_messages, systematic
from tests.dbt.trial import Project
from tests.support.broker import OwnBroker
from tests.support.other_side import OtherSide, Sent

IS_LONG = "TICKHOUSE_FUZZ_MESSAGES" in os.environ
MESSAGES = int(os.environ.get("TICKHOUSE_FUZZ_MESSAGES", "100"))
AT_ONCE = 50
SHARE = 1 if IS_LONG else 13
"""Each so manieth of the systematic messages: it divides no number of values, so each field meets some."""
MEMORY_BYTES = 2**30
"""That this process may take beyond what it had when it began, whatever is sent."""
SLOWEST_SECONDS = 20.0
"""No turn over fifty messages takes longer; tried by the long run alone, on machines that are not quiet."""
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
HONEST = honest_messages()

ANY = tried(
    max_examples=max(1, MESSAGES // AT_ONCE),
    deadline=None,
    derandomize=not IS_LONG,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@pytest.fixture(scope="module")
def accounts(
    broker: OwnBroker, project: Project, compiled: Plan, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Accounts]:
    home = tmp_path_factory.mktemp("any_messages")
    settings = Settings(tickhouse_home=home, kafka_bootstrap_servers=broker.bootstrap)
    topics = sorted({message.topic for message in HONEST})
    with (
        closing(OtherSide(settings)) as other_side,
        closing(Accounts(other_side, settings, project, compiled, topics)) as found,
    ):
        yield found


@pytest.mark.slow
def test_each_field_may_be_anything(accounts: Accounts) -> None:
    memory = Memory()
    before = memory.peak_bytes()
    messages = islice(systematic(HONEST), 0, None, SHARE)
    while batch := list(islice(messages, 4_000)):
        accounts.try_out(batch, "lz4")
        assert memory.peak_bytes() - before < MEMORY_BYTES


@pytest.mark.slow
def test_whatever_is_drawn_is_accounted_for(accounts: Accounts) -> None:
    memory = Memory()
    before = memory.peak_bytes()
    accounts.slowest_turn = 0.0

    @ANY
    @given(st.lists(any_message(HONEST), min_size=AT_ONCE, max_size=AT_ONCE), st.sampled_from(CODECS))
    def account(drawn: list[tuple[str, Sent] | None], codec: str) -> None:
        accounts.try_out([message for message in drawn if message], codec)
        assert memory.peak_bytes() - before < MEMORY_BYTES

    account()
    assert not IS_LONG or accounts.slowest_turn < SLOWEST_SECONDS, accounts.slowest_turn
