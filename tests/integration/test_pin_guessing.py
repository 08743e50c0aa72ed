"""Guessing PINs: a second tablet, another employee or a restart does not help."""

import asyncio
from typing import Any

from sync_server.domain.refusal import Code
from sync_server.service.admin import client
from sync_server.service.auth import pins
from sync_server.service.auth.checker import EMPLOYEE_POLICY, TABLET_POLICY, CredentialChecker
from sync_server.service.storage import catalogue_mirror
from sync_server.service.storage.connection import connect
from sync_server.service.storage.schema.migrate import create_store_file
from sync_server.web.app import make_app
from tests.fake_clock import FakeClock
from tests.sample_store import MONDAY_10, catalogue

RIGHT, WRONG = "48151623", "99999999"


async def make_checker(tmp_path, pin_hash, clock):
    """A checker on a store where all have one PIN; `check(tablet, employee, pin)` gives the code or None."""
    path = tmp_path / "store.db"
    if not path.exists():  # a second checker is a server that started again
        create_store_file(path)
    db = connect(path)
    catalogue_mirror.mirror_catalogue(db, catalogue())
    db.execute("UPDATE employees SET pin_hash = ?", (pin_hash,))

    def write(work) -> asyncio.Future[Any]:
        written = asyncio.get_running_loop().create_future()
        written.set_result(work(db))
        return written

    checker = CredentialChecker(path, clock, write)

    async def check(tablet, employee, pin):
        refusal, _ = await checker.check_pin(tablet, employee, pin)
        return refusal.code if refusal else None

    return checker, check


async def test_two_tablets_that_guess_one_employees_pin_at_once_gain_nothing(tmp_path, pin_hash):
    _, check = await make_checker(tmp_path, pin_hash, FakeClock())
    guesses = [check(f"tablet-{n % 2}", "tom", WRONG) for n in range(12)]
    codes = await asyncio.gather(*guesses)
    assert codes.count(Code.WRONG_PIN) == EMPLOYEE_POLICY.free - 1
    assert codes.count(Code.TOO_MANY_TRIES) == 12 - (EMPLOYEE_POLICY.free - 1)
    assert await check("tablet-3", "tom", RIGHT) is Code.TOO_MANY_TRIES
    assert await check("tablet-3", "maya", RIGHT) is None  # no other employee has to wait


async def test_one_tablet_that_guesses_everybodys_pin_gains_nothing(tmp_path, pin_hash):
    _, check = await make_checker(tmp_path, pin_hash, FakeClock())
    names = ["tom", "maya", "lea", "kim"]
    codes = [await check("tablet", names[n % 4], WRONG) for n in range(20)]
    assert codes.count(Code.WRONG_PIN) == TABLET_POLICY.free - 1
    assert await check("tablet", "kim", RIGHT) is Code.TOO_MANY_TRIES
    assert await check("other", "kim", RIGHT) is None


async def test_ones_own_right_pin_does_not_buy_more_guesses(tmp_path, pin_hash):
    """An employee guesses a colleague's PIN between sign-ins of their own."""
    _, check = await make_checker(tmp_path, pin_hash, FakeClock())
    codes = []
    for n in range(20):
        await check("tablet", "kim", RIGHT)
        codes.append(await check("tablet", ("tom", "maya", "lea")[n % 3], WRONG))
    assert codes.count(Code.WRONG_PIN) == TABLET_POLICY.free - 1


async def test_wrong_pins_count_after_a_restart_and_not_after_a_new_pin(tmp_path, pin_hash):
    clock = FakeClock()
    _, check = await make_checker(tmp_path, pin_hash, clock)
    for _ in range(EMPLOYEE_POLICY.free):
        await check("tablet", "tom", WRONG)
    checker, check = await make_checker(tmp_path, pin_hash, clock)
    assert await check("other", "tom", RIGHT) is Code.TOO_MANY_TRIES
    db = connect(tmp_path / "store.db")
    pins.set_pin(db, "tom", pin_hash, MONDAY_10)
    db.close()
    await checker.reload()
    assert await check("other", "tom", RIGHT) is None


async def test_no_pause_is_longer_than_ten_minutes(tmp_path, pin_hash):
    clock = FakeClock()
    checker, check = await make_checker(tmp_path, pin_hash, clock)
    for _ in range(30):
        await check("tablet", "tom", WRONG)
        clock.after(checker._pin_wait_s("tablet", "tom"))
    await check("tablet", "tom", WRONG)
    clock.after(EMPLOYEE_POLICY.longest_s)
    assert await check("tablet", "tom", RIGHT) is None


async def test_the_manager_gives_a_new_pin_while_the_server_runs(house):
    file = house.enrol("staff", "Tablet")
    await house.open(make_app)
    tablet = house.device(file)
    await house.until(lambda: tablet.live)
    for _ in range(EMPLOYEE_POLICY.free):
        await tablet.sign_in("tom", WRONG)
    assert (await tablet.sign_in("tom", RIGHT)).refusal.code is Code.TOO_MANY_TRIES
    await asyncio.to_thread(client.run, house.data_dir, "set_pin", employee="tom", pin="20202020")
    assert (await tablet.sign_in("tom", "20202020")).refusal is None
