"""What `net/http_connections.py` uses of uvicorn is not public: a new version must still have all of it.

When this fails after an update, compare `uvicorn/protocols/http/h11_impl.py` with the version before, and
then raise the upper bound in pyproject.toml.
"""

import asyncio
import inspect
import re
from importlib import metadata
from pathlib import Path

import h11
import uvicorn
from uvicorn.protocols.http import h11_impl
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from sync_server.service.net.http_connections import (
    ENROL,
    HttpListener,
    LimitedConnection,
    limited_connection,
)
from sync_server.service.observe.counters import Counters

OVERRIDDEN = (
    "connection_made",
    "connection_lost",
    "data_received",
    "on_response_complete",
    "pause_writing",
    "resume_writing",
    "send_400_response",
)


def connection() -> H11Protocol:
    async def app(scope, receive, send) -> None:
        pass

    async def made() -> H11Protocol:
        kind = limited_connection(HttpListener(ENROL, Counters()))
        config = uvicorn.Config(app, http=kind, lifespan="off", log_config=None)
        config.load()
        return kind(config=config, server_state=ServerState(), app_state={})

    return asyncio.run(made())


def test_the_methods_that_are_overridden_are_there_and_take_the_same():
    for name in OVERRIDDEN:
        theirs, ours = getattr(H11Protocol, name), getattr(LimitedConnection, name)
        assert list(inspect.signature(theirs).parameters) == list(inspect.signature(ours).parameters), name


def test_a_connection_has_the_attributes_that_are_used():
    made = connection()
    assert isinstance(made.conn, h11.Connection)
    assert made.connections == set()
    assert made.cycle is None
    assert (made.client, made.server) == (None, None)
    assert made.loop is not None
    assert made.transport is None
    assert {"response_complete", "more_body"} <= set(re.findall(r"self\.(\w+) ", cycle_source()))


def cycle_source() -> str:
    return inspect.getsource(RequestResponseCycle.__init__)


def test_a_refusal_is_sent_while_the_error_is_handled():
    """`send_400_response` reads from the current exception whether the request was too large."""
    source = inspect.getsource(h11_impl.H11Protocol.handle_events)
    assert re.search(r"except h11\.RemoteProtocolError:.*?self\.send_400_response\(", source, re.DOTALL)


def test_the_server_has_what_is_overridden_and_set():
    assert list(inspect.signature(uvicorn.Server.startup).parameters) == ["self", "sockets"]
    assert list(inspect.signature(uvicorn.Server.capture_signals).parameters) == ["self"]
    server = uvicorn.Server(uvicorn.Config("app"))
    assert server.should_exit is False


def test_pyproject_allows_no_version_that_was_not_compared():
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    bound = re.search(r'"uvicorn>=[\d.]+,<0\.(\d+)"', text)
    assert bound is not None
    installed = metadata.version("uvicorn").split(".")
    assert (int(installed[0]), int(installed[1])) < (0, int(bound[1]))
