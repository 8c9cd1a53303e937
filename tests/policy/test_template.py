from __future__ import annotations

import re

from nightrun.policy import keys, reading, shown, template, yaml_tree
from nightrun.policy.model import Policy

CHOSEN = {
    "task_types": {name: {"gate": ["make check"]} for name in ("spec", "impl", "test", "review")},
    "agents": {"fast": {"preset": "claude", "args": ["--model", "x: y"]}},
}


def uncommented(text: str) -> str:
    """The file as it is when a person takes the # away from every default."""
    return re.sub(r"^(\s*)#(?=\S)", r"\1", text, flags=re.MULTILINE)


def test_what_is_chosen_is_live_and_reads_back() -> None:
    policy = reading.read(template.text(CHOSEN))
    assert policy == Policy.model_validate(CHOSEN)


def test_every_default_that_is_shown_is_the_default() -> None:
    policy = reading.read(uncommented(template.text(CHOSEN)))
    assert isinstance(policy, Policy), "\n".join(str(problem) for problem in policy)
    example = policy.agents[template.EXAMPLE_AGENT]
    assert example == Policy.model_validate({"agents": {"a": {"command": template.EXAMPLE_COMMAND}}}).agents["a"]
    rest = policy.model_dump(exclude={"agents"})
    assert rest == Policy.model_validate(CHOSEN).model_dump(exclude={"agents"})


def test_every_key_is_shown_and_explained() -> None:
    text = template.text(CHOSEN)
    tree = yaml_tree.parse(uncommented(text))
    words = " ".join(text.replace("#", " ").split())
    for key in keys.walk():
        path = tuple(template.EXAMPLE_AGENT if step == keys.ANY_NAME else step for step in key.path)
        supervised = key.path[0] == "monitor" and key.path[-1] in template.HEAL_KEYS
        assert path in tree.lines or supervised, key.path
        if key.model is None and key.path != ("version",):
            assert " ".join((key.field.description or "").split()) in words, key.path


def test_what_the_supervisor_repairs_shows_no_heal_keys() -> None:
    tree = yaml_tree.parse(uncommented(template.text(CHOSEN)))
    assert ("monitor", "api_stale", "on") in tree.lines
    assert ("monitor", "api_stale", "heal") not in tree.lines
    assert ("monitor", "gate_red", "heal") in tree.lines


def test_the_schema_is_named_in_the_first_line() -> None:
    assert template.text({}, "x.json").splitlines()[0] == "# yaml-language-server: $schema=x.json"


def test_a_note_stands_above_its_key() -> None:
    lines = template.text({}, notes={"backlog.files": "Your own words."}).splitlines()
    assert lines[lines.index("  # Your own words.") + 1] == "  #files: [specs/backlog.md]"


def test_comment_lines_are_not_long() -> None:
    prose = [line for line in template.text(CHOSEN).splitlines() if re.match(r"\s*# ", line)]
    assert max(map(len, prose)) <= 115


def test_the_whole_effective_policy_reads_back() -> None:
    policy = Policy.model_validate(CHOSEN)
    assert reading.read(shown.effective(policy)) == policy
