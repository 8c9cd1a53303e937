"""The served API keeps what its OpenAPI document says, whatever is sent, with a token and without (Schemathesis)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from jsonschema_rs import Draft202012Validator
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


def is_wrong(document: dict[str, Any], operation: Any, case: Any, url: str) -> bool:
    """Whether what was meant to be wrong is so on the wire: an empty list is no part of an address, for example."""
    if not set(case.query or {}) <= set(parse_qs(urlsplit(url).query, keep_blank_values=True)):
        return False
    described = document["paths"][operation.path][operation.method.lower()].get("requestBody")
    as_json = isinstance(case.body, dict | list | str | int | float | None)
    if described is None or not as_json or case.query or case.path_parameters:
        return True
    schema = described["content"]["application/json"]["schema"] | {"components": document["components"]}
    return not Draft202012Validator(schema).is_valid(case.body)


def ask_all(served: Process, examples: int, *, token: bool, every: int = 1) -> Counter[int]:
    """How often each status was answered; a failed check fails the test. `every` nth of all kinds of request."""
    answered: Counter[int] = Counter()
    session = requests.Session()
    document = requests.get(
        f"{served.said()['url']}/openapi.json", headers={"Authorization": f"Bearer {served.token}"}, timeout=20
    ).json()
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
            if mode is GenerationMode.POSITIVE and isinstance(case.body, dict) and case.body.get("wait_seconds"):
                case.body["wait_seconds"] = 0.05  # it is allowed to wait for half a minute, each time
            answer = case.call(session=session, headers=headers, timeout=20)
            # The check does not know 413, which is a refusal, too.
            is_meant = token and mode is GenerationMode.NEGATIVE and answer.status_code != 413
            is_checked = is_meant and is_wrong(document, operation, case, answer.request.url)
            checks = [*CHECKS, negative_data_rejection] if is_checked else CHECKS
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
    assert {200, 422} <= answered.keys() if token else answered[401] > 1000
    print(f"{sum(answered.values())} requests, answers by status: {dict(sorted(answered.items()))}, failures: 0")
