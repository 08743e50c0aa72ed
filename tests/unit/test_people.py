"""How each event changes an employee's live state."""

import pytest
from msgspec.structs import replace

from sync_server.domain import events as ev
from sync_server.domain.events import Presence
from sync_server.domain.people import Help, Person, apply
from sync_server.domain.resolution import Resolution

AT, WRAP_UP_MS = 9_000, 5_000
# With two visits in hand, two on hold, and one on offer, since the first second.
BUSY = Person("tom", Presence.AVAILABLE, 1_000, "tablet-1", 1_000, 1_000, "o", ("a", "b"), ("h", "i"))


def after(event: ev.Event, visit_id: str | None, person: Person = BUSY) -> Person:
    return apply(person, visit_id, event, AT, WRAP_UP_MS)


@pytest.mark.parametrize(
    ("event", "visit_id", "changes"),
    [
        (ev.Offered("tom", 99), "n", {"offer": "n"}),
        (ev.Accepted("tom"), "n", {"offer": None, "active": ("a", "b", "n"), "since": AT}),
        (ev.Claimed("tom"), "n", {"offer": None, "active": ("a", "b", "n"), "since": AT}),
        (ev.Started("tom"), "a", {}),
        (ev.Declined("tom"), "o", {"offer": None}),
        (ev.TimedOut("tom"), "o", {"offer": None}),
        (ev.Withdrawn("tom"), "o", {"offer": None}),
        (
            ev.Completed("tom", Resolution.SOLVED),
            "a",
            {"active": ("b",), "since": AT, "idle_since": AT, "free_at": AT + WRAP_UP_MS},
        ),
        (ev.Held("tom"), "a", {"active": ("b",), "holding": ("h", "i", "a"), "since": AT, "idle_since": AT}),
        (ev.Resumed("tom"), "h", {"active": ("a", "b", "h"), "holding": ("i",), "since": AT}),
        (ev.HandedOver("tom", "", "ask"), "a", {"active": ("b",), "since": AT, "idle_since": AT}),
        (
            ev.HandedOver("tom", "", "ask"),
            "h",
            {"holding": ("i",)},
        ),
        (ev.NoShow("tom"), "o", {"offer": None}),
        (ev.Cancelled(), "b", {"active": ("a",), "since": AT, "idle_since": AT}),
        (ev.Removed("tom"), "i", {"holding": ("h",)}),
        (ev.Expired(), "a", {"active": ("b",), "since": AT, "idle_since": AT}),
        (ev.Noted("tom", "n"), "a", {}),
        (ev.Recalled("tom"), "a", {}),
        (ev.HelpWanted("tom"), "a", {"help": Help("a", AT)}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ev.VisitEvent) else "",
)
def test_an_event_of_a_visit_changes_exactly_this(event, visit_id, changes):
    assert after(event, visit_id) == replace(BUSY, **changes)


@pytest.mark.parametrize(
    ("before", "now", "idle_since"),
    [
        (Presence.AVAILABLE, Presence.AVAILABLE, 1_000),  # signed on again
        (Presence.AVAILABLE, Presence.ON_BREAK, 1_000),
        (Presence.ON_BREAK, Presence.AVAILABLE, AT),
        (Presence.ON_BREAK, Presence.OFF_FLOOR, 1_000),
        (Presence.NOT_RESPONDING, Presence.AVAILABLE, AT),
        (Presence.OFF_FLOOR, Presence.AVAILABLE, AT),
    ],
)
def test_somebody_who_comes_back_is_idle_from_then_on(before, now, idle_since):
    person = replace(BUSY, chosen=before)
    event = ev.PresenceChanged("tom", now, "tablet-2")
    expected = replace(person, chosen=now, device_id="tablet-2", since=AT, idle_since=idle_since)
    assert after(event, None, person) == expected
