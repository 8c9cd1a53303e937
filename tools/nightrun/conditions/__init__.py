"""Conditions: what the monitor looks for; one file each, pure."""

from __future__ import annotations

from types import ModuleType

ALL: tuple[ModuleType, ...] = ()
