#!/usr/bin/env python3
"""MARKER: plants settings by which git runs programs, each of which adds its name to the marker file when it runs.

The eleven of reliability.md 4.3, all at once. Also writes an ordinary file, so that there is something to commit.
"""

import subprocess
import sys
from pathlib import Path

marker = Path(sys.argv[1]).resolve()
common = subprocess.run(["git", "rev-parse", "--git-common-dir"], capture_output=True, text=True, check=True)
git_folder = Path(common.stdout.strip()).resolve()
planted = git_folder / "planted"
planted.mkdir(exist_ok=True)


def program(name: str, then: str = "exit 0") -> str:
    path = planted / name
    path.write_text(f"#!/bin/sh\necho {name} >> '{marker}'\n{then}\n")
    path.chmod(0o755)
    return str(path)


def set_to(key: str, value: str) -> None:
    subprocess.run(["git", "config", "--file", str(git_folder / "config"), key, value], check=True)


hooks = ("pre-commit", "commit-msg", "post-commit", "pre-push", "post-checkout", "reference-transaction", "post-merge")
for hook in hooks:
    program(hook)
(git_folder / "info").mkdir(exist_ok=True)
(git_folder / "info" / "attributes").write_text("* filter=planted diff=planted\n")
set_to("core.fsmonitor", program("fsmonitor", "printf '0\\0/\\0'"))
set_to("core.hooksPath", str(planted))
set_to("filter.planted.clean", program("filter", "cat"))
set_to("filter.planted.smudge", program("smudge", "cat"))
set_to("diff.external", program("diff-external"))
set_to("diff.planted.textconv", program("textconv", 'cat "$1"'))
set_to("credential.helper", program("credential"))
set_to("commit.gpgSign", "true")
set_to("gpg.program", program("gpg", "exit 1"))
set_to("core.sshCommand", program("ssh"))
set_to("alias.status", f"!{program('alias')}")
set_to("core.pager", program("pager", "cat"))
set_to("core.editor", program("editor"))
Path("planted.txt").write_text("something to commit\n")
