"""Tests that were deleted, skipped or loosened: a green gate says less than before (peers.md, complaint 18).

Lines that only moved, within a file or to another file of tests in the same language, count as neither gone nor new.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nightrun.decisions.lines import count
from nightrun.scans import found, languages
from nightrun.scans.languages import Language
from nightrun.words import change as words
from nightrun.words.change import Change, Entry, ScanFinding

NAME = "weakened_tests"
MOST_READ = 500  # characters of a line that are looked at: no person writes longer ones, and machines write no tests
TELLING_CHARS = 12  # a shorter line, such as `@Test` or `}`, does not tell which file it is from
HEIR_SHARE = 0.5  # of a deleted file's telling lines that another file must hold to be what became of it


@dataclass
class _File:
    """What of a file is really gone and really new."""

    entry: Entry
    language: Language
    gone: list[str] = field(default_factory=list)
    new: list[tuple[int, str]] = field(default_factory=list)


def look(change: Change, settings: Any) -> list[ScanFinding]:
    files = _files(change)
    _follow_renames(files)
    unread = (one for one in files if one.entry.binary or not change.complete)
    seen = (finding for one in files for finding in (*_fewer(one), *_looser(one), *_skipped(one), *_always_true(one)))
    return [*(finding for one in unread for finding in _deleted(one)), *seen]


def with_totals(findings: Sequence[ScanFinding], text_of: Callable[[str], tuple[str, str]]) -> list[ScanFinding]:
    """The first finding of each file of tests says how many it had and has.

    `text_of` gives what a path held before and holds after, empty where it is not there.
    """
    told: set[str] = set()
    made = []
    for one in findings:
        language = languages.of(one.path)
        if one.scan == NAME and language is not None and one.path not in told:
            told.add(one.path)
            one = replace(one, message=f"{one.message.removesuffix('.')}{_totals(language, *text_of(one.path))}.")
        made.append(one)
    return made


def _totals(language: Language, before: str, after: str) -> str:
    """Of lines, so near the truth only; a language whose tests cannot be told apart from other code says so."""
    if language.tests.pattern == languages.NEVER and language.assertions.pattern == languages.NEVER:
        return f" (tests in {language.name} cannot be counted)"
    numbers = []
    for text in (before, after):
        lines = [line[:MOST_READ] for line in text.splitlines() if not line.strip().startswith(language.comment)]
        tests, checks = (sum(1 for line in lines if kind.match(line)) for kind in (language.tests, language.assertions))
        numbers.append(f"{count(tests, 'test')} and {count(checks, 'assertion')}")
    return f" (this file: {numbers[0]} before, {numbers[1]} after)"


def _files(change: Change) -> list[_File]:
    same = found.moved(change)
    kept = {one.new_id for one in change.entries if one.path in same and languages.of(one.path) is not None}
    files = []
    for entry in change.entries:
        language = languages.of(entry.path)
        renamed = entry.path in same or (entry.status == words.DELETED and entry.old_id in kept)
        if language is not None and not renamed:
            files.append(_File(entry, language))
    for name in {one.language.name for one in files}:
        _cancel_moved([one for one in files if one.language.name == name])
    return files


def _cancel_moved(files: Sequence[_File]) -> None:
    """Every line that was removed somewhere takes one equal added line with it."""
    removed = [_meanings(one.entry.removed) for one in files]
    added = [_meanings(one.entry.added) for one in files]
    all_removed, all_added = (Counter(one for part in parts for one in part) for parts in (removed, added))
    still_gone, still_new = all_removed - all_added, all_added - all_removed
    for one, gone, new in zip(files, removed, added, strict=True):
        comment = one.language.comment
        lost = zip(one.entry.removed, gone, strict=True)
        came = zip(one.entry.added, new, strict=True)
        one.gone = [text[:MOST_READ] for (_, text), key in lost if _take(still_gone, key, comment)]
        one.new = [(number, text[:MOST_READ]) for (number, text), key in came if _take(still_new, key, comment)]


def _meanings(lines: Sequence[tuple[int, str]]) -> list[str]:
    """What each line is known by; an annotation such as `@Test` says which one it is only with the next line."""
    texts = [text.strip() for _, text in lines]
    return [
        f"{text} {after}" if text.startswith(("@", "#[", "[")) else text
        for text, after in zip(texts, [*texts, ""][1:], strict=True)
    ]


def _take(rest: Counter[str], meaning: str, comment: str) -> bool:
    """Whether this line is one of those left; comments and empty lines never are."""
    if not meaning or not rest[meaning]:
        return False
    rest[meaning] -= 1
    return not meaning.startswith(comment) or meaning.startswith("#[")


def _follow_renames(files: Sequence[_File]) -> None:
    """What a deleted file lost is set against what is new in the file that took over most of its lines."""
    for one in files:
        if one.entry.status == words.DELETED and one.gone and (heir := _heir(one, files)):
            heir.gone += one.gone
            one.gone.clear()


def _heir(deleted: _File, files: Sequence[_File]) -> _File | None:
    wanted = _telling(deleted.entry.removed)
    shares = [
        (len(wanted & _telling(one.entry.added)), one)
        for one in files
        if one.language == deleted.language and one.entry.status != words.DELETED
    ]
    share, heir = max(shares, key=lambda pair: pair[0], default=(0, deleted))
    return heir if share > HEIR_SHARE * len(wanted) else None


def _telling(lines: Sequence[tuple[int, str]]) -> set[str]:
    """The lines that are not the same in every file."""
    return {text.strip() for _, text in lines if len(text.strip()) >= TELLING_CHARS}


def _deleted(one: _File) -> Iterator[ScanFinding]:
    """The lines of the file are not known, so that it is gone as a whole is all that can be said."""
    if one.entry.status == words.DELETED and not one.entry.removed and one.language.tests.pattern != languages.NEVER:
        yield found.hold(NAME, one.entry.path, None, "This file was deleted; its name says that it held tests.")


def _fewer(one: _File) -> Iterator[ScanFinding]:
    lost = {"test": _lost(one, one.language.tests), "assertion": _lost(one, one.language.assertions)}
    # Code has assertions of its own where it shares a file with its tests.
    if one.language.name == "Rust" and not lost["test"][0] and "tests" not in one.entry.path.split("/"):
        return
    counted = [count(number, what) for what, (number, _) in lost.items() if number]
    if counted:
        where = "gone with this file" if one.entry.status == words.DELETED else "gone from this file and not replaced"
        first = next(text for number, text in lost.values() if number)
        message = f"{' and '.join(counted)} {where}; the first line of them is `{found.quoted(first)}`."
        yield found.hold(NAME, one.entry.path, None, message)


def _looser(one: _File) -> Iterator[ScanFinding]:
    """Exact checks that went while others came. A value or a tolerance that was changed is not seen."""
    number, first = _lost(one, one.language.exact)
    came = [text for _, text in one.new if _is_loose(one.language, text)]
    looser = min(number, len(came) - sum(1 for text in one.gone if _is_loose(one.language, text)))
    if looser > 0:
        message = (
            f"{count(looser, 'exact check')} gave way to what lets more pass: `{found.quoted(first)}` is gone,"
            f" `{found.quoted(came[0])}` is new."
        )
        yield found.hold(NAME, one.entry.path, None, message)


def _is_loose(language: Language, text: str) -> bool:
    """An assertion that is not exact; what cannot fail at all is said for itself."""
    is_exact, never_fails = language.exact.match(text), language.always_true.match(text)
    return bool(language.assertions.match(text) and not is_exact and not never_fails)


def _lost(one: _File, expression: re.Pattern[str]) -> tuple[int, str]:
    """How many more such lines are gone than came instead, and the first of them."""
    gone = [text for text in one.gone if expression.match(text)]
    number = len(gone) - sum(1 for _, text in one.new if expression.match(text))
    return (number, gone[0]) if number > 0 else (0, "")


def _skipped(one: _File) -> Iterator[ScanFinding]:
    for number, text in one.new:
        if one.language.skips.match(text):
            message = f"This line leaves tests out or lets them fail: `{found.quoted(text)}`."
            yield found.hold(NAME, one.entry.path, number, message)


def _always_true(one: _File) -> Iterator[ScanFinding]:
    for number, text in one.new:
        if one.language.always_true.match(text):
            message = f"This check can never fail: `{found.quoted(text)}`."
            yield found.hold(NAME, one.entry.path, number, message)
