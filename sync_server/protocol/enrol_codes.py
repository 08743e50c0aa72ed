"""Makes and parses the pairing code that a person types."""

import re
import secrets

CODE_LENGTH = 13  # characters of 5 bits
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no two look alike
_CONFUSABLE = str.maketrans("OIL", "011")


def new_code() -> str:
    """A new code of 65 random bits, such as "7K3M-9QXW-2T8HV"."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def read_code(typed: str) -> str | None:
    """The letters of a typed code, in upper case and without dashes; None if it is not a code."""
    letters = re.sub(r"[\s-]+", "", typed).upper().translate(_CONFUSABLE)
    valid = len(letters) == CODE_LENGTH and all(letter in _CODE_LETTERS for letter in letters)
    return letters if valid else None
