"""A small store for tests: its catalogue, its store.toml, and times in it."""

from datetime import UTC, datetime
from typing import Any

from sync_server.domain.catalogue.catalogue import (
    Catalogue,
    Employee,
    Gift,
    Need,
    Place,
    Skill,
    StoreInfo,
    Tip,
)
from sync_server.domain.catalogue.times import Times
from sync_server.simulation.small_store import need, small_store


def text(words: str) -> dict[str, str]:
    return {"en": words, "nl": words, "fi": words}


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """An instant in UTC, ms since 1970."""
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() * 1000)


MONDAY_10 = ms(2026, 3, 2, 9)  # ten in the morning in Amsterdam
CLOSES = ms(2026, 3, 2, 20)  # that day's closing time, 21:00


def catalogue(store: StoreInfo | None = None, times: Times | None = None, **changes: Any) -> Catalogue:
    """Four employees: maya has all skills, tom has repair, lea has sales, kim has none."""
    whole: dict[str, Any] = {
        "store": store or StoreInfo(name="Test shop", closes="21:00"),
        "times": times or Times(),
        "skills": tuple(Skill(code, text(code)) for code in ("repair", "sales", "phone")),
        "needs": (
            Need("repair", text("repair"), "tool", skills=("repair",)),
            Need("repair_phone", text("phone"), "phone", skills=("repair",), prefer=("phone", "sales")),
            Need("buy", text("buy"), "bag", skills=("sales",)),
            Need("ask", text("ask"), "bulb"),
            Need("pick_up", text("pick up"), "box", priority=2),
            Need("advice", text("advice"), "dots"),
            Need("advice_sound", text("sound"), "ear", under="advice"),
        ),
        "employees": (
            Employee("maya", "Maya", frozenset({"repair", "sales", "phone"})),
            Employee("tom", "Tom", frozenset({"repair"})),
            Employee("lea", "Lea", frozenset({"sales"})),
            Employee("kim", "Kim", frozenset()),
        ),
        "places": (Place("door", text("door"), "door"),),
        "tips": (Tip("dry", text("keep it dry")),),
        "gifts": (Gift("cable", text("cable"), 900), Gift("case", text("case"), 2400)),
    }
    return Catalogue(**{**whole, **changes})


PASSWORD = "a-good-password"
STORE_TOML = small_store(
    "Test shop",
    "21:00",
    "\n".join(
        (
            need(
                "repair",
                "It is broken",
                "tool",
                'skills = ["repair"]\ntarget_wait_s = 90\nendings = ["solved"]\n[needs.self_help]\n'
                'title = { en = "Try this" }\ntext = { en = "Off and on again" }',
            ),
            need("buy", "I want to buy", "bag", 'skills = ["sales"]\nprefer = ["repair"]'),
            need("ask", "A question", "bulb"),
            need("advice", "Advice", "dots"),
            need("advice_sound", "On sound", "ear", 'under = "advice"'),
        )
    ),
    {"maya": ["repair", "sales"], "tom": ["repair"], "kim": []},
    tables="""\
[server]
sync = "127.0.0.1:0"
web = "127.0.0.1:0"
enrol = ""
announce = false

[times]
offer_s = 15
""",
    tip='needs = ["repair"]',
).replace('id = "maya"\n', 'id = "maya"\ncolour = "#A1B2C3"\n')
