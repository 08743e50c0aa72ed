"""A client written from the docs alone takes part: from pairing to the visit log and the API."""

import ast
import asyncio
import sys
from functools import partial
from pathlib import Path

import pytest

from tests import independent
from tests.independent.device import Device, Fault, Refused
from tests.independent.enrolment import Denied, Enrolment

from .harness import PIN, StoreHarness
from .pairing_steps import approve

FOLDER = Path(independent.__file__).parent
MAY_IMPORT = {*sys.stdlib_module_names, "requests", "zmq"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_it_imports_nothing_of_the_product(path):
    tree = ast.parse(path.read_text("utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported |= {node.module or "" for node in found if not node.level}
    assert {name.partition(".")[0] for name in imported} <= MAY_IMPORT
    assert all(node.level <= 1 for node in found)


async def paired(shop: StoreHarness) -> tuple[Device, Device]:
    """A kiosk that was let in by its digits, and a tablet by a code."""
    await shop.open()
    address = shop.server.enrol.address
    enrolment = Enrolment("kiosk", address)
    await asyncio.to_thread(enrolment.show_digits)
    assert await asyncio.to_thread(enrolment.poll) is None
    await approve(shop, "Front door")
    at_door = await asyncio.to_thread(enrolment.poll)
    code = shop.server.enrol.make_code("staff", "Sam's tablet").code
    in_hand = await asyncio.to_thread(Enrolment("staff", address).by_code, code.lower().replace("-", " "))
    return await asyncio.to_thread(Device, at_door), await asyncio.to_thread(Device, in_hand)


def take_a_visit(kiosk: Device, tablet: Device) -> str:
    """A shopper comes with the first need that anybody can help with; an employee solves it. Its id."""
    employees = [person["id"] for person in kiosk.catalogue["employees"]]
    groups = {need.get("under") for need in kiosk.catalogue["needs"]}
    need = next(
        n["code"] for n in kiosk.catalogue["needs"] if n["code"] not in groups and not n.get("skills")
    )
    tablet.sign_in(employees[0], PIN)
    tablet.until(lambda: tablet.people[employees[0]]["presence"] == "available")

    visit, ticket = kiosk.new_id(), kiosk.next_ticket()
    op = {"op": "open_visit", "visit_id": visit, "ticket": ticket, "need": need, "language": "en"}
    kiosk.do(**op, alias="Robin", link=kiosk.new_link())
    kiosk.until(lambda: kiosk.visits[visit]["ticket"] == ticket)
    tablet.until(lambda: tablet.visits.get(visit, {}).get("offer_to") == employees[0])
    for step, shown in (("accept", "accepted_at"), ("recall", "recalled_at"), ("start", "serving_at")):
        tablet.do(step, visit_id=visit, expected_rev=tablet.visits[visit]["rev"])
        tablet.until(partial(tablet.has, visit, shown))
    resolution = kiosk.catalogue["needs"][0].get("endings", ["solved"])[0]
    tablet.do(
        "complete",
        visit_id=visit,
        expected_rev=tablet.visits[visit]["rev"],
        resolution=resolution,
        note="A new cable",
    )
    kiosk.until(lambda: kiosk.visits[visit]["state"] == "completed")
    kiosk.do("rate", visit_id=visit, ces=5)
    return visit


async def test_it_takes_a_visit_from_pairing_to_outcome(shop):
    kiosk, tablet = await paired(shop)
    with kiosk, tablet:
        visit = await asyncio.to_thread(take_a_visit, kiosk, tablet)
    row = shop.one("SELECT state || ' ' || resolution || ' ' || ces FROM visits WHERE visit_id = ?", visit)
    assert row == "completed solved 5"


async def test_an_op_that_is_repeated_is_done_once_and_refusals_say_why(shop):
    kiosk, tablet = await paired(shop)

    def talk() -> None:
        need = next(n["code"] for n in kiosk.catalogue["needs"] if not n.get("skills"))
        op = {"op": "open_visit", "visit_id": kiosk.new_id(), "ticket": kiosk.next_ticket(), "need": need}
        op["language"] = "en"
        op_id = kiosk.new_id()
        kiosk.submit(op_id, op)
        kiosk.submit(op_id, op)
        with pytest.raises(Refused, check=lambda refused: refused.code == "op_id_reused"):
            kiosk.submit(op_id, {**op, "visit_id": kiosk.new_id(), "ticket": kiosk.next_ticket()})
        with pytest.raises(
            Refused, check=lambda refused: (refused.code, refused.about) == ("not_signed_in", "")
        ):
            tablet.do("accept", visit_id=op["visit_id"], expected_rev=1)
        with pytest.raises(Refused, check=lambda refused: refused.code == "wrong_pin"):
            tablet.sign_in(kiosk.catalogue["employees"][0]["id"], "000000")
        with pytest.raises(Fault, match="ticket"):
            kiosk.do("open_visit", visit_id=kiosk.new_id(), ticket="seven", need=need, language="en")

    with kiosk, tablet:
        await asyncio.to_thread(talk)
    assert shop.one("SELECT count(*) FROM visits") == 1


async def test_a_wrong_code_is_denied(shop):
    await shop.open()
    with pytest.raises(Denied, match="wrong_code"):
        await asyncio.to_thread(Enrolment("kiosk", shop.server.enrol.address).by_code, "7K3M-9QXW-2T8HV")
