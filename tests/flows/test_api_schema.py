"""The served API keeps what its OpenAPI document says, whatever is sent, with a token and without (Schemathesis)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.flows.api_world import Process

SEED = 20_261_127
LONG = 150  # examples of each operation, in each mode
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("schema") / "repo").ready()
    yield process
    assert process.stop() == 0
    assert "Traceback" not in process.log.read_text()


def operations(served: Process) -> list[Any]:
    headers = {"Authorization": f"Bearer {served.token}"}
    schema = schemathesis.openapi.from_url(f"{served.said()['url']}/openapi.json", headers=headers)
    return [one.ok() for one in schema.get_all_operations()]


def ask_all(served: Process, examples: int, *, token: bool, every: int = 1) -> Counter[int]:
    """How often each status was answered; a failed check fails the test. `every` nth of all kinds of request."""
    answered: Counter[int] = Counter()
    session = requests.Session()
    headers = {"Authorization": f"Bearer {served.token}"} if token else {}

    def ask(operation: Any, mode: GenerationMode) -> None:
        @seed(SEED)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            checks = [*CHECKS, negative_data_rejection] if token and mode is GenerationMode.NEGATIVE else CHECKS
            answer = case.call(session=session, headers=headers, timeout=20)
            case.validate_response(answer, checks=checks)
            answered[answer.status_code] += 1
            assert token or operation.path == "/api/health" or answer.status_code in (401, 404, 405)

        with suppress(Unsatisfiable):  # there is nothing about it that could be wrong
            one()

    for operation, mode in [(one, mode) for one in operations(served) for mode in MODES][::every]:
        ask(operation, mode)
    return answered


def test_a_few_of_each_operation(served: Process) -> None:
    assert {200, 422} <= ask_all(served, 1, token=True, every=3).keys()


def test_without_a_token_nothing_is_told(served: Process) -> None:
    assert ask_all(served, 1, token=False, every=9)[401] > 0


@pytest.mark.soak
@pytest.mark.parametrize("token", [True, False], ids=["token", "no-token"])
def test_many_of_each_operation(served: Process, token: bool) -> None:
    answered = ask_all(served, LONG if token else LONG // 5, token=token)
    print(f"{sum(answered.values())} requests, answers by status: {dict(sorted(answered.items()))}, failures: 0")
