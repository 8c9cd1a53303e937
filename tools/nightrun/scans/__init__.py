"""Scans: what is looked for in the change itself, on git's objects; one file each, pure."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from nightrun.scans import (
    binaries,
    case_clashes,
    conflict_markers,
    destructive,
    found,
    links,
    lock_files,
    nested_repositories,
    protected_paths,
    secrets,
    size,
    weakened_tests,
)
from nightrun.words.change import Change, ScanFinding

ALL: tuple[ModuleType, ...] = (
    secrets,
    conflict_markers,
    nested_repositories,
    links,
    size,
    case_clashes,
    protected_paths,
    weakened_tests,
    destructive,
    binaries,
    lock_files,
)


def look(change: Change, settings: Any) -> list[ScanFinding]:
    """What all scans found that the section `scan` of the policy leaves on; a scan it does not name is always on."""
    on = (scan for scan in ALL if getattr(settings, scan.NAME, True))
    return [finding for scan in on for finding in found.bounded(scan.look(change, settings))]
