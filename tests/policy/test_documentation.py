from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nightrun.policy import documentation, keys, shown
from nightrun.policy.model import Limits, Scan

ROOT = Path(__file__).resolve().parents[2]
HOW = "run `nightrun policy docs --write`"


def test_the_page_in_the_repository_is_what_the_models_say() -> None:
    assert (ROOT / documentation.MARKDOWN).read_text() == documentation.markdown(), HOW


def test_the_schema_in_the_repository_is_what_the_models_say() -> None:
    assert (ROOT / documentation.SCHEMA).read_text() == documentation.schema(), HOW


def test_every_key_is_on_the_page_with_its_effect() -> None:
    page = documentation.markdown()
    for key in keys.walk():
        name = key.path[-1]
        assert f"`{name}`" in page or f"## {name}" in page, key.path
        if key.model is None:
            assert (key.field.description or "").replace("|", "\\|") in page, key.path


def test_types_and_defaults_are_on_the_page() -> None:
    row = f"| `disk_floor` | size | `1GiB` | {Limits.model_fields['disk_floor'].description} |"
    assert row in documentation.markdown()


def test_every_key_is_in_the_schema_with_its_default() -> None:
    schema = json.loads(documentation.schema())
    for key in keys.walk():
        found = _at(schema, key.path)
        if key.model is None:
            assert "default" in found, key.path
            assert found["description"] == key.field.description


def test_the_schema_knows_units_as_a_person_writes_them() -> None:
    timeout = _at(json.loads(documentation.schema()), ("task_types", "impl", "timeout"))
    assert timeout["default"] == "1h"
    assert timeout["type"] == ["string", "number"]


def test_the_schema_lets_a_section_be_empty_and_refuses_unknown_keys() -> None:
    schema = json.loads(documentation.schema())
    scan = _at(schema, ("scan",))
    assert scan["type"] == ["object", "null"]
    assert scan["additionalProperties"] is False
    assert set(scan["properties"]) == set(shown.defaults(Scan))


def _at(schema: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for step in path:
        schema = schema["additionalProperties"] if step == keys.ANY_NAME else schema["properties"][step]
    return schema
