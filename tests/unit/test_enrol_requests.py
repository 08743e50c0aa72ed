"""Requests and codes of enrolment: their states, their limits and their end."""

import contextlib

import pytest

from sync_server.protocol import enrol, enrol_codes, enrol_proofs
from sync_server.service.enrol.requests import (
    EXPIRES_MS,
    ApprovalProblem,
    EnrolRequests,
    NotApproved,
    RequestRefused,
)
from sync_server.service.limits.numbers import (
    PAIRING_CODES,
    PAIRING_REQUESTS,
    PAIRING_REQUESTS_PER_ADDRESS,
    PAIRING_SILENT_MS,
    PAIRING_STILL_MS,
    PAIRING_WAITING,
    WRONG_CODES,
    WRONG_CODES_PER_ADDRESS,
)

HERE = "10.0.0.5"
STORE, DEVICE = "s" * 40, "d" * 40
ENROLLED = enrol.Enrolled("front-door", "kiosk", "Front door", "A", 7350)


@pytest.fixture
def pairing() -> EnrolRequests:
    return EnrolRequests(STORE, "Lumen & Co")


def ask(nonce: str, key: str = DEVICE) -> enrol.Ask:
    return enrol.Ask(enrol.WIRE, "kiosk", key, enrol_proofs.commitment_to(nonce))


def come(pairing: EnrolRequests, now: int = 0, address: str = "10.0.0.5", nonce: str | None = None) -> str:
    """A device asks and reveals its number. Returns the request."""
    nonce = nonce or enrol_proofs.new_nonce()
    asked = pairing.ask(ask(nonce), address, now)
    pairing.reveal(asked.request, nonce, now)
    return asked.request


def present(code: str, key: str = DEVICE, kind: str = "kiosk") -> enrol.Present:
    nonce = enrol_proofs.new_nonce()
    letters = enrol_codes.read_code(code) or ""
    return enrol.Present(enrol.WIRE, kind, key, nonce, enrol_proofs.device_proof(letters, kind, key, nonce))


def turned(why: str):
    return pytest.raises(RequestRefused, match=enrol.DENIAL_REASONS[why])


# --- requests -------------------------------------------------------------------------------------


def test_the_digits_are_those_the_device_works_out(pairing):
    nonce = enrol_proofs.new_nonce()
    asked = pairing.ask(ask(nonce), "10.0.0.5", 0, "http://shop/manager/devices")
    assert pairing.waiting(0) == []  # nothing to compare yet
    pairing.reveal(asked.request, nonce, 0)
    (request,) = pairing.waiting(0)
    assert request.digits == enrol_proofs.six_digits("kiosk", asked.server_key, DEVICE, asked.nonce, nonce)
    assert request.address == "10.0.0.5"
    assert asked.store == "Lumen & Co"
    assert asked.manager_url == f"http://shop/manager/devices#r{asked.request}"


def test_another_number_than_the_one_committed_to_ends_the_request(pairing):
    asked = pairing.ask(ask(enrol_proofs.new_nonce()), "10.0.0.5", 0)
    with turned("refused"):
        pairing.reveal(asked.request, enrol_proofs.new_nonce(), 0)
    assert pairing.waiting(0) == []
    with turned("refused"):
        pairing.state(asked.request, 0)


def test_a_repeated_reveal_changes_nothing_and_another_one_ends_the_request(pairing):
    nonce = enrol_proofs.new_nonce()
    asked = pairing.ask(ask(nonce), "10.0.0.5", 0)
    pairing.reveal(asked.request, nonce, 0)
    pairing.reveal(asked.request, nonce, 0)
    assert len(pairing.waiting(0)) == 1
    with turned("refused"):
        pairing.reveal(asked.request, enrol_proofs.new_nonce(), 0)
    assert pairing.waiting(0) == []


@pytest.mark.attack(
    "The number that a device revealed is replayed in another request",
    "it does not match that request's commitment, and the request ends",
)
def test_a_reveal_replayed_in_another_request_is_refused(pairing):
    nonce = enrol_proofs.new_nonce()
    first = pairing.ask(ask(nonce), "10.0.0.5", 0)
    pairing.reveal(first.request, nonce, 0)
    other = pairing.ask(ask(enrol_proofs.new_nonce(), "e" * 40), "10.0.0.6", 0)
    with turned("refused"):
        pairing.reveal(other.request, nonce, 0)


def test_replaying_a_recorded_exchange_gives_other_digits(pairing):
    nonce = enrol_proofs.new_nonce()
    one, other = come(pairing, nonce=nonce), come(pairing, nonce=nonce)
    shown = {r.request: r.digits for r in pairing.waiting(0)}
    assert shown[one] != shown[other]


def test_two_requests_with_the_same_digits_are_both_turned_away(pairing, monkeypatch):
    request = come(pairing)
    monkeypatch.setattr(enrol_proofs, "six_digits", lambda *_: pairing.waiting(0)[0].digits)
    with turned("refused"):
        come(pairing)
    assert pairing.waiting(0) == []
    with turned("refused"):
        pairing.state(request, 0)


def test_a_request_ends_after_ten_minutes(pairing):
    request = come(pairing)
    for now in range(0, EXPIRES_MS, PAIRING_SILENT_MS):
        pairing.state(request, now)
    pairing.state(request, EXPIRES_MS)
    with turned("expired"):
        pairing.state(request, EXPIRES_MS + 1)
    with turned("expired"):
        pairing.find_waiting(request, EXPIRES_MS + 1)


def test_a_request_whose_device_went_away_is_not_shown_any_more(pairing):
    request = come(pairing)
    assert pairing.waiting(PAIRING_SILENT_MS)
    assert pairing.waiting(PAIRING_SILENT_MS + 1) == []
    with turned("expired"):
        pairing.find_waiting(request, PAIRING_SILENT_MS + 1)


def test_an_approved_device_may_fetch_its_answer_late(pairing):
    request = come(pairing)
    pairing.find_waiting(request, 0).enrolled = ENROLLED
    assert pairing.waiting(0) == []
    assert pairing.state(request, PAIRING_SILENT_MS * 3).enrolled == ENROLLED


def test_a_refused_device_cannot_be_approved_later(pairing):
    request = come(pairing)
    pairing.refuse(request, 0)
    with turned("refused"):
        pairing.state(request, 0)
    with turned("expired"):
        pairing.find_waiting(request, 0)


@pytest.mark.attack(
    "Many requests to be paired, until one shows the same digits as another",
    "ten in ten minutes are accepted, and a screen shows digits four times in that time: a chance of one in"
    " 25,000; codes still work",
)
def test_few_requests_are_taken_in_ten_minutes_and_codes_are_not_touched_by_it(pairing):
    """Each request, with each of the digits that the screen shows meanwhile, is one try in a million."""
    assert PAIRING_REQUESTS * enrol.MAX_SHOWN * 25_000 <= 1_000_000
    asked, now = 0, 0
    for n in range(200):
        now += PAIRING_SILENT_MS // 4
        with contextlib.suppress(RequestRefused):
            pairing.ask(ask(enrol_proofs.new_nonce()), f"10.0.0.{n % 20}", now)
            asked += 1
        if now > EXPIRES_MS - PAIRING_SILENT_MS:
            break
    assert asked <= PAIRING_REQUESTS
    code = pairing.make_code("kiosk", "Front door", now)
    assert pairing.match_code(present(code.code), HERE, now) is code
    pairing.ask(ask(enrol_proofs.new_nonce()), "10.0.0.5", now + EXPIRES_MS + PAIRING_SILENT_MS)


def test_one_address_has_a_smaller_share(pairing):
    for n in range(PAIRING_REQUESTS_PER_ADDRESS):
        pairing.ask(ask(enrol_proofs.new_nonce()), "10.0.0.5", n * (PAIRING_SILENT_MS + 1))
    with turned("too_many"):
        pairing.ask(ask(enrol_proofs.new_nonce()), "10.0.0.5", 0)
    come(pairing, address="10.0.0.6", now=n * (PAIRING_SILENT_MS + 1))


def test_the_number_of_waiting_requests_is_limited(pairing):
    for n in range(PAIRING_WAITING):
        come(pairing, address=f"10.0.0.{n}")
    with turned("too_many"):
        come(pairing, address="10.0.1.1")
    assert len(pairing.waiting(0)) == PAIRING_WAITING


# --- the manager approves ----------------------------------------------------------------------------


def test_a_yes_needs_the_digits_and_a_look_of_two_seconds(pairing):
    request = come(pairing, now=1000)
    (shown,) = pairing.waiting(1000)
    with pytest.raises(NotApproved, check=lambda e: e.why is ApprovalProblem.TOO_SOON):
        pairing.check_settled(request, 999 + PAIRING_STILL_MS)
    now = 1000 + PAIRING_STILL_MS
    pairing.check_settled(request, now)
    for digits in ("", "000000", shown.digits[:-1], shown.digits + "0"):
        if digits != shown.digits:
            with pytest.raises(NotApproved, check=lambda e: e.why is ApprovalProblem.WRONG_DIGITS):
                pairing.find_approvable(request, digits, now)
    for digits in (shown.digits, shown.digits.replace(" ", ""), f" {shown.digits} "):
        assert pairing.find_approvable(request, digits, now) is shown
    with turned("expired"):
        pairing.find_approvable("a" * 32, shown.digits, now)


def test_the_newest_to_be_shown_is_last_whoever_asked_first(pairing):
    nonce = enrol_proofs.new_nonce()
    early = pairing.ask(ask(nonce), "10.0.0.5", 0).request
    second = come(pairing, address="10.0.0.6")
    assert [one.request for one in pairing.waiting(0)] == [second]
    pairing.reveal(early, nonce, 0)
    assert [one.request for one in pairing.waiting(0)] == [second, early]


def test_a_request_that_is_over_keeps_its_place_while_a_later_one_waits(pairing):
    first, second, third = (come(pairing, address=f"10.0.0.{n}") for n in range(3))
    places = [(first, False), (second, True), (third, False)]
    pairing.refuse(first, 0)
    pairing.find_waiting(third, 0).enrolled = ENROLLED
    assert [(one.request, waits) for one, waits in pairing.shown(0)] == places[:2]
    pairing.refuse(second, 0)
    assert pairing.shown(0) == []


def test_places_are_not_kept_for_ever(pairing):
    pairing.refuse(come(pairing), 0)
    for n in range(1, 30):
        now = n * EXPIRES_MS // 2
        come(pairing, now=now)
        assert len(pairing.shown(now)) <= 6


# --- codes ----------------------------------------------------------------------------------------


def test_a_code_fits_one_device_once(pairing):
    code = pairing.make_code("kiosk", "Front door", 0)
    mine = present(code.code)
    assert pairing.match_code(mine, HERE, 0) is code
    code.used_by, code.enrolled = DEVICE, ENROLLED
    assert pairing.match_code(mine, HERE, 0) is code  # the same device, whose answer was lost
    with turned("wrong_code"):
        pairing.match_code(present(code.code, "e" * 40), HERE, 0)


def test_a_code_ends_after_ten_minutes(pairing):
    code = pairing.make_code("kiosk", "Front door", 0)
    pairing.match_code(present(code.code), HERE, EXPIRES_MS)
    assert pairing.code(code.id, EXPIRES_MS) is code
    with turned("wrong_code"):
        pairing.match_code(present(code.code), HERE, EXPIRES_MS + 1)
    assert pairing.code(code.id, EXPIRES_MS + 1) is None


def test_a_code_for_a_kiosk_enrols_no_tablet(pairing):
    code = pairing.make_code("kiosk", "Front door", 0)
    with turned("wrong_code"):
        pairing.match_code(present(code.code, kind="staff"), HERE, 0)


@pytest.mark.attack(
    "Pairing codes are guessed",
    "each guess has a chance of one in 2^65; after twenty no code is accepted from that address for a"
    " while, and others are paired meanwhile",
)
def test_guesses_are_turned_away_and_after_many_even_the_right_code(pairing):
    code = pairing.make_code("kiosk", "Front door", 0)
    for n in range(WRONG_CODES):
        guesser = f"10.1.0.{n // WRONG_CODES_PER_ADDRESS}"
        with turned("wrong_code"):
            pairing.match_code(present(enrol_codes.new_code()), guesser, 0)
        if n % WRONG_CODES_PER_ADDRESS == WRONG_CODES_PER_ADDRESS - 1:
            with turned("too_many"):
                pairing.match_code(present(code.code), guesser, 0)
            if n < WRONG_CODES - 1:
                assert pairing.match_code(present(code.code), HERE, 0) is code
    with turned("too_many"):
        pairing.match_code(present(code.code), HERE, 0)
    later = EXPIRES_MS + 1
    code = pairing.make_code("kiosk", "Front door", later)
    assert pairing.match_code(present(code.code), HERE, later) is code


def test_a_proof_for_another_key_is_refused(pairing):
    """An attacker records a proof and sends it with another key."""
    code = pairing.make_code("kiosk", "Front door", 0)
    recorded = present(code.code)
    with turned("wrong_code"):
        pairing.match_code(
            enrol.Present(recorded.wire, recorded.kind, "e" * 40, recorded.nonce, recorded.proof), HERE, 0
        )


def test_the_oldest_of_too_many_codes_ends(pairing):
    first = pairing.make_code("kiosk", "First", 0)
    for n in range(PAIRING_CODES):
        pairing.make_code("kiosk", f"Kiosk {n}", 0)
    assert pairing.code(first.id, 0) is None
