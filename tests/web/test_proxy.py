"""Behind nginx and Caddy: the documented examples work, and a proxy without settings opens nothing."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter

from sync_server.service.net.tls import CERTIFICATE, KEY, make_certificate
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from tests.fake_clock import FakeClock

from .proxy_programs import documented_proxy, example, free_port, nginx
from .running_server import PASSWORD, RunningServer, running_server
from .steps import SIGN_IN, form_field, text_of

BARE = "server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{upstream}; {more} }} }}"
# As nginx passes requests on from version 1.29.7 on: a request then looks exactly like a browser's own.
MODERN = 'proxy_http_version 1.1; proxy_set_header Connection "";'


@pytest.fixture
def fresh(tmp_path: Path, clock: FakeClock) -> Iterator[RunningServer]:
    """A server with the documented settings, whose store has no password yet."""
    folder = DataDir(make_store(tmp_path / "fresh", None, None).path)
    proxies = tomllib.loads(example("toml"))["server"]["proxies"]
    text = folder.settings.read_text("utf-8")
    folder.settings.write_text(f"{text}\n[server]\nproxies = {proxies}\n", "utf-8")
    with running_server(folder, clock) as found:
        yield found


@pytest.fixture
def unaware(tmp_path: Path, clock: FakeClock) -> Iterator[RunningServer]:
    """A server that knows of no proxy, and whose store has no password yet."""
    with running_server(DataDir(make_store(tmp_path / "fresh", None, None).path), clock) as found:
        yield found


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, fresh: RunningServer, tmp_path: Path) -> Iterator[str]:
    """The address of a proxy as docs/shop/proxy.md sets it up."""
    secrets = DataDir(tmp_path / "tls")
    secrets.path.mkdir()
    make_certificate(secrets, "Lumen", ["localhost"], datetime.now(UTC))
    certificate, key = secrets.path / CERTIFICATE, secrets.path / KEY
    folder = tmp_path / "proxy"
    folder.mkdir()
    with documented_proxy(request.param, fresh.server.pages.web, folder, certificate, key) as address:
        yield address


class FromAddress(HTTPAdapter):
    """Sends requests from one of this computer's loopback addresses."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))  # type: ignore[arg-type]


def browser_at(address: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = False  # a certificate of the test's own
    session.mount("https://", FromAddress(address))
    return session


@pytest.fixture(autouse=True)
def _no_warnings_of_certificates(recwarn: pytest.WarningsRecorder) -> None:
    """urllib3 warns of each request that does not check the certificate."""


def choose_password(browser: requests.Session, address: str, running: RunningServer) -> requests.Response:
    url = f"{address}/manager/first-run/{running.server.setup_code()}"
    form = {"token": form_field(browser.get(url)), "password": PASSWORD, "again": PASSWORD}
    return browser.post(url, form, allow_redirects=False)


def try_password(browser: requests.Session, address: str, password: str, **headers: str) -> int:
    form = {"token": form_field(browser.get(address + SIGN_IN)), "password": password}
    return browser.post(address + SIGN_IN, form, headers=headers, allow_redirects=False).status_code


def test_the_first_password_is_chosen_by_the_link_and_the_cookie_needs_https(
    fresh: RunningServer, proxy: str
) -> None:
    with browser_at("127.0.0.1") as browser:
        assert browser.get(proxy + "/manager/first-run").status_code == 403
        chosen = choose_password(browser, proxy, fresh)
        assert chosen.status_code == 303
        assert "secure" in chosen.headers["set-cookie"].lower()
        assert browser.get(proxy + "/manager/today").status_code == 200


@pytest.mark.attack(
    "Behind a documented proxy: the first password without the link, and the figures", "refused"
)
def test_what_is_for_the_server_itself_stays_closed(proxy: str) -> None:
    with browser_at("127.0.0.1") as browser:
        for host in ("localhost", "127.0.0.1"):
            for path in ("/manager/first-run", "/metrics"):
                answer = browser.get(proxy + path, headers={"Host": host, "X-Forwarded-For": ""})
                assert 'name="password"' not in answer.text, (host, path)
                assert "welkom_info" not in answer.text, (host, path)


def test_events_arrive_at_once(fresh: RunningServer, proxy: str) -> None:
    fresh.sign_on("maya")
    ticket = fresh.open("repair")
    with (
        browser_at("127.0.0.1") as browser,
        browser.get(proxy + ticket.path + "/events", stream=True, timeout=20) as stream,
    ):
        lines = stream.iter_lines(decode_unicode=True)
        assert any("You’re next." in line for line in lines)
        ticket.accept("maya")
        assert any("Maya is on the way." in line for line in lines)


@pytest.mark.attack(
    "Behind a documented proxy: passwords guessed with an invented address in each request",
    "delayed: only what the proxy says counts",
)
def test_wrong_passwords_delay_only_their_own_address(fresh: RunningServer, proxy: str) -> None:
    with browser_at("127.0.0.1") as owner:
        choose_password(owner, proxy, fresh)
    with browser_at("127.0.0.5") as guesser, browser_at("127.0.0.6") as manager:
        tries = [
            try_password(guesser, proxy, "guess", **{"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(6)
        ]
        assert tries[-1] == 429
        assert try_password(manager, proxy, PASSWORD) == 303


@pytest.mark.attack(
    "An nginx that only has `proxy_pass`, in the version of Debian and in one that speaks as a browser does",
    "the first password cannot be chosen; through Debian's, no page with a password and no figures either",
)
@pytest.mark.parametrize("more", ["", MODERN], ids=["debian", "modern"])
def test_a_bare_proxy_does_not_make_the_network_this_computer(
    unaware: RunningServer, tmp_path: Path, http: requests.Session, more: str
) -> None:
    port = free_port()
    with nginx(BARE.format(port=port, upstream=unaware.server.pages.web, more=more), tmp_path, port):
        address = f"http://127.0.0.1:{port}"
        answer = http.get(address + "/manager/first-run")
        assert answer.status_code == 403
        assert 'name="password"' not in answer.text
        if not more:
            for path in ("/manager", SIGN_IN, "/metrics"):
                assert http.get(address + path).status_code == 403, path
            assert "Your password could be read by others here." in text_of(http.get(address + SIGN_IN))
        assert unaware.server.setup_code() is not None


def test_the_figures_are_closed_where_there_must_be_a_proxy_that_nobody_named(
    folder: DataDir, clock: FakeClock, http: requests.Session
) -> None:
    text = folder.settings.read_text("utf-8")
    public = text.replace("[store]", '[store]\npublic_url = "https://welkom.example.com"', 1)
    for settings, status in ((public, 403), (f'{public}\n[server]\nproxies = ["127.0.0.1"]\n', 200)):
        folder.settings.write_text(settings, "utf-8")
        with running_server(folder, clock) as running:
            assert http.get(running.address + "/metrics").status_code == status


@pytest.mark.attack(
    "An nginx that only has `proxy_pass`: each guess of a password names another address",
    "delayed: nobody is believed who is not named in server.proxies",
)
def test_through_a_bare_proxy_nobody_invents_addresses(
    running: RunningServer, tmp_path: Path, http: requests.Session
) -> None:
    port = free_port()
    with nginx(BARE.format(port=port, upstream=running.server.pages.web, more=""), tmp_path, port):
        address = f"http://127.0.0.1:{port}"
        https = {"X-Forwarded-Proto": "https"}
        tries = []
        for n in range(6):
            page = http.get(address + SIGN_IN, headers=https)
            for cookie in http.cookies:
                cookie.secure = False  # this attacker does not care
            form = {"token": form_field(page), "password": "guess"}
            headers = {**https, "X-Forwarded-For": f"192.0.2.{n}"}
            tries.append(http.post(address + SIGN_IN, form, headers=headers).status_code)
        assert tries[-1] == 429
