"""Addresses in store.toml: where the server listens, where phones find it, and whom it writes to."""

from pathlib import Path

import pytest

from sync_server.service.config.load import load_settings
from tests.sample_store import STORE_TOML

from .settings_text import LAST_TABLES, refused, with_line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.toml"


@pytest.mark.parametrize("key", ["sync", "web", "enrol"])
@pytest.mark.parametrize(
    "written",
    [
        "8350",
        ":8350",
        "0.0.0.0",
        "0.0.0.0:99999",
        "http://0.0.0.0:8350",
        "0.0.0.0:8350/",
        "a b:8350",
        "256.1.1.1:1",
        "javascript:1",
    ],
)
def test_an_address_to_listen_on_has_one_form(path, key, written):
    text = STORE_TOML.partition("[server]")[0] + f'[server]\n{key} = "{written}"\n' + LAST_TABLES
    (problem,) = refused(path, text)
    assert problem.startswith(f'server.{key}: "{written}"')
    assert 'write it as "0.0.0.0:7350"' in problem


@pytest.mark.parametrize(
    ("written", "read"),
    [(" 0.0.0.0:7351 ", "0.0.0.0:7351"), ("*:7351", "0.0.0.0:7351"), ("[0::0]:7351", "[::]:7351")],
)
def test_an_address_to_listen_on_is_read_in_its_one_form(path, written, read):
    path.write_text(STORE_TOML.replace('sync = "127.0.0.1:0"', f'sync = "{written}"'), "utf-8")
    assert load_settings(path).server.sync == read


@pytest.mark.parametrize(
    ("sync", "web", "enrol", "problem"),
    [
        (
            "0.0.0.0:8350",
            "127.0.0.1:8350",
            "",
            "server.web: port 8350 is server.sync's already; choose another one",
        ),
        (
            "127.0.0.1:1",
            "localhost:2",
            "127.0.0.1:2",
            "server.enrol: port 2 is server.web's already; choose another one",
        ),
        ("10.0.0.1:8350", "127.0.0.1:8350", "[::]:8351", None),  # two addresses of this computer
        ("0.0.0.0:0", "0.0.0.0:0", "0.0.0.0:0", None),  # any port
    ],
)
def test_a_port_is_there_once(path, sync, web, enrol, problem):
    text = STORE_TOML.replace('sync = "127.0.0.1:0"', f'sync = "{sync}"').replace(
        'enrol = ""', f'enrol = "{enrol}"'
    )
    text = text.replace('web = "127.0.0.1:0"', f'web = "{web}"')
    if problem is not None:
        assert refused(path, text) == [problem]
    else:
        path.write_text(text, "utf-8")
        load_settings(path)


@pytest.mark.parametrize(
    "written",
    [
        "shop.example",
        "javascript:alert(1)",
        "https://shop.example?x",
        "https://shop.example/#x",
        "https://shop example",
        "https://",
        "https://shop.example:99999",
    ],
)
def test_the_address_for_phones_has_one_form(path, written):
    (problem,) = refused(path, with_line(f'public_url = "{written}"'))
    assert problem.startswith('store.public_url: "')
    assert "write it as" in problem


def test_the_address_for_phones_has_no_slash_at_its_end(path):
    path.write_text(with_line('public_url = "https://Shop.Example/"'), "utf-8")
    assert load_settings(path).store.public_url == "https://shop.example"


@pytest.mark.parametrize(
    "host",
    [
        "smtp.example.com:587",
        "a..b",
        "256.1.1.1",
        "http://smtp.example.com",
        "-x",
        "smtp example",
        ":",
        "http",
    ],
)
def test_a_mail_server_is_a_host_without_a_port(path, host):
    mail = f'[mail]\nhost = "{host}"\nsender = "shop@example.com"\n'
    (problem,) = refused(path, f"{STORE_TOML}\n{mail}")
    assert problem.startswith(f'mail.host: "{host}"')
    assert 'write it as "smtp.example.com"' in problem


@pytest.mark.parametrize(
    "url",
    [
        "https://a..b/x",
        "https://256.1.1.1/",
        "https://-x/",
        "https://224.0.0.1/",
        "https://example.com:0/",
        "https://:443/",
    ],
)
def test_a_webhook_has_the_address_of_a_computer(path, url):
    webhook = f'[[webhooks]]\nname = "till"\nurl = "{url}"\nevents = ["visit.opened"]\n'
    (problem,) = refused(path, f"{STORE_TOML}\n{webhook}")
    assert problem == 'webhooks "till", url: is no web address; write it as https://example.com/path'
