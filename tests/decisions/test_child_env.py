from __future__ import annotations

from nightrun.decisions import child_env
from nightrun.words.agent import AgentSpec

QUIET = {"TERM": "dumb", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true"}
DURABLE_GIT = {
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "core.fsync",
    "GIT_CONFIG_VALUE_0": "all",
    "GIT_CONFIG_KEY_1": "core.fsyncMethod",
    "GIT_CONFIG_VALUE_1": "fsync",
}
PERSON = {
    "PATH": "/bin",
    "HOME": "/h",
    "LANG": "C.UTF-8",
    "LC_TIME": "C",
    "TERM": "xterm",
    "TZ": "UTC",
    "API_KEY": "k",
    "OTHER_TOKEN": "t",
    "GITHUB_TOKEN": "t",
    "SSH_AUTH_SOCK": "/s",
    "AWS_SECRET_ACCESS_KEY": "s",
    "PIPELINE_AUTO_PUSH": "1",
    "PIPELINE_API_TOKEN": "t",
    "NIGHTRUN_REPO": "/r",
    "GIT_DIR": "/g",
    "GIT_EDITOR": "vim",
    "MAKEFLAGS": "k",
    "MAKELEVEL": "1",
    "PYTHONPATH": "/p",
    "GOPATH": "/go",
    "XDG_CACHE_HOME": "/c",
    "HTTPS_PROXY": "http://proxy",
    "CI": "1",
}


def spec(**more: object) -> AgentSpec:
    return AgentSpec(name="a", kind="command", program=None, **more)  # type: ignore[arg-type]


def test_agent_gets_what_is_on_the_list_and_nothing_else() -> None:
    found = child_env.for_agent(PERSON, spec(), {"PIPELINE_TASK_ID": "t1"})
    base = {name: PERSON[name] for name in ("PATH", "HOME", "LANG", "LC_TIME", "TZ")}
    assert {name: found.pop(name) for name in DURABLE_GIT} == DURABLE_GIT
    assert found == {**base, **QUIET, "PIPELINE_TASK_ID": "t1"}


def test_agent_gets_the_keys_that_the_policy_names() -> None:
    found = child_env.for_agent(PERSON, spec(pass_env=("API_KEY", "MISSING"), env={"PATH": "/mine", "X": "1"}), {})
    assert (found["API_KEY"], found["PATH"], found["X"]) == ("k", "/mine", "1")
    assert "MISSING" not in found and "OTHER_TOKEN" not in found


def test_nothing_that_lets_one_push_or_leads_elsewhere_can_be_passed_on() -> None:
    wanted = ("PIPELINE_AUTO_PUSH", "PIPELINE_API_TOKEN", "NIGHTRUN_REPO", "GIT_DIR")
    found = child_env.for_agent(PERSON, spec(pass_env=wanted, env=dict.fromkeys(wanted, "1")), {})
    assert not set(wanted) & set(found)


def test_gate_finds_the_persons_tools_but_not_our_make_and_python() -> None:
    found = child_env.for_gate(PERSON, {"PIPELINE_RUNNER": "runner-1"})
    tools = {name: PERSON[name] for name in ("GOPATH", "XDG_CACHE_HOME", "HTTPS_PROXY", "CI")}
    base = {name: PERSON[name] for name in ("PATH", "HOME", "LANG", "LC_TIME", "TZ")}
    assert found == {**base, **tools, **QUIET, "PIPELINE_RUNNER": "runner-1"}
