"""docs/shop/webhooks.md and mail.md have the events, alerts and numbers of the code."""

from sync_server.domain.alerts import AlertCode
from sync_server.service.config.outside import WebhookEvent
from sync_server.service.mail import mail_outbox
from sync_server.service.webhooks.webhook_outbox import DELAYS_S
from sync_server.service.webhooks.webhook_request import TIMEOUT_S

from .docs_pages import names, page

WEBHOOKS, MAIL = page("webhooks.md"), page("mail.md")


def test_the_page_has_every_event():
    assert names(WEBHOOKS) == list(WebhookEvent)


def test_the_page_has_the_schedule():
    assert DELAYS_S == (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    assert "after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours" in WEBHOOKS
    assert f"within {TIMEOUT_S:.0f} seconds" in WEBHOOKS
    assert sum(DELAYS_S) > 3 * 86_400


def test_the_page_has_the_alerts_and_the_schedule_of_mail():
    assert all(f"`{code}`" in MAIL for code in AlertCode)
    assert mail_outbox.DELAYS_S == (60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400)
    assert "after 1, 5 and 15\nminutes, 1, 3, 6, 12 and 24 hours" in MAIL
