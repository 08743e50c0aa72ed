"""Passwords and PINs that are guessed first are refused, and others are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.service.auth import managers, pins
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.managers import CommonPassword
from sync_server.service.auth.password_rules import is_common_password, is_common_pin


@pytest.mark.parametrize(
    "password",
    [
        "12345678", "123456789", "87654321", "00000000", "11111111", "12121212", "abcabcabc", "abcdefgh",
        "qwertyuiop", "QWERTYUI", "password", "Password1", "PASSWORD123!", "passw0rd", "p@ssw0rd", "welkom01",
        "Welkom2026!", "wachtwoord", "Wachtwoord1", "salasana", "salasana123", "manager1", "letmein!!",
        "iloveyou", "1q2w3e4r", "  password  ", "ababababab", "Nederland1", "zomer2026", "admin123",
        "managermanager", "hallo welkom1", "jessica1", "Trustno1", "liverpool", "superman1",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password):
    assert is_common_password(password)
    with pytest.raises(CommonPassword, match="one of the first that others would guess"):
        managers.hash_manager_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "open sesame", "a-good-password", "another secret", "welkom-demo", "looking only", "xK7#pQ2m",
        "correct horse battery", "nvjwkqzt", "Ελένη και Γιώργος", "密码很安全吗朋友们",
    ],
)  # fmt: skip
def test_others_are_taken(password):
    assert not is_common_password(password)


@pytest.mark.parametrize("password", ["lumenlumen", "Lumen Electronics", "lumenelectronics1", "Sandra2026"])
def test_the_shops_and_the_accounts_own_name_are_refused(password):
    assert is_common_password(password, "Sandra", "Lumen Electronics", "lumenlumen")
    assert not is_common_password("open sesame", "", "  ")


@given(st.text(min_size=8, max_size=60), st.text(max_size=20))
def test_any_text_is_judged(password, name):
    assert is_common_password(password, name) in (True, False)
    assert is_common_password(password[0] * len(password))


@pytest.mark.parametrize(
    "pin", ["000000", "111111", "99999999", "123456", "654321", "012345", "567890", "0000"]
)
def test_a_pin_that_is_guessed_first_is_refused(pin):
    assert is_common_pin(pin)
    with pytest.raises(AccountError, match="one of the first that others would guess"):
        pins.hash_pin(pin, 4)


def test_other_pins_are_taken():
    assert not any(is_common_pin(pin) for pin in ("471147", "20202020", "481516", "0123987", "135790"))
