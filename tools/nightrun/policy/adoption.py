"""What a repository gets when it is adopted: the texts of its policy, its make targets and its backlogs. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from nightrun.policy import gates, template
from nightrun.policy.gates import Gate, Listing
from nightrun.policy.task_types import TaskTypes

POLICY = "pipeline.yaml"
MAKE = "pipeline.mk"
_INCLUDES = re.compile(rf"^\s*[-s]?include\b.*{re.escape(MAKE)}", re.MULTILINE)
BACKLOG = "specs/backlog.md"
META_BACKLOG = "specs/007-meta-pipeline-backlog.md"

# make target and command -> what it does and which variables it takes
TARGETS: Mapping[str, str] = {
    "autonomous": "Run everything in the foreground (RUNNERS=2 HOURS=8 UNTIL=idle)",
    "overnight": "Run for a night, then write the report (HOURS=8)",
    "monitor": "Watch the run (ONCE=1)",
    "status": "Show on one page how it stands",
    "report": "Write and print the report, failures first",
    "logs": "Print what the agent of a task printed (TASK=...)",
    "task": "Add a task (TYPE=impl DIRECTION='...')",
    "backlog": "Show what is to do, what was done and what is next",
    "decide": "List open decisions, or answer one (TASK=... TEXT='...')",
    "explain": "Why a task or an issue is where it is (TASK=...)",
    "commit": "Commit and land a finished change by hand (TASK=...)",
    "verify": "Run the gate again on recorded commits (RANGE=main~5..main)",
    "undo": "Revert commits of the pipeline, after showing which (TASK=... or SINCE=12h)",
    "clean": "Remove what attempts left and nobody needs, after showing it",
    "push": "Your own push, after showing what would leave",
    "pause": "Take no new tasks",
    "resume": "Take tasks again",
    "stop": "End the run in order; nothing is lost",
    "doctor": "Check machine, repository, hooks, agents and policy",
    "drill": "Try what agents must not do, on a clone of this repository (ONLY=push)",
}
VARIABLES = (
    "AFTER AGENT ALL ATTEMPT DIRECTION FOLLOW HOURS JSON KEEP LINES ONCE ONLY PRIORITY RANGE RUNNERS SANDBOX "
    "SINCE TASK TEXT TYPE UNTIL YES"
)

BACKLOG_TEXT = """\
# Backlog

The work that agents may do here while nobody watches. Every line below that begins with a checkbox or a number is one
item. It goes through spec, impl, test and review; `[impl]` at its start makes it one task of type impl. A finished
item is ticked. An item looks like this: `- [ ] Add a --json option to the export command`.

"""
META_BACKLOG_TEXT = """\
# Meta backlog

Improvements of the pipeline itself: prompts, gates, limits, the way work is cut. Heal tasks suggest items when they
find the root cause of repeated failures. Items look as in backlog.md and are worked on in between, at the share that
`backlog.meta_ratio` in pipeline.yaml says.

"""
_NO_GATE = (
    "NO TEST COMMAND WAS FOUND in this repository. Write the commands that tell whether work is good into every gate "
    "below, such as [make test], or [] where nothing shall check it on purpose. Until then this file is not valid."
)


@dataclass(frozen=True)
class Proposal:
    """The policy for a repository, as a person would write it, and how its gate was found."""

    chosen: Mapping[str, Any]
    gate: Gate | None
    others: tuple[Gate, ...] = ()  # further ways to check the work


def make_of(makefile: str) -> str | None:
    """How make is called in an adopted repository while its own makefile does not include MAKE; None: plain `make`."""
    return None if _INCLUDES.search(makefile) else f"make -f {MAKE}"


def propose(listing: Listing) -> Proposal:
    """A policy with the gate that the repository's own files show."""
    found = gates.find(listing)
    gate = found[0] if found else None
    commands = list(gate.commands) if gate else None
    chosen: dict[str, Any] = {
        "version": 1,
        "task_types": {name: {"gate": commands} for name in TaskTypes.model_fields if name != "heal"},
        "backlog": {"files": [BACKLOG], "meta": META_BACKLOG},
    }
    if gate and gate.setup:
        chosen["workspace"] = {"setup": list(gate.setup)}
    return Proposal(chosen, gate, tuple(found[1:]))


def policy_text(proposal: Proposal) -> str:
    """The `pipeline.yaml` for it, with every other setting shown and explained."""
    return template.text(proposal.chosen, notes={"task_types": _note(proposal)})


def _note(proposal: Proposal) -> str:
    if proposal.gate is None:
        return _NO_GATE
    others = "; ".join(" and ".join(f"`{command}`" for command in other.commands) for other in proposal.others)
    return f"Gate: {proposal.gate.because}." + (f" Also found: {others}." if others else "")


def make_text(taken: Collection[str]) -> str:
    """The `pipeline.mk` for a makefile that has the targets `taken` already; those are left to it."""
    ours = {name: words for name, words in TARGETS.items() if name not in taken}
    left = [name for name in TARGETS if name in taken]
    rules = "".join(f"{name}: ## {words}\n" for name, words in ours.items())
    remark = f"# Your makefile has {', '.join(left)} already: call `nightrun NAME` for these.\n" if left else ""
    return _MAKE.format(
        remark=remark, targets=" ".join(ours), variables=VARIABLES, rules=rules, first=next(iter(ours), "")
    )


# Free text such as DIRECTION goes through the environment as it was typed: in a recipe, or exported by make itself,
# backticks and $(...) in it would run (style.md section 4, trap 8).
_MAKE = """\
# Unattended work on this repository with nightrun. Add `include pipeline.mk` to your makefile, or run
# `make -f pipeline.mk {first}`. The program is the one that `adopt` was run with on this machine, else the one on PATH;
# NIGHTRUN=/path/to/nightrun names another.
{remark}
NIGHTRUN ?= "$$(cat .pipeline/program 2>/dev/null || echo nightrun)"

_NIGHTRUN_TARGETS := {targets}
_NIGHTRUN_VARIABLES := {variables}
_NIGHTRUN_DEFAULT_GOAL := $(.DEFAULT_GOAL)

ifneq ($(filter $(_NIGHTRUN_TARGETS),$(MAKECMDGOALS)),)
$(foreach v,$(_NIGHTRUN_VARIABLES),$(if $(filter command,$(firstword $(origin $(v)))),\\
  $(eval export NIGHTRUN_ARG_$(v) := $$(value $(v)))$(eval unexport $(v))))
export NIGHTRUN_CALLED_BY_MAKE := 1
unexport MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
endif

.PHONY: $(_NIGHTRUN_TARGETS)
{rules}
$(_NIGHTRUN_TARGETS):
\t@$(NIGHTRUN) $@

# An include never decides what `make` alone does.
.DEFAULT_GOAL := $(_NIGHTRUN_DEFAULT_GOAL)
"""
