"""Who asks to be let in, and the codes: what is remembered, what is turned away, and when it is over."""

import contextlib

import pytest

from sync_server.protocol import enrol
from sync_server.service import pairing as pairing_module
from sync_server.service.pairing import EXPIRES_MS, SILENT_MS, Pairing, Turned

HERE = "10.0.0.5"
STORE, DEVICE = "s" * 40, "d" * 40
ENROLLED = enrol.Enrolled("front-door", "kiosk", "Front door", "A", 7350)


@pytest.fixture
def pairing() -> Pairing:
    return Pairing(STORE, "Lumen & Co")


def ask(nonce: str, key: str = DEVICE) -> enrol.Ask:
    return enrol.Ask(enrol.WIRE, "kiosk", key, enrol.commitment_to(nonce))


def come(pairing: Pairing, now: int = 0, address: str = "10.0.0.5", nonce: str | None = None) -> str:
    """A device asks and reveals its number; the request."""
    nonce = nonce or enrol.new_nonce()
    asked = pairing.ask(ask(nonce), address, now)
    pairing.reveal(asked.request, nonce, now)
    return asked.request


def present(code: str, key: str = DEVICE, kind: str = "kiosk") -> enrol.Present:
    nonce = enrol.new_nonce()
    letters = enrol.read_code(code) or ""
    return enrol.Present(enrol.WIRE, kind, key, nonce, enrol.device_proof(letters, kind, key, nonce))


def turned(why: str):
    return pytest.raises(Turned, match=enrol.WHY[why])


# --- requests -------------------------------------------------------------------------------------


def test_the_digits_are_those_the_device_works_out(pairing):
    nonce = enrol.new_nonce()
    asked = pairing.ask(ask(nonce), "10.0.0.5", 0, "http://shop/manager/devices")
    assert pairing.waiting(0) == []  # nothing to compare yet
    pairing.reveal(asked.request, nonce, 0)
    (request,) = pairing.waiting(0)
    assert request.digits == enrol.digits("kiosk", asked.server_key, DEVICE, asked.nonce, nonce)
    assert request.address == "10.0.0.5"
    assert asked.store == "Lumen & Co"
    assert asked.manager_url == f"http://shop/manager/devices#r{asked.request}"


def test_another_number_than_the_one_committed_to_ends_the_request(pairing):
    asked = pairing.ask(ask(enrol.new_nonce()), "10.0.0.5", 0)
    with turned("refused"):
        pairing.reveal(asked.request, enrol.new_nonce(), 0)
    assert pairing.waiting(0) == []
    with turned("refused"):
        pairing.standing(asked.request, 0)


def test_a_reveal_said_twice_is_heard_once_and_another_one_ends_it(pairing):
    nonce = enrol.new_nonce()
    asked = pairing.ask(ask(nonce), "10.0.0.5", 0)
    pairing.reveal(asked.request, nonce, 0)
    pairing.reveal(asked.request, nonce, 0)
    assert len(pairing.waiting(0)) == 1
    with turned("refused"):
        pairing.reveal(asked.request, enrol.new_nonce(), 0)
    assert pairing.waiting(0) == []


@pytest.mark.attack(
    "What a device revealed is replayed in another request",
    "it is not what that request committed to, and the request is over",
)
def test_a_reveal_replayed_in_another_request_is_refused(pairing):
    nonce = enrol.new_nonce()
    first = pairing.ask(ask(nonce), "10.0.0.5", 0)
    pairing.reveal(first.request, nonce, 0)
    other = pairing.ask(ask(enrol.new_nonce(), "e" * 40), "10.0.0.6", 0)
    with turned("refused"):
        pairing.reveal(other.request, nonce, 0)


def test_whoever_repeats_all_that_was_overheard_shows_other_digits(pairing):
    nonce = enrol.new_nonce()
    one, other = come(pairing, nonce=nonce), come(pairing, nonce=nonce)
    shown = {r.request: r.digits for r in pairing.waiting(0)}
    assert shown[one] != shown[other]


def test_two_requests_with_the_same_digits_are_both_turned_away(pairing, monkeypatch):
    request = come(pairing)
    monkeypatch.setattr(enrol, "digits", lambda *_: pairing.waiting(0)[0].digits)
    with turned("refused"):
        come(pairing)
    assert pairing.waiting(0) == []
    with turned("refused"):
        pairing.standing(request, 0)


def test_a_request_ends_after_ten_minutes(pairing):
    request = come(pairing)
    for now in range(0, EXPIRES_MS, SILENT_MS):
        pairing.standing(request, now)
    pairing.standing(request, EXPIRES_MS)
    with turned("expired"):
        pairing.standing(request, EXPIRES_MS + 1)
    with turned("expired"):
        pairing.wanted(request, EXPIRES_MS + 1)


def test_a_request_whose_device_went_away_is_not_shown_any_more(pairing):
    request = come(pairing)
    assert pairing.waiting(SILENT_MS)
    assert pairing.waiting(SILENT_MS + 1) == []
    with turned("expired"):
        pairing.wanted(request, SILENT_MS + 1)


def test_an_approved_device_may_fetch_its_answer_late(pairing):
    request = come(pairing)
    pairing.wanted(request, 0).enrolled = ENROLLED
    assert pairing.waiting(0) == []
    assert pairing.standing(request, SILENT_MS * 3).enrolled == ENROLLED


def test_a_refused_device_is_told_so_and_cannot_be_approved_after_all(pairing):
    request = come(pairing)
    pairing.refuse(request, 0)
    with turned("refused"):
        pairing.standing(request, 0)
    with turned("expired"):
        pairing.wanted(request, 0)


@pytest.mark.attack(
    "Request after request to be paired, until one shows the digits of another",
    "forty in ten minutes are taken, a chance of one in 25,000; codes go on working",
)
def test_few_requests_are_taken_in_ten_minutes_and_codes_are_not_touched_by_it(pairing):
    """Each request is one try in a million for somebody in the middle."""
    asked, now = 0, 0
    for n in range(200):
        now += SILENT_MS // 4
        with contextlib.suppress(Turned):
            pairing.ask(ask(enrol.new_nonce()), f"10.0.0.{n % 20}", now)
            asked += 1
        if now > EXPIRES_MS - SILENT_MS:
            break
    assert asked <= pairing_module.MOST_ASKED
    code = pairing.make_code("kiosk", "Front door", now)
    assert pairing.fitting(present(code.code), HERE, now) is code
    pairing.ask(ask(enrol.new_nonce()), "10.0.0.5", now + EXPIRES_MS + SILENT_MS)


def test_one_address_has_a_smaller_share(pairing):
    for n in range(pairing_module.MOST_ASKED_EACH):
        pairing.ask(ask(enrol.new_nonce()), "10.0.0.5", n * (SILENT_MS + 1))
    with turned("too_many"):
        pairing.ask(ask(enrol.new_nonce()), "10.0.0.5", 0)
    come(pairing, address="10.0.0.6", now=n * (SILENT_MS + 1))


def test_only_so_many_ask_at_once(pairing):
    for n in range(pairing_module.MOST_WAITING):
        come(pairing, address=f"10.0.0.{n}")
    with turned("too_many"):
        come(pairing, address="10.0.1.1")
    assert len(pairing.waiting(0)) == pairing_module.MOST_WAITING


# --- codes ----------------------------------------------------------------------------------------


def test_a_code_fits_one_device_once(pairing):
    code = pairing.make_code("kiosk", "Front door", 0)
    mine = present(code.code)
    assert pairing.fitting(mine, HERE, 0) is code
    code.used_by, code.enrolled = DEVICE, ENROLLED
    assert pairing.fitting(mine, HERE, 0) is code  # the same device, whose answer was lost
    with turned("wrong_code"):
        pairing.fitting(present(code.code, "e" * 40), HERE, 0)


def test_a_code_ends_after_ten_minutes(pairing):
    code = pairing.make_code("kiosk", "Front door", 0)
    pairing.fitting(present(code.code), HERE, EXPIRES_MS)
    assert pairing.code(code.id, EXPIRES_MS) is code
    with turned("wrong_code"):
        pairing.fitting(present(code.code), HERE, EXPIRES_MS + 1)
    assert pairing.code(code.id, EXPIRES_MS + 1) is None


def test_a_code_for_a_kiosk_lets_in_no_tablet(pairing):
    code = pairing.make_code("kiosk", "Front door", 0)
    with turned("wrong_code"):
        pairing.fitting(present(code.code, kind="staff"), HERE, 0)


@pytest.mark.attack(
    "Codes are guessed",
    "each guess has one chance in 2^65; after twenty none is taken from that address for a while, and others"
    " are paired meanwhile",
)
def test_guesses_are_turned_away_and_after_many_even_the_right_code(pairing):
    code = pairing.make_code("kiosk", "Front door", 0)
    for n in range(pairing_module.MOST_WRONG):
        guesser = f"10.1.0.{n // pairing_module.MOST_WRONG_EACH}"
        with turned("wrong_code"):
            pairing.fitting(present(enrol.new_code()), guesser, 0)
        if n % pairing_module.MOST_WRONG_EACH == pairing_module.MOST_WRONG_EACH - 1:
            with turned("too_many"):
                pairing.fitting(present(code.code), guesser, 0)
            if n < pairing_module.MOST_WRONG - 1:
                assert pairing.fitting(present(code.code), HERE, 0) is code
    with turned("too_many"):
        pairing.fitting(present(code.code), HERE, 0)
    later = EXPIRES_MS + 1
    code = pairing.make_code("kiosk", "Front door", later)
    assert pairing.fitting(present(code.code), HERE, later) is code


def test_a_proof_made_for_another_key_is_worth_nothing(pairing):
    """Somebody in the middle overhears a proof and puts their own key beside it."""
    code = pairing.make_code("kiosk", "Front door", 0)
    heard = present(code.code)
    with turned("wrong_code"):
        pairing.fitting(enrol.Present(heard.wire, heard.kind, "e" * 40, heard.nonce, heard.proof), HERE, 0)


def test_the_oldest_of_too_many_codes_ends(pairing):
    first = pairing.make_code("kiosk", "First", 0)
    for n in range(pairing_module.MOST_CODES):
        pairing.make_code("kiosk", f"Kiosk {n}", 0)
    assert pairing.code(first.id, 0) is None
