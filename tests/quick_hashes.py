"""Hashes of passwords and PINs that take no time, where a test is not about what guessing costs."""

from collections.abc import Iterator
from contextlib import contextmanager

import argon2
import pytest

from sync_server.service.auth import password_hash


@contextmanager
def quick_hashes() -> Iterator[None]:
    """Within the block this process hashes with the least work that argon2 allows.

    A real hash takes a tenth of a second of a processor: hundreds of tests sign in.
    """
    least = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(password_hash, "_hasher", least)
        yield
