"""The dashboard and the alert rules of packaging/grafana ask for metrics, labels and values there are."""

import json
import re
from typing import Any, get_args

import msgspec
import pytest

from sync_server.domain.events import AnyVisitEvent, Presence
from sync_server.domain.ops import ActorKind
from sync_server.domain.visit.visit import OPEN
from sync_server.service.observe.counters import COUNTED
from sync_server.service.observe.metrics import METRICS

from .docs_pages import ROOT, page

FOLDER = ROOT / "packaging" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
RULES = msgspec.yaml.decode((FOLDER / "alerts.rules.yml").read_text("utf-8"))["groups"][0]["rules"]
EXPRESSIONS = [
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
    *(rule["expr"] for rule in RULES),
]
LABELS: dict[str, tuple[str, set[Any]]] = {
    "welkom_visits_open": ("state", set(OPEN)),
    "welkom_people": ("presence", set(Presence)),
    "welkom_devices_online": ("kind", {ActorKind.KIOSK, ActorKind.STAFF}),
    "welkom_events_total": ("event", {kind.__struct_config__.tag for kind in get_args(AnyVisitEvent)}),
}


def known() -> set[str]:
    """Every name that Prometheus reads."""
    names = {*METRICS, *(f"welkom_{name}_total" for name in COUNTED)}
    return names | {f"welkom_commit_seconds_{part}" for part in ("bucket", "sum", "count")}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_what_there_is(expression: str) -> None:
    names = set(re.findall(r"welkom_\w+", expression))
    assert names <= known(), names - known()
    assert names or "process_resident_memory_bytes" in expression
    assert expression.count("(") == expression.count(")")
    for name, selector in re.findall(r"(welkom_\w+)\{([^}]*)\}", expression):
        for label, _, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', selector):
            if label == "job":
                continue
            wanted, values = LABELS[name]
            assert label == wanted
            assert set(value.split("|")) <= {str(value) for value in values}, value


def test_every_rule_says_what_to_do() -> None:
    for rule in RULES:
        assert {"summary", "description"} <= rule["annotations"].keys(), rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_panels_do_not_overlap_and_have_a_text() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not taken & cells, panel["title"]
        assert panel["description"]
        taken |= cells


def test_the_page_about_monitoring_names_both_files() -> None:
    written = page("monitoring.md")
    assert all(f"packaging/grafana/{name.name}" in written for name in FOLDER.iterdir())
