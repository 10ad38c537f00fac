"""The bus between what changes and who listens: replay, bounds and slow readers."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from backend.errors import Overloaded
from backend.services.event_bus import BACKLOG, RING, STREAMS, EventBus, Subscription

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Event:
    id: str
    kind: str
    data: Any


def parsed(chunk: bytes) -> list[Event]:
    events = []
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            events.append(Event(fields.get("id", ""), fields["event"], json.loads(fields["data"])))
    return events


async def taken(subscription: Subscription) -> list[Event]:
    """All that waits for this listener."""
    chunk = await subscription.receive()
    assert chunk is not None
    return parsed(chunk)


async def test_a_listener_gets_hello_and_then_what_is_published_in_order() -> None:
    bus = EventBus()
    listener = bus.subscribe(None, {"boot": bus.boot})
    for number in range(3):
        bus.publish("changed", {"number": number})
    events = await taken(listener)
    assert [event.kind for event in events] == ["hello", "changed", "changed", "changed"]
    assert [event.data.get("number") for event in events[1:]] == [0, 1, 2]
    assert len({event.id for event in events[1:]}) == 3


async def test_one_who_comes_back_gets_exactly_what_was_missed() -> None:
    bus = EventBus()
    first = bus.subscribe(None, {})
    bus.publish("changed", {"number": 1})
    seen = (await taken(first))[-1].id
    first.close()
    bus.publish("changed", {"number": 2})
    bus.publish("changed", {"number": 3})
    events = await taken(bus.subscribe(seen, {}))
    assert [(event.kind, event.data.get("number")) for event in events] == [
        ("hello", None),
        ("changed", 2),
        ("changed", 3),
    ]
    assert [event.kind for event in await taken(bus.subscribe(events[-1].id, {}))] == ["hello"]


async def test_one_who_saw_only_hello_misses_nothing_either() -> None:
    bus = EventBus()
    bus.publish("changed", {"number": 1})
    hello = (await taken(bus.subscribe(None, {})))[0].id
    bus.publish("changed", {"number": 2})
    assert [event.data.get("number") for event in await taken(bus.subscribe(hello, {}))] == [None, 2]


async def test_one_who_is_cut_off_amid_what_was_missed_still_misses_nothing() -> None:
    """A stream ends anywhere, such as right after its first event."""
    bus = EventBus()
    seen = (await taken(bus.subscribe(None, {})))[-1].id
    for number in (1, 2):
        bus.publish("changed", {"number": number})
    for wanted in (["hello", "changed", "changed"], ["hello", "resync"]):
        events = await taken(bus.subscribe(seen, {}))
        assert [event.kind for event in events] == wanted
        # What a browser comes back with: the newest id it was told, or the one it had.
        back = events[0].id or seen
        assert [event.kind for event in await taken(bus.subscribe(back, {}))] == wanted
        seen = "0badcafe-1"


@pytest.mark.parametrize(
    "last_event_id", ["0badcafe-1", "{boot}-99999", "{boot}-", "{boot}-x", "nonsense", "{boot}-" + "9" * 60]
)
async def test_an_id_that_is_not_known_means_reading_everything_again(last_event_id: str) -> None:
    bus = EventBus()
    bus.publish("changed", {})
    events = await taken(bus.subscribe(last_event_id.format(boot=bus.boot), {}))
    assert [event.kind for event in events] == ["hello", "resync"]


async def test_one_who_was_away_for_too_long_reads_everything_again() -> None:
    bus = EventBus()
    hello = (await taken(bus.subscribe(None, {})))[0].id
    for _ in range(RING + 1):
        bus.publish("changed", {})
    assert [event.kind for event in await taken(bus.subscribe(hello, {}))] == ["hello", "resync"]


async def test_a_slow_reader_loses_its_backlog_and_is_told_so_and_others_lose_nothing() -> None:
    bus = EventBus()
    slow, quick = bus.subscribe(None, {}), bus.subscribe(None, {})
    received = []
    for number in range(BACKLOG + 10):
        bus.publish("changed", {"number": number})
        received += await taken(quick)
    events = await taken(slow)
    assert events[0].kind == "resync"
    assert len(events) < 20
    assert events[-1].data == {"number": BACKLOG + 9}
    assert [event.data["number"] for event in received if event.kind == "changed"] == list(
        range(BACKLOG + 10)
    )


async def test_what_is_kept_for_replay_is_bounded_in_bytes() -> None:
    bus = EventBus()
    for _ in range(100):
        bus.publish("changed", b'"' + b"x" * 1_000_000 + b'"')
    kept = bus._ring_bytes
    assert kept == sum(len(one.encoded) for one in bus._ring) <= 9_000_000


async def test_there_is_room_for_a_thousand_and_again_when_one_leaves() -> None:
    bus = EventBus()
    listeners = [bus.subscribe(None, {}) for _ in range(STREAMS)]
    with pytest.raises(Overloaded) as refused:
        bus.subscribe(None, {})
    assert refused.value.code == "too_many_streams"
    listeners[0].close()
    bus.subscribe(None, {})


async def test_closing_ends_those_who_listen_and_those_who_come_later() -> None:
    bus = EventBus()
    listener = bus.subscribe(None, {})
    bus.publish("changed", {})
    bus.close()
    assert [event.kind for event in await taken(listener)] == ["hello", "changed"]
    assert await listener.receive() is None
    late = bus.subscribe(None, {})
    assert await late.receive() is not None
    assert await late.receive() is None
