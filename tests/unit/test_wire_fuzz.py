"""The decoders get any bytes, and messages with something wrong in them.

`make fuzz` does the same for longer, led by what it finds.
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_server.protocol.wire import WireError, decode_from_device
from tests.fuzz import targets

EXAMPLES = targets.examples()
NAMES = sorted({name for example in EXAMPLES for name in json.loads(example)} | {"x", ""})
TAGS = sorted({json.loads(example)["type"] for example in EXAMPLES})
OPS = sorted({json.loads(e)["op"]["op"] for e in EXAMPLES if isinstance(json.loads(e).get("op"), dict)})

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=50)
    | st.sampled_from(["a" * 32, "A-1", "en", "ask", "x" * 501, "\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def almost_messages(draw: st.DrawFn) -> bytes:
    """A message with one or two fields that are missing, unknown, or of the wrong type."""
    message = json.loads(draw(st.sampled_from(EXAMPLES)))
    for _ in range(draw(st.integers(0, 3))):
        part: dict[str, Any] = message
        if isinstance(message.get("op"), dict) and draw(st.booleans()):
            part = message["op"]
        name = draw(st.sampled_from([*part, *NAMES]))
        if draw(st.booleans()):
            part.pop(name, None)
        else:
            part[name] = draw(values | st.sampled_from([*TAGS, *OPS]))
    return json.dumps(message, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@st.composite
def torn_messages(draw: st.DrawFn) -> bytes:
    """A message in which bytes were lost, changed or repeated."""
    frame = bytearray(draw(st.sampled_from(EXAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(frame)))
        how = draw(st.sampled_from(["cut", "byte", "twice"]))
        if how == "cut":
            del frame[at:]
        elif how == "byte":
            frame[at : at + 1] = draw(st.binary(max_size=3))
        else:
            frame[at:at] = frame[at : at + 20]
    return bytes(frame)


@pytest.mark.attack(
    "Thousands of random byte strings, incomplete messages and messages with wrong fields, to every decoder",
    "each gives a message or an error that can be sent back; each op is done or refused",
)
@settings(suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.binary(max_size=400) | torn_messages() | almost_messages())
def test_any_input_is_decoded_or_refused(data):
    targets.everything(data)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(values)
def test_any_json_is_a_message_or_a_wire_error(value):
    targets.everything(json.dumps(value).encode())


def test_some_of_the_almost_messages_are_valid():
    """Otherwise the tests above would only test broken messages."""
    read = 0
    for example in EXAMPLES:
        try:
            decode_from_device(example)
        except WireError:
            continue
        read += 1
    assert read > 20
