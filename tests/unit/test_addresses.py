"""One parser for all addresses: what is one, what is not, and that each is written in one form."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.addresses import (
    Address,
    AddressError,
    parse_address,
    parse_device_address,
    parse_listen_address,
    parse_typed_address,
    parse_web_address,
)

GOOD = [
    ("192.168.1.10:7350", ("192.168.1.10", 7350)),
    (" 192.168.1.10:7350\n", ("192.168.1.10", 7350)),
    ("Store.Local:1", ("store.local", 1)),
    ("store.local.:65535", ("store.local", 65535)),
    ("kassa_2-b:7350", ("kassa_2-b", 7350)),
    ("[fd00::10]:7350", ("fd00::10", 7350)),
    ("[FD00:0:0:0:0:0:0:10]:7350", ("fd00::10", 7350)),
    ("[fe80::1%eth0]:7350", ("fe80::1%eth0", 7350)),
    ("[::1]:7350", ("::1", 7350)),
    ("kahvila-äyräs.fi:80", ("xn--kahvila-yrs-s8ac.fi", 80)),
]
BAD = [
    "",
    ":",
    ":7350",
    "7350",
    "store.local",
    "store.local:",
    "store.local:0",
    "store.local:99999",
    "store.local:7350x",
    "store.local:-1",
    "store.local:+80",
    "store.local:7_350",
    "store.local:²",
    "store.local:٧٣",
    "store local:7350",
    "store.local:7350/",
    "store.local/:7350",
    "http://store.local:7350",
    "tcp://store.local:7350",
    "javascript:7350//",
    "user@store.local:7350",
    "store.local?:7350",
    "store#1:7350",
    "256.1.1.1:7350",
    "192.168.1:7350",
    "192.168.1.010:7350",
    "1.2.3.4.5:7350",
    "fd00::10:7350",
    "[fd00::10]",
    "[fd00::10]7350",
    "[fd00::10:7350",
    "[192.168.1.10]:7350",
    "[store.local]:7350",
    "[fd00::10::]:7350",
    "-store:7350",
    "store-:7350",
    "store..local:7350",
    f"{'a' * 64}.local:7350",
    f"{'a.' * 130}a:7350",
    "0.0.0.0:7350",
    "[::]:7350",
    "*:7350",
    "a\x00b:7350",
    "a\u200bb:7350",
    "javascript:1",
    "HTTP:8350",
    "[fe80::1]:7350",
    "[fe80::1%]:7350",
    "[fe80::1%eth 0]:7350",
    "[fe80::1%a/b]:7350",
    "[ff02::1]:7350",
    "224.0.0.251:7350",
    "255.255.255.255:7350",
    "0.0.0.7:7350",
]


@pytest.mark.parametrize(("text", "read"), GOOD)
def test_an_address_is_read(text, read):
    assert parse_address(text) == read
    assert parse_device_address(f"tcp://{text.strip()}") == read


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_address_is_refused_with_a_way_out(text):
    with pytest.raises(AddressError, match=r'^".*write') as error:
        parse_address(text)
    assert str(error.value).isprintable()
    with pytest.raises(AddressError):
        parse_device_address(f"tcp://{text}")


@pytest.mark.parametrize(
    "text", ["192.168.1.10:7350", "TCP://192.168.1.10:7350", "http://192.168.1.10:7350", ""]
)
def test_a_device_file_has_zeromqs_form(text):
    with pytest.raises(AddressError, match=r'write it as "tcp://192\.168\.1\.10:7350"'):
        parse_device_address(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("0.0.0.0:7350", "0.0.0.0:7350"),
        ("*:7350", "0.0.0.0:7350"),
        ("[::]:7350", "[::]:7350"),
        ("[0:0::0]:7350", "[::]:7350"),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("localhost:8350", "localhost:8350"),
    ],
)
def test_an_address_to_listen_on(text, read):
    assert str(parse_listen_address(text)) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":8350",
        "8350",
        "*",
        "0.0.0.0",
        "0.0.0.0:70000",
        "http://0.0.0.0:80",
        ":::8350",
        "javascript:1",
        "http:8350",
        "224.0.0.1:80",
    ],
)
def test_what_nobody_can_listen_on_is_refused(text):
    with pytest.raises(AddressError):
        parse_listen_address(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("192.168.1.10", ("192.168.1.10", 8351)),
        (" store.local ", ("store.local", 8351)),
        ("http://store.local:9000/", ("store.local", 9000)),
        ("fd00::10", ("fd00::10", 8351)),  # a screen's keyboard has no brackets
        ("[fd00::10]", ("fd00::10", 8351)),
        ("[fd00::10]:9000", ("fd00::10", 9000)),
    ],
)
def test_people_may_leave_out_the_port(text, read):
    assert parse_typed_address(text, 8351) == read


@pytest.mark.parametrize(
    "text", ["", "http://", "https://store.local", "store.local/manager", "a b", "store.local:", "::"]
)
def test_what_people_may_not_type(text):
    with pytest.raises(AddressError):
        parse_typed_address(text, 8351)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example/", "https://shop.example"),
        (" http://192.168.1.10:8350 ", "http://192.168.1.10:8350"),
        ("http://192.168.1.10:8350//", None),
        ("https://[fd00::10]:8350", "https://[fd00::10]:8350"),
        ("https://[fd00::10]", "https://[fd00::10]"),
        ("https://example.com/welkom/", "https://example.com/welkom"),
        ("https://äyräs.fi", "https://xn--yrs-plac.fi"),
        ("", None),
        ("shop.example", None),
        ("//shop.example", None),
        ("shop.example:8350", None),
        ("javascript:alert(1)", None),
        ("javascript://shop.example/%0aalert(1)", None),
        ("ftp://shop.example", None),
        ("https://", None),
        ("https:///path", None),
        ("https://shop.example?x=1", None),
        ("https://shop.example/#top", None),
        ("https://shop .example", None),
        ("https://shop.example/a b", None),
        ("https://me:secret@shop.example", None),
        ("https://shop.example:0", None),
        ("https://shop.example:99999", None),
        ("https://0.0.0.0:8350", None),
        ("https://shop.example/../x", None),
        ("https://shop.example\\x", None),
        ("https://[fe80::1%eth0]", None),
        ("https://javascript:1", None),
        ('https://shop.example/"x', None),
    ],
)
def test_the_address_of_the_pages(text, read):
    if read is not None:
        assert parse_web_address(text) == read
        assert parse_web_address(read) == read
        return
    with pytest.raises(AddressError, match="write") as error:
        parse_web_address(text)
    assert str(error.value).isprintable()


@given(st.text(max_size=80) | st.from_regex(r"\[?[0-9a-fA-F:.%]{0,30}\]?:[0-9]{0,6}"))
def test_every_text_is_an_address_in_one_form_or_refused(text):
    for parse in (parse_address, parse_listen_address, lambda text: parse_typed_address(text, 8351)):
        try:
            address = parse(text)
        except AddressError:
            continue
        assert 0 <= address.port <= 65535
        assert parse_listen_address(str(address)) == address


IP = ipaddress.IPv4Address | ipaddress.IPv6Address


def of_many_or_one_cable(address: IP) -> bool:
    """Whether it is nobody's own address, or means nothing without the name of an interface."""
    this_network = address.version == 4 and int(address) >> 24 == 0 and not address.is_unspecified
    one_cable = address.version == 6 and address.is_link_local
    return address.is_multicast or this_network or one_cable or str(address) == "255.255.255.255"


@given(
    st.ip_addresses() | st.from_regex(r"\A[a-z][a-z0-9]{0,20}(\.[a-z][a-z0-9]{0,9}){0,3}\Z"),
    st.integers(1, 65535),
)
def test_every_address_that_is_written_is_read_again(host, port):
    address = Address(str(host), port)
    if isinstance(host, IP) and of_many_or_one_cable(host):
        with pytest.raises(AddressError):
            parse_address(str(address))
        return
    if not address.is_everywhere:
        assert parse_address(str(address)) == address
        assert parse_device_address(f"tcp://{address}") == address
        assert parse_web_address(f"https://{address}") == f"https://{address}"
    assert parse_listen_address(str(address)) == address
    assert isinstance(host, str) or ipaddress.ip_address(address.host) == host
