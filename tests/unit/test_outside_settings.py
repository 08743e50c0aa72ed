"""What is wrong in [[webhooks]] and [mail] is named with its key and the way out."""

import msgspec
import pytest

from sync_server.service.config.outside import MailSettings, WebhookSettings
from sync_server.service.config.outside_checks import MAX_WEBHOOKS, mail_problems, webhook_problems

GOOD = WebhookSettings("till", "https://example.com/hooks?sig=1", ("visit.opened",))
MAIL = MailSettings("smtp.example.com", sender="shop@example.com", to=("owner@example.com",), at="21:30")


def test_what_is_right_has_no_problems() -> None:
    local = msgspec.structs.replace(GOOD, name="local", url="http://192.168.1.4:8080/x", allow_local=True)
    assert list(webhook_problems((GOOD, local))) == []
    assert list(mail_problems(MAIL, ("en", "nl"))) == []
    assert list(mail_problems(MailSettings(), ("en",))) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"name": "The till"}, "name: has small letters"),
        ({"name": "new"}, "is the name of a page"),
        ({"url": "example.com"}, "is no web address"),
        ({"url": "ftp://example.com"}, "is no web address"),
        ({"url": "https://"}, "is no web address"),
        ({"url": "https://example.com:99999/"}, "is no web address"),
        ({"url": "https://example.com/a b"}, "has blanks"),
        ({"url": "https://example.com/" + "x" * 500}, "more than 500"),
        ({"url": "https://me:secret@example.com/"}, "name or password"),
        ({"url": "https://example.com/#top"}, "may have no #"),
        ({"url": "http://example.com/"}, "http:// needs allow_local"),
        ({"events": ()}, "events: is empty"),
        ({"events": ("visit.started",)}, 'unknown event "visit.started"'),
        ({"events": ("visit.opened", "visit.opened")}, "has one twice"),
    ],
)
def test_a_wrong_webhook(changed: dict[str, object], expected: str) -> None:
    wrong = msgspec.structs.replace(GOOD, **changed)
    (problem,) = map(str, webhook_problems((wrong,)))
    assert problem.startswith(f'webhooks "{wrong.name}", ')
    assert expected in problem


def test_too_many_webhooks_and_one_name_twice() -> None:
    many = [msgspec.structs.replace(GOOD, name=f"w{n}") for n in range(MAX_WEBHOOKS)]
    problems = [str(fault) for fault in webhook_problems((*many, many[0]))]
    assert len(problems) == 2
    assert "is there twice" in problems[1]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"host": "smtp example"}, "mail.host"),
        ({"tls": "ssl"}, "mail.tls"),
        ({"tls": "none", "user": "shop"}, "others could read the password"),
        ({"sender": "shop"}, "mail.sender"),
        ({"sender": ""}, "from which address"),
        ({"to": ("owner@", "owner@example.com")}, 'mail.to: "owner@" is no mail address'),
        ({"to": ("a@b.c\nBcc: x@y.z",)}, "is no mail address"),
        ({"to": ("a@b.c", "a@b.c")}, "has an address twice"),
        ({"to": ()}, "somebody to send them to"),
        ({"at": "25:00"}, "mail.at"),
        ({"language": "de"}, "mail.language"),
        ({"alerts": ("fire",)}, 'unknown alert "fire"'),
    ],
)
def test_wrong_mail_settings(changed: dict[str, object], expected: str) -> None:
    problems = list(mail_problems(msgspec.structs.replace(MAIL, **changed), ("en", "nl")))
    assert expected in "\n".join(map(str, problems))
