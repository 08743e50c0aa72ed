"""Guessing PINs: neither a second tablet nor another employee helps, nor does a restart."""

import asyncio

from sync_server.domain.refusal import Code
from sync_server.service import accounts, control
from sync_server.service.doorman import OF_EMPLOYEE, OF_TABLET, Doorman
from sync_server.service.store import connect, migrate
from sync_server.web.app import make_app
from tests.shop import MONDAY_10, Clock, catalogue

RIGHT, WRONG = "48151623", "99999999"


async def shop(tmp_path, pin_hash, clock):
    """A doorman on a store with everybody's PIN; `check(tablet, employee, pin)` gives the code or None."""
    path = tmp_path / "store.db"
    migrate(path)
    db = connect(path)
    accounts.mirror_catalogue(db, catalogue())
    db.execute("UPDATE employees SET pin_hash = ?", (pin_hash,))

    async def write(work):
        return work(db)

    doorman = Doorman(path, clock, write)

    async def check(tablet, employee, pin):
        refusal, _ = await doorman.check_pin(tablet, employee, pin)
        return refusal.code if refusal else None

    return doorman, check


async def test_two_tablets_that_guess_one_employees_pin_at_once_gain_nothing(tmp_path, pin_hash):
    _, check = await shop(tmp_path, pin_hash, Clock())
    guesses = [check(f"tablet-{n % 2}", "tom", WRONG) for n in range(12)]
    codes = await asyncio.gather(*guesses)
    assert codes.count(Code.WRONG_PIN) == OF_EMPLOYEE.free - 1
    assert codes.count(Code.TOO_MANY_TRIES) == 12 - (OF_EMPLOYEE.free - 1)
    assert await check("tablet-3", "tom", RIGHT) is Code.TOO_MANY_TRIES
    assert await check("tablet-3", "maya", RIGHT) is None  # nobody else has to wait


async def test_one_tablet_that_guesses_everybodys_pin_gains_nothing(tmp_path, pin_hash):
    _, check = await shop(tmp_path, pin_hash, Clock())
    names = ["tom", "maya", "lea", "kim"]
    codes = [await check("tablet", names[n % 4], WRONG) for n in range(20)]
    assert codes.count(Code.WRONG_PIN) == OF_TABLET.free - 1
    assert await check("tablet", "kim", RIGHT) is Code.TOO_MANY_TRIES
    assert await check("other", "kim", RIGHT) is None


async def test_ones_own_right_pin_does_not_buy_more_guesses(tmp_path, pin_hash):
    """An employee guesses a colleague's PIN between sign-ins of their own."""
    _, check = await shop(tmp_path, pin_hash, Clock())
    codes = []
    for n in range(20):
        await check("tablet", "kim", RIGHT)
        codes.append(await check("tablet", ("tom", "maya", "lea")[n % 3], WRONG))
    assert codes.count(Code.WRONG_PIN) == OF_TABLET.free - 1


async def test_a_restart_forgives_nobody_and_a_new_pin_does(tmp_path, pin_hash):
    clock = Clock()
    _, check = await shop(tmp_path, pin_hash, clock)
    for _ in range(OF_EMPLOYEE.free):
        await check("tablet", "tom", WRONG)
    doorman, check = await shop(tmp_path, pin_hash, clock)
    assert await check("other", "tom", RIGHT) is Code.TOO_MANY_TRIES
    db = connect(tmp_path / "store.db")
    accounts.set_pin(db, "tom", pin_hash, MONDAY_10)
    db.close()
    await doorman.reload()
    assert await check("other", "tom", RIGHT) is None


async def test_nobody_waits_longer_than_ten_minutes_whatever_was_guessed(tmp_path, pin_hash):
    clock = Clock()
    doorman, check = await shop(tmp_path, pin_hash, clock)
    for _ in range(30):
        await check("tablet", "tom", WRONG)
        clock.after(doorman._wait_s("tablet", "tom"))
    await check("tablet", "tom", WRONG)
    clock.after(OF_EMPLOYEE.longest_s)
    assert await check("tablet", "tom", RIGHT) is None


async def test_the_manager_gives_a_new_pin_while_the_server_runs(house):
    file = house.enrol("staff", "Tablet")
    await house.open(make_app)
    tablet = house.device(file)
    await house.until(lambda: tablet.live)
    for _ in range(OF_EMPLOYEE.free):
        await tablet.sign_in("tom", WRONG)
    assert (await tablet.sign_in("tom", RIGHT)).refusal.code is Code.TOO_MANY_TRIES
    await asyncio.to_thread(control.run, house.folder, "set_pin", employee="tom", pin="20202020")
    assert (await tablet.sign_in("tom", "20202020")).refusal is None
