"""Commands of this computer reach the running server by its own door, and nobody else does."""

import pytest
import requests
from starlette.requests import HTTPConnection

from sync_server.protocol.device_file import DeviceFile
from sync_server.service import accounts, control
from sync_server.service.accounts import AccountError
from sync_server.service.store import reading
from sync_server.web.private import sent_by_this_computer

from .running import Running
from .steps import full_disk


def ask(
    shop: Running, http: requests.Session, body: object, key: str | None = None, **headers: str
) -> requests.Response:
    key = shop.server.folder.control_key.read_text().strip() if key is None else key
    return http.post(
        shop.address + "/control",
        json=body,
        headers={"Authorization": f"Bearer {key}", **headers},
    )


def add(name: str = "Front door") -> dict[str, object]:
    arguments = {"kind": "kiosk", "name": name, "server": "tcp://127.0.0.1:7350"}
    return {"command": "add_device", "arguments": arguments}


def devices(shop: Running) -> list[str]:
    with reading(shop.server.folder.store) as db:
        return [str(row["device_id"]) for row in accounts.list_devices(db)]


def test_a_command_is_done_by_the_running_server(shop: Running) -> None:
    file = control.add_device(shop.server.folder, "kiosk", "Front door", "tcp://127.0.0.1:7350")
    assert isinstance(file, DeviceFile)
    assert (file.device_id, file.letter) == ("front-door", "A")
    assert devices(shop) == ["front-door"]


def test_a_device_is_let_in_and_shut_out_at_once(shop: Running) -> None:
    folder = shop.server.folder
    file = control.add_device(folder, "staff", "Tablet 1", "tcp://127.0.0.1:7350")
    assert file.public_key in shop.call(lambda: dict(shop.server.gate.devices))
    control.run(folder, "revoke_device", device_id=file.device_id)
    assert file.public_key not in shop.call(lambda: dict(shop.server.gate.devices))


def test_pins_and_passwords_are_set(shop: Running) -> None:
    folder = shop.server.folder
    control.run(folder, "set_pin", employee="maya", pin="471147")
    assert shop.wait_for(shop.server.doorman.check_pin("tablet", "maya", "471147")) == (None, 0)
    control.run(folder, "set_password", password="another secret")
    assert shop.wait_for(shop.server.doorman.check_password("here", "another secret"))[0].name == "manager"


def test_what_cannot_be_done_is_said_as_on_the_command_line(shop: Running) -> None:
    with pytest.raises(AccountError, match="a PIN has 6 to 8 digits"):
        control.run(shop.server.folder, "set_pin", employee="maya", pin="1")
    with pytest.raises(AccountError, match='there is no device "none"'):
        control.run(shop.server.folder, "revoke_device", device_id="none")


@pytest.mark.attack("A command without the store's control key", "refused")
@pytest.mark.parametrize("key", ["", "wrong", "wröng"])
def test_without_the_key_nothing_is_done(shop: Running, http: requests.Session, key: str) -> None:
    answer = ask(shop, http, add(), key=key.encode().decode("latin-1"))
    assert answer.status_code == 401
    assert answer.json() == {"error": "the control key is not the one of this folder"}
    assert devices(shop) == []


def test_other_ways_to_show_the_key_do_not_count(shop: Running, http: requests.Session) -> None:
    key = shop.server.folder.control_key.read_text().strip()
    for authorization in (key, f"Basic {key}", f"Bearer {key}x", f"Bearer {key[:-1]}"):
        answer = ask(shop, http, add(), Authorization=authorization)
        assert answer.status_code == 401, authorization
    assert devices(shop) == []


@pytest.mark.attack("A command from another computer, with the right key", "refused")
def test_another_computer_is_refused_even_with_the_key(shop: Running, http: requests.Session) -> None:
    """As a proxy on this computer passes it on; the key alone is not enough."""
    for address in ("192.168.1.20", "10.0.0.7", "2001:db8::1", "nonsense"):
        answer = ask(shop, http, add(), **{"X-Forwarded-For": address})
        assert answer.status_code == 403, address
        assert answer.json() == {"error": "commands come from this computer only"}
    assert devices(shop) == []


def test_a_server_that_listens_at_one_address_of_the_network_has_its_commands_too() -> None:
    """A command then comes from that very address; nobody else can have it as their own."""

    def asked(client: str, own: str, *headers: tuple[bytes, bytes]) -> bool:
        scope = {"type": "http", "client": (client, 5), "server": (own, 8350), "headers": headers}
        return sent_by_this_computer(HTTPConnection(scope))

    assert asked("192.168.1.10", "192.168.1.10")
    assert asked("::1", "::1")
    assert not asked("192.168.1.11", "192.168.1.10")
    assert not asked("192.168.1.10", "192.168.1.10", (b"x-forwarded-for", b"192.168.1.10"))


@pytest.mark.parametrize(
    "body",
    [
        {"command": "drop_everything", "arguments": {}},
        {"command": "add_device", "arguments": {"kind": "kiosk"}},
        {"command": "add_device", "arguments": {"kind": "toaster", "name": "x", "server": "y"}},
        {"command": "set_pin"},
        [],
        "x",
    ],
)
def test_a_wrong_command_is_explained(shop: Running, http: requests.Session, body: object) -> None:
    answer = ask(shop, http, body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert devices(shop) == []


def test_a_body_that_is_no_json_is_explained(shop: Running, http: requests.Session) -> None:
    key = shop.server.folder.control_key.read_text().strip()
    for body, status in ((b"{", 400), (b"", 400), (b"x" * 20_000, 413)):
        answer = http.post(shop.address + "/control", data=body, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status
        assert answer.json()["error"]


def test_it_is_not_a_page(shop: Running, http: requests.Session) -> None:
    answer = http.get(shop.address + "/control")
    assert answer.status_code == 405
    assert answer.json()["error"]


def test_a_store_that_cannot_be_written_says_why(shop: Running, http: requests.Session) -> None:
    async def forbid() -> None:
        full = "SELECT RAISE(FAIL, 'database or disk is full')"
        trigger = f"CREATE TRIGGER no_device BEFORE INSERT ON devices BEGIN {full}; END"
        await shop.server.shop.store.call(lambda db: db.execute(trigger))

    shop.wait_for(forbid())
    answer = ask(shop, http, add())
    assert answer.status_code == 503
    assert "the disk is full" in answer.json()["error"]
    with full_disk(shop):  # a full log keeps nobody from setting a PIN
        pin = {"command": "set_pin", "arguments": {"employee": "maya", "pin": "471147"}}
        assert ask(shop, http, pin).json() == {"result": None}
