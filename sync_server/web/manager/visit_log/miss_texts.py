"""What went wrong in a visit, in words."""

from collections.abc import Mapping

from msgspec import Struct

from assets.i18n.texts import Texts
from sync_server.domain.visit.misses import Miss
from sync_server.web.http.formatting import duration


class MissText(Struct, frozen=True):
    """A sentence, and where the time went, one line each."""

    sentence: str
    lost: list[str]


def miss_text(miss: Miss, names: Mapping[str, str], texts: Texts) -> MissText:
    """`The shopper waited 6:12; the aim is 1:00.` and `4:10: nobody who can do this was on the floor`."""
    return MissText(
        texts.say(
            f"manager.miss.{miss.kind}",
            actual=duration(miss.actual_ms / 1000),
            target=duration(miss.target_ms / 1000),
        ),
        [
            texts.say(
                f"manager.miss.cause.{lost.cause}",
                time=duration(lost.ms / 1000),
                names=", ".join(names.get(name, name) for name in lost.employees),
            )
            for lost in miss.lost
        ],
    )
