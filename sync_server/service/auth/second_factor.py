"""The second factor of an account: codes of an authenticator app (TOTP, RFC 6238), and recovery codes.

The app's code is six digits for half a minute. A code that is half a minute early or late counts too, because
the clocks of phones are off; each counts once. Recovery codes are for a phone that was lost; each works once.
"""

import hmac
import secrets
import sqlite3

from msgspec import Struct

from . import password_hash

STEP_MS = 30_000
DRIFT = 1  # steps that a code may be early or late
FAR = 20  # steps in which a wrong clock is recognised, so that its owner is told
RECOVERY_CODES = 8
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that looks like another one
DIGITS = 6


class SecondFactor(Struct, frozen=True):
    """`secret` in base 32. `since` when it was added, ms UTC. `last_step` is that of the latest code used."""

    secret: str
    since: int
    last_step: int


class CodeResult(Struct, frozen=True):
    """Whether a code counts. `step` is the half-minute it is of; `off_s` says how wrong the app's clock is.

    `replayed`: it was right, but used before. A code of a clock that is far off is refused with its `off_s`.
    """

    accepted: bool
    step: int = 0
    off_s: int = 0
    replayed: bool = False


def new_secret() -> str:
    """A secret of 160 bits, in base 32."""
    import pyotp

    return pyotp.random_base32()


def app_address(secret: str, account: str, shop: str) -> str:
    """The address for the QR code, as authenticator apps read it."""
    import pyotp

    return str(pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=shop))


def check_code(secret: str, code: str, last_step: int, now: int) -> CodeResult:
    """Whether this is a code of the app now. `now` in ms UTC."""
    import pyotp

    totp, current = pyotp.TOTP(secret), now // STEP_MS
    digits = "".join(code.split())
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdigit():
        return CodeResult(False)
    for drift in sorted(range(-FAR, FAR + 1), key=abs):
        step = current + drift
        if step < 0 or not hmac.compare_digest(totp.generate_otp(step), digits):
            continue
        if step <= last_step:
            return CodeResult(False, replayed=True)
        return CodeResult(abs(drift) <= DRIFT, step, drift * STEP_MS // 1000)
    return CodeResult(False)


def find_factor(db: sqlite3.Connection, account: str) -> SecondFactor | None:
    """The second factor of an account; None without one."""
    row = db.execute(
        "SELECT secret, since, last_step FROM second_factors WHERE account = ?", (account,)
    ).fetchone()
    return SecondFactor(*row) if row else None


def accounts_with_factor(db: sqlite3.Connection) -> set[str]:
    """The names of the accounts that have one."""
    return {row[0] for row in db.execute("SELECT account FROM second_factors")}


def add_factor(
    db: sqlite3.Connection, account: str, factor: SecondFactor, recovery_hashes: list[str]
) -> None:
    """Gives an account this factor and these recovery codes, in place of those it had."""
    remove_factor(db, account)
    db.execute(
        "INSERT INTO second_factors (account, secret, since, last_step) VALUES (?,?,?,?)",
        (account, factor.secret, factor.since, factor.last_step),
    )
    db.executemany(
        "INSERT INTO recovery_codes (account, code_hash) VALUES (?,?)",
        [(account, hashed) for hashed in recovery_hashes],
    )


def remove_factor(db: sqlite3.Connection, account: str) -> None:
    """Removes the factor of an account and its recovery codes, if it has them."""
    for table in ("second_factors", "recovery_codes"):
        db.execute(f"DELETE FROM {table} WHERE account = ?", (account,))


def use_step(db: sqlite3.Connection, account: str, step: int) -> bool:
    """Notes that the code of this step was used. False where another sign-in was quicker."""
    sql = "UPDATE second_factors SET last_step = ?1 WHERE account = ?2 AND last_step < ?1"
    return db.execute(sql, (step, account)).rowcount == 1


def new_recovery_codes() -> list[str]:
    """Codes such as `K7QM-4XTP`, 39 bits each: they are guessed through the slowed-down sign-in only."""
    return ["-".join(_letters(4) for _ in range(2)) for _ in range(RECOVERY_CODES)]


def hash_recovery_code(code: str) -> str:
    """The hash of a recovery code, to be stored. Takes tens of milliseconds, on purpose."""
    return password_hash.hash_password(_plain(code))


def recovery_codes(db: sqlite3.Connection, account: str) -> list[tuple[int, str]]:
    """The number and the hash of each recovery code that is left."""
    rows = db.execute("SELECT n, code_hash FROM recovery_codes WHERE account = ?", (account,))
    return [(n, hashed) for n, hashed in rows]


def looks_like_recovery_code(code: str) -> bool:
    """Whether somebody typed a recovery code and not one of the app."""
    return len(_plain(code)) == 8 and not _plain(code).isdigit()


def matching_recovery_code(hashes: list[tuple[int, str]], code: str) -> int | None:
    """The number of the recovery code that this is. Takes tens of milliseconds for each hash."""
    plain = _plain(code)
    return next((n for n, hashed in hashes if password_hash.verify_password(hashed, plain)), None)


def remove_recovery_code(db: sqlite3.Connection, n: int) -> bool:
    """A recovery code was used. False where another sign-in was quicker."""
    return db.execute("DELETE FROM recovery_codes WHERE n = ?", (n,)).rowcount == 1


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def _plain(code: str) -> str:
    return "".join(code.replace("-", " ").split()).upper()
