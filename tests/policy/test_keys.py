from __future__ import annotations

from nightrun.policy import keys


def test_keys_are_found_at_any_depth() -> None:
    assert "attempts" in keys.names_at(("limits",))
    assert "gate" in keys.names_at(("task_types", "impl"))
    assert "command" in keys.names_at(("agents", "any-name"))
    assert "project" in keys.names_at(())


def test_where_the_person_chooses_the_names_none_is_known() -> None:
    assert keys.names_at(("agents",)) == []
    assert keys.names_at(("agents", "x", "env")) == []
    assert keys.names_at(("nonsense", "x")) == []


def test_a_key_is_found_where_it_is_at_home() -> None:
    assert keys.elsewhere("subject_length") == ["commit.subject_length"]
    assert keys.elsewhere("nonsense") == []
