"""From a live source's thread to its taker: in order, bounded, and it ends when either side does."""

import asyncio
import threading

import pytest

from ingest.core.message import Message
from ingest.feeds.transport.outlet import Outlet, in_background


def message(number: int) -> Message:
    return Message("t", b"k", str(number).encode())


def test_messages_come_in_order_until_the_source_ends() -> None:
    async def source(outlet: Outlet) -> None:
        for number in range(1_000):
            await outlet.put(message(number))

    assert [int(m.payload or b"") for m in in_background(source)] == list(range(1_000))


def test_an_error_comes_after_what_was_put_before() -> None:
    async def source(outlet: Outlet) -> None:
        await outlet.put(message(1))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())

    async def fail() -> None:
        raise KeyError("broken")

    messages = in_background(source)
    assert next(messages) == message(1)
    with pytest.raises(KeyError, match="broken"):
        next(messages)


def test_a_full_outlet_takes_no_more_until_there_is_room() -> None:
    async def scene() -> list[int]:
        outlet = Outlet(most=3)
        putting = asyncio.create_task(put_all(outlet))
        await asyncio.sleep(0.05)
        taken = outlet.taken()
        waiting = [int(next(taken).payload or b"") for _ in range(3)]
        assert not putting.done()
        await putting
        outlet.end(None)
        return waiting + [int(m.payload or b"") for m in taken]

    async def put_all(outlet: Outlet) -> None:
        for number in range(5):
            await outlet.put(message(number))

    assert asyncio.run(scene()) == [0, 1, 2, 3, 4]


def test_closing_ends_the_source_and_its_thread() -> None:
    cleaned = threading.Event()

    async def source(outlet: Outlet) -> None:
        try:
            while True:
                await outlet.put(message(1))
                await asyncio.sleep(0)
        finally:
            cleaned.set()

    before = threading.active_count()
    messages = in_background(source)
    next(messages)
    messages.close()
    assert cleaned.is_set()
    assert threading.active_count() == before
