"""How many examples the hypothesis tests try: all of them, or those that fit into half a minute.

`make quick` chooses the profile `quick` (`--hypothesis-profile=quick`). Everything else, `make test` among
it, tries all.
"""

from hypothesis import settings

QUICK = "quick"


def register_profiles() -> None:
    # No example has a time limit: on a busy machine any may be slow.
    settings.register_profile("all", deadline=None)
    settings.register_profile(QUICK, max_examples=20, deadline=None)
    settings.load_profile("all")


def examples(full: int) -> int:
    """For `max_examples`, where a test needs another number than hypothesis' own: a tenth in `make quick`."""
    return max(full // 10, 1) if settings.get_current_profile_name() == QUICK else full
