"""What the server leaves out for devices of earlier releases."""

from msgspec import UNSET
from msgspec.structs import replace

from sync_server.domain.catalogue.catalogue import Catalogue, StoreInfo

# The fields that Welkom 0.1.0 knows. It cannot decode a store with any other field.
FIRST_RELEASE_STORE_FIELDS = (
    "name",
    "timezone",
    "languages",
    "currency",
    "closes",
    "public_url",
    "goodwill_limit_cents",
)


def for_first_release(catalogue: Catalogue) -> Catalogue:
    """For a device of Welkom 0.1.0: without opening hours, who is asked last, and what is retired."""
    store = StoreInfo(**{name: getattr(catalogue.store, name) for name in FIRST_RELEASE_STORE_FIELDS})
    needs = tuple(replace(need, overflow=UNSET) for need in catalogue.needs)
    return replace(catalogue, store=store, needs=needs, retired=UNSET)
