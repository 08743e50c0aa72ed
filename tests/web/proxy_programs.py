"""Starts nginx and Caddy with the examples of docs/shop/proxy.md, in front of a running server."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/shop/proxy.md"
FETCHED = ROOT / "build/proxies"  # by packaging/proxy-programs
START_S = 20

# The smallest frame that nginx needs around a `server`. It writes to its own folder only.
NGINX = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    {server}
}}
"""
CADDY = "{{\n    admin off\n    auto_https off\n}}\n{site}\n"


def program(name: str, path: str) -> str:
    """An installed program, or the one that packaging/proxy-programs fetched. Skips the test without it."""
    found = shutil.which(name) or (str(FETCHED / path) if (FETCHED / path).exists() else None)
    if found is None:
        pytest.skip(f"{name} is not on this machine, and packaging/proxy-programs could not fetch it")
    return found


def example(language: str) -> str:
    """A block of code of the page."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found, language
    return found[1]


def _fitted(text: str, upstream: str, port: int, certificate: Path, key: Path) -> str:
    """An example with this test's addresses and files in place of the shop's."""
    for shop, here in (
        ("127.0.0.1:8350", upstream),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name welkom.example.com", "server_name localhost"),
        ("welkom.example.com {", f"https://localhost:{port} {{"),
        ("/etc/ssl/shop.pem", str(certificate)),
        ("/etc/ssl/shop.key", str(key)),
    ):
        text = text.replace(shop, here)
    assert "shop" not in text.replace(str(certificate), "").replace(str(key), ""), "an example has changed"
    return text


@contextmanager
def nginx(server: str, folder: Path, port: int) -> Iterator[None]:
    """nginx with this `server` block."""
    command = program("nginx", "usr/sbin/nginx")
    (folder / "nginx.conf").write_text(NGINX.format(server=server), "utf-8")
    with _running([command, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"], port):
        yield


@contextmanager
def documented_proxy(kind: str, upstream: str, folder: Path, certificate: Path, key: Path) -> Iterator[str]:
    """nginx or Caddy as the page sets them up. Gives their address."""
    port = free_port()
    if kind == "nginx":
        with nginx(_fitted(example("nginx"), upstream, port, certificate, key), folder, port):
            yield f"https://localhost:{port}"
        return
    command = program("caddy", "usr/bin/caddy")
    site = _fitted(example("caddyfile"), upstream, port, certificate, key)
    (folder / "Caddyfile").write_text(CADDY.format(site=site), "utf-8")
    with _running([command, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], port):
        yield f"https://localhost:{port}"


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        while not _answers(port):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                assert process.stdout
                pytest.fail(f"{command[0]} ended: {process.stdout.read()}")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=START_S)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=START_S).close()
    except ConnectionRefusedError:
        return False
    return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
