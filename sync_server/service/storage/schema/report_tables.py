"""What the report and the page Learning count beside the visits."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations


def register(migrations: Migrations) -> None:
    """Adds the steps to those of the store."""

    @migrations()
    def sessions_at_kiosks(db: Database) -> None:
        """How far shoppers came at the kiosks, counted by day, and how many taps it took them."""
        db.table("kiosk_sessions").create(
            {"day": str, "reached": str, "last": str, "taps": int, "seconds": int, "sessions": int},
            pk=("day", "reached", "last", "taps", "seconds"),
            not_null={"sessions"},
            strict=True,
        )
        db.table("visits").add_column("taps", int)

    @migrations()
    def pages_of_tickets(db: Database) -> None:
        """Which visits had their own page opened on a phone."""
        db.table("opened_pages").create(
            {"visit_id": str, "day": str}, pk="visit_id", not_null={"day"}, strict=True
        )
        db.table("opened_pages").create_index(["day"])

    @migrations()
    def follow_ups(db: Database) -> None:
        """Why a visit was not solved or not easy, as the manager says, and whether that is taken care of."""
        db.table("visits").add_column("root_cause", str)
        db.table("visits").add_column("followed_up", int, not_null_default=0)
