"""Errors of changing devices, accounts, PINs and tokens."""


class AccountError(Exception):
    """What was asked for cannot be done. The text says why, and what to do instead."""


class KeyAlreadyEnrolled(AccountError):
    """A device with this key is in the list already."""
