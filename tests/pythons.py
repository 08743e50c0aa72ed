"""Tries the product with the Python that runs this: `packaging/other-pythons` does it with each one.

    python -m tests.pythons                   # compiles everything, then takes a visit
    python -m tests.pythons --dependencies    # what has to be installed for that

It imports neither pytest nor Kivy, so that little has to be installed.
"""

import asyncio
import compileall
import importlib
import pkgutil
import sys
import tempfile
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PIN, PASSWORD = "48151623", "a-good-password"
GIVE_UP_S = 30
LEFT_OUT = (
    "sync_server.cli.demo",  # it starts windows, as does the simulation
    "sync_server.simulation",
    "sync_server.explore",  # these need extras, which a shop may do without
    "sync_server.service.reports.exports.parquet",
    "sync_server.service.reports.exports.xlsx",
)


def dependencies() -> list[str]:
    """The product's dependencies without Kivy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [line for line in project["dependencies"] if not line.startswith("kivy")]


def import_all() -> int:
    """Compiles all files and imports each module that works without a screen. Returns how many."""
    for folder in ("assets", "kiosk", "staff_app", "sync_server"):
        if not compileall.compile_dir(ROOT / folder, quiet=1, force=True, legacy=False):
            raise SystemExit(f"{folder}: does not compile with Python {sys.version}")
    import sync_server

    found = [
        module.name
        for module in pkgutil.walk_packages(sync_server.__path__, "sync_server.", lambda _name: None)
        if not module.name.startswith(LEFT_OUT) and not module.name.endswith("__main__")
    ]
    for name in found:
        importlib.import_module(name)
    return len(found)


async def take_a_visit(folder: Path) -> None:
    """A kiosk and a tablet are paired; a shopper comes, is served and leaves."""
    from sync_server.device.device import Device
    from sync_server.device.network.enrol_client import EnrolClient
    from sync_server.domain import ops
    from sync_server.domain.resolution import Resolution
    from sync_server.domain.visit.visit import State
    from sync_server.service.admin import client
    from sync_server.service.server import Server, serve
    from sync_server.service.upkeep.create_store import make_store
    from sync_server.service.upkeep.verify import verify
    from sync_server.web.app import make_app
    from tests.sample_store import STORE_TOML

    template = folder / "template.toml"
    template.write_text(STORE_TOML, "utf-8")
    store = make_store(folder / "store", "Test shop", PASSWORD, template)
    client.run(store, "set_pin", employee="maya", pin=PIN)
    ready: asyncio.Future[Server] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    at = "127.0.0.1:0"
    serving = asyncio.ensure_future(serve(store, make_app, at, at, ready.set_result, stop, at))
    server = await ready
    changed = asyncio.Event()

    async def until(condition: Callable[[], object]) -> None:
        while not condition():
            changed.clear()
            await changed.wait()

    async def paired(kind: str) -> Device:
        pairing = EnrolClient(kind)
        code = server.enrol.make_code(kind, kind.title())
        file = await pairing.with_code(server.enrol.address, code.code)
        device = Device(file, folder / kind)
        device.on_change = changed.set
        device.start()
        await until(lambda: device.live)
        return device

    async with asyncio.timeout(GIVE_UP_S):
        kiosk, tablet = await paired("kiosk"), await paired("staff")
        assert await tablet.sign_in("maya", PIN) is not None
        visit = kiosk.new_id()
        kiosk.submit(ops.OpenVisit(visit, kiosk.next_ticket(), "ask", "en"))

        def is_now(state: State) -> bool:
            return visit in tablet.view.visits and tablet.view.visits[visit].state == state

        steps: tuple[tuple[State, Callable[..., ops.DeviceOp], dict[str, Any]], ...] = (
            (State.OFFERED, ops.Accept, {}),
            (State.ACCEPTED, ops.Start, {}),
            (State.SERVING, ops.Complete, {"resolution": Resolution.SOLVED}),
        )
        for state, op, more in steps:
            await until(partial(is_now, state))
            await until(lambda: not tablet.outbox.pending())
            tablet.submit(op(visit_id=visit, expected_rev=tablet.view.visits[visit].rev, **more))
        await until(lambda: not tablet.outbox.pending())
        for device in (kiosk, tablet):
            device.stop()
        stop.set()
        await serving
    findings = verify(store)
    assert findings == [], findings


def main() -> None:
    if "--dependencies" in sys.argv:
        print("\n".join(dependencies()))
        return
    modules = import_all()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take_a_visit(Path(folder)))
    print(f"Python {sys.version.split()[0]}: {modules} modules, and a visit from pairing to its end")


if __name__ == "__main__":
    main()
