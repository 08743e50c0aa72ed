"""What devices of released versions can read, where that is less than a device of today can."""

from msgspec.structs import replace

from sync_server.domain.catalogue import Catalogue, Store

# Of Welkom 0.1.0: a store with any other field is no catalogue to it.
FIRST_STORE = (
    "name",
    "timezone",
    "languages",
    "currency",
    "closes",
    "public_url",
    "goodwill_limit_cents",
)


def for_the_first(catalogue: Catalogue) -> Catalogue:
    """The catalogue for a device of Welkom 0.1.0, which then does not know the opening hours."""
    store = Store(**{name: getattr(catalogue.store, name) for name in FIRST_STORE})
    return replace(catalogue, store=store)
