"""The tables of what a store tells others: webhooks and mail. See `migrations.py`."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations


def register(migrations: Migrations) -> None:
    """Adds the steps that make these tables."""

    @migrations()
    def webhooks(db: Database) -> None:
        """What is told to programs elsewhere, how that goes, and with which secrets it is signed.

        Events are written with what they tell of. Their rows never move: they may hold words about shoppers.
        """
        db.table("webhook_events").create(
            {"n": int, "id": str, "event": str, "visit_id": str, "at": int, "body": str},
            pk="n",
            not_null={"id", "event", "at", "body"},
            strict=True,
        )
        db.table("webhook_events").create_index(["visit_id"])
        db.table("webhook_events").create_index(["at"])
        db.table("webhook_deliveries").create(
            {
                "n": int,
                "event": int,
                "target": str,
                "state": str,
                "made_at": int,
                "next_at": int,
                "tries": int,
                "status": int,
                "problem": str,
                "done_at": int,
            },
            pk="n",
            not_null={"event", "target", "state", "made_at", "next_at", "tries"},
            strict=True,
        )
        db.table("webhook_deliveries").create_index(["event"])
        db.table("webhook_deliveries").create_index(["target", "n"])
        db.execute(
            "CREATE INDEX idx_webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'waiting'"
        )
        db.execute(
            "CREATE INDEX idx_webhook_deliveries_done ON webhook_deliveries (done_at) WHERE done_at > 0"
        )
        db.table("webhook_secrets").create(
            {"target": str, "secret": str, "made_at": int},
            pk="target",
            not_null={"secret", "made_at"},
            strict=True,
        )
        db.table("raised_alerts").create(
            {"code": str, "subject": str, "at": int}, pk=("code", "subject"), not_null={"at"}, strict=True
        )

    @migrations()
    def mails(db: Database) -> None:
        """Mails that wait or were sent, and calendars of follow-ups by a token in the address."""
        db.table("mails").create(
            {
                "n": int,
                "kind": str,
                "once": str,
                "subject": str,
                "message": str,
                "state": str,
                "made_at": int,
                "next_at": int,
                "tries": int,
                "problem": str,
                "done_at": int,
            },
            pk="n",
            not_null={"kind", "once", "subject", "message", "state", "made_at", "next_at", "tries"},
            strict=True,
        )
        db.table("mails").create_index(["once"], unique=True)
        db.table("calendars").create(
            {"n": int, "name": str, "token_hash": str, "language": str, "made_at": int},
            pk="n",
            not_null={"name", "token_hash", "language", "made_at"},
            strict=True,
        )
        db.table("calendars").create_index(["token_hash"], unique=True)
