"""Schemathesis asks the API what its own OpenAPI document says may be asked, and checks the answers by it."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from sync_server.service.admin import client
from sync_server.service.auth.tokens import Scope
from sync_server.web.api.v1.routes import DOCUMENT, ROUTES

from .running_server import RunningServer

EXAMPLES = 6  # of each operation and each mode
# A need or a day may have the right form and not be in the shop: that is a 400 with a sentence.
LEFT_OUT = [positive_data_acceptance]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_answers_are_as_the_document_says(running: RunningServer, mode: GenerationMode) -> None:
    token = client.run(running.server.data_dir, "add_token", name="all", scopes=" ".join(Scope))
    running.sign_on("maya")
    document = schemathesis.openapi.from_url(running.address + DOCUMENT)
    operations: list[Any] = [found.ok() for found in document.get_all_operations()]  # type: ignore[union-attr]
    for operation in operations:
        ask(operation.as_strategy(generation_mode=mode), {"Authorization": f"Bearer {token}"})
    assert len(operations) == len(ROUTES)


def ask(cases: SearchStrategy[Any], headers: dict[str, str]) -> None:
    """Sends some of these requests, always the same, and checks each answer."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask_each(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

    ask_each()
