"""The command line of a program that the policy names: placeholders filled in, the prompt where it is wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nightrun.words.agent import BY_ARGUMENT, BY_FILE, BY_STDIN, AgentRun

# The kernel takes 128 KiB for one argument (MAX_ARG_STRLEN, execve(2)).
LONGEST_ARGUMENT = 120 << 10
_PLACEHOLDER = re.compile(r"\{(prompt|prompt_file|worktree)\}")
# For programs that take it in no other way: a prompt that begins with a dash, or is one word, is no option or command.
PROMPT_ARGUMENT = "\n{prompt}"


def argv(run: AgentRun, command: Sequence[str]) -> tuple[str, ...]:
    """Nothing in the prompt is looked at: it stays one argument, or a part of one."""
    words = [*command, *run.args]
    channel = _channel(run, words)
    if channel == BY_ARGUMENT and not _has(words, "prompt"):
        words.append("{prompt}")
    if channel == BY_FILE and not _has(words, "prompt_file"):
        words.append("{prompt_file}")
    return tuple(_filled(one, run) for one in words)


def stdin(run: AgentRun, command: Sequence[str]) -> bytes | None:
    """The prompt when the program gets it there, or when an argument cannot hold it."""
    words = [*command, *run.args]
    channel = _channel(run, words)
    is_argument = channel == BY_ARGUMENT or _has(words, "prompt")
    if channel == BY_STDIN or (is_argument and any(not _fits(one, run) for one in (*words, "{prompt}"))):
        return encoded(run.prompt)
    return None


def with_prompt(run: AgentRun, words: Sequence[str]) -> tuple[str, ...]:
    """The prompt in its place, or the name of its file where no argument can hold it."""
    if any(not _fits(one, run) for one in words):
        named = f"The instructions are in the file {run.prompt_file}. Read all of it and do what it says."
        run = replace(run, prompt=named)
    return tuple(_filled(one, run) for one in words)


def encoded(text: str) -> bytes:
    """Half of a surrogate pair, which JSON may carry, has no UTF-8."""
    return text.encode("utf-8", errors="replace")


def _channel(run: AgentRun, words: Sequence[str]) -> str:
    """As the policy says; else where the command line shows it, else standard input, which takes any length."""
    if run.channel is not None:
        return run.channel
    if _has(words, "prompt"):
        return BY_ARGUMENT
    return BY_FILE if _has(words, "prompt_file") else BY_STDIN


def _has(words: Sequence[str], name: str) -> bool:
    return any(f"{{{name}}}" in one for one in words)


def _fits(word: str, run: AgentRun) -> bool:
    return "{prompt}" not in word or (
        "\0" not in run.prompt
        and len(encoded(word)) + word.count("{prompt}") * len(encoded(run.prompt)) < LONGEST_ARGUMENT
    )


def _filled(word: str, run: AgentRun) -> str:
    """In one pass, so that a placeholder in the prompt stays what it is."""
    prompt = encoded(run.prompt).decode() if _fits(word, run) else _elsewhere(run)
    values = {"prompt": prompt, "prompt_file": run.prompt_file, "worktree": run.worktree}
    return _PLACEHOLDER.sub(lambda found: values[found[1]], word)


def _elsewhere(run: AgentRun) -> str:
    """Stands for a prompt that no argument can hold."""
    return (
        f"The instructions are in the file {run.prompt_file} and on standard input. Read all of it and do what it says."
    )
