"""The codes of an authenticator app: clocks that are off, codes used before, recovery codes."""

import pyotp
import pytest

from sync_server.service.auth import second_factor
from sync_server.service.auth.second_factor import STEP_MS, CodeResult, check_code
from sync_server.service.storage.connection import connect

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = 1_772_900_010_000
STEP = NOW // STEP_MS


def code_at(step: int) -> str:
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_code_counts_though_the_phone_is_half_a_minute_off_and_that_is_said(drift):
    assert check_code(SECRET, code_at(STEP + drift), 0, NOW) == CodeResult(True, STEP + drift, drift * 30)


@pytest.mark.parametrize("drift", [-20, -2, 2, 20])
def test_a_clock_that_is_far_off_is_recognised_and_refused(drift):
    result = check_code(SECRET, code_at(STEP + drift), 0, NOW)
    assert (result.accepted, result.off_s) == (False, drift * 30)


def test_a_code_counts_once_and_so_do_those_before_it():
    for step in (STEP, STEP - 1):
        assert check_code(SECRET, code_at(step), STEP, NOW) == CodeResult(False, replayed=True)
    assert check_code(SECRET, code_at(STEP + 1), STEP, NOW).accepted


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 40])
def test_what_is_no_code_is_refused(typed):
    assert check_code(SECRET, typed, 0, NOW) == CodeResult(False)


def test_blanks_in_a_code_do_not_matter():
    code = code_at(STEP)
    assert check_code(SECRET, f" {code[:3]} {code[3:]} ", 0, NOW).accepted


def test_the_app_reads_the_address_as_that_of_the_shop():
    address = second_factor.app_address(SECRET, "Maya", "Lumen & Co")
    parsed = pyotp.parse_uri(address)
    assert (parsed.secret, parsed.name, parsed.issuer) == (SECRET, "Maya", "Lumen & Co")


@pytest.mark.usefixtures("quick_hashes")
def test_recovery_codes_are_stored_as_hashes_and_each_works_once(folder):
    codes = second_factor.new_recovery_codes()
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    db = connect(folder.store)
    hashes = [second_factor.hash_recovery_code(code) for code in codes]
    second_factor.add_factor(db, "manager", second_factor.SecondFactor(SECRET, NOW, STEP), hashes)
    stored = second_factor.recovery_codes(db, "manager")
    assert not any(codes[0].replace("-", "") in hashed for _, hashed in stored)
    assert second_factor.looks_like_recovery_code(codes[3].lower())
    assert not second_factor.looks_like_recovery_code(code_at(STEP))
    n = second_factor.matching_recovery_code(stored, codes[3].lower().replace("-", " "))
    assert n is not None
    assert second_factor.remove_recovery_code(db, n)
    assert not second_factor.remove_recovery_code(db, n)
    assert second_factor.matching_recovery_code(second_factor.recovery_codes(db, "manager"), codes[3]) is None
    assert not second_factor.use_step(db, "manager", STEP)
    assert second_factor.use_step(db, "manager", STEP + 1)
    second_factor.remove_factor(db, "manager")
    assert second_factor.find_factor(db, "manager") is None
    assert second_factor.recovery_codes(db, "manager") == []
    db.close()
