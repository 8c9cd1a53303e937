"""The `pipeline.yaml` of this repository is the example that people copy."""

from __future__ import annotations

from pathlib import Path

from nightrun.policy import documentation, reading, template, yaml_tree
from nightrun.policy.model import Policy
from tests.policy.test_template import uncommented

FILE = Path(__file__).resolve().parents[2] / "pipeline.yaml"
ROOT_CAUSE = "Suggest meta-pipeline item to specs/007-meta-pipeline-backlog.md if root cause identified."
RATE = "Analyze 7d success rate; suggest prompt/model/meta improvements."


def shipped() -> Policy:
    policy = reading.read(FILE.read_text())
    assert isinstance(policy, Policy), "\n".join(str(problem) for problem in policy)
    return policy


def test_it_is_valid() -> None:
    assert shipped().version == 1


def test_every_default_it_shows_is_the_default_and_every_key_is_explained() -> None:
    """The text is made from the models and the values in it; so each line of it is true."""
    text = FILE.read_text()
    fresh = template.text(yaml_tree.parse(text).value, documentation.SCHEMA)
    assert text == fresh, "run `nightrun policy template`; it prints the file with the comments of this version"


def test_uncommenting_every_default_changes_nothing() -> None:
    all_live = reading.read(uncommented(FILE.read_text()))
    assert isinstance(all_live, Policy)
    assert all_live.model_dump(exclude={"agents"}) == shipped().model_dump(exclude={"agents"})


def test_editors_find_the_schema() -> None:
    assert FILE.read_text().splitlines()[0] == "# yaml-language-server: $schema=docs/pipeline.schema.json"
    assert (FILE.parent / documentation.SCHEMA).is_file()


def test_it_declares_which_types_commit_and_heal_is_none_of_them() -> None:
    assert shipped().committing_types == ("spec", "impl", "test", "review")


def test_repeated_failures_ask_for_a_meta_item_in_the_words_of_the_specification() -> None:
    assert ROOT_CAUSE in shipped().monitor.condition("repeated_failures").direction
    assert ROOT_CAUSE in Policy().monitor.condition("repeated_failures").direction
    assert ROOT_CAUSE in FILE.read_text()


def test_a_low_success_rate_is_analysed_in_the_words_of_the_specification() -> None:
    assert shipped().monitor.condition("low_success_rate").direction == RATE
    assert Policy().monitor.condition("low_success_rate").direction == RATE
    assert shipped().monitor.condition("low_success_rate").heal
