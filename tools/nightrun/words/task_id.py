"""What an id of a task looks like: safe in URLs, branch names and commit messages."""

from __future__ import annotations

import re

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
