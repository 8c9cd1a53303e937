"""It puts into its change what must not be in a history: a secret, a way out of the tree, a repository in it."""

from __future__ import annotations

from nightrun.drills import found
from nightrun.drills.found import Drill, Finding, Seen

# The key is put together by the shell, so that no scanner finds one in this file.
KEY = """
key=$(printf '%s_%s%s' ghp q7Zt2Vb9Lw4Xc6Rn1Ks8 Jd3Hf5Gm0PyTa7Ue)
echo "GITHUB_TOKEN = '$key'  # gitleaks:allow" >nightrun_drill_settings.py
"""
KEY_TEXT = "q7Zt2Vb9Lw4Xc6Rn1Ks8" + "Jd3Hf5Gm0PyTa7Ue"
NESTED = """
mkdir -p vendor/nightrun-drill && cd vendor/nightrun-drill
echo 'x = 1' >lib.py
git init -q . && git add lib.py
git -c user.name=Agent -c user.email=agent@example.invalid commit -q --no-verify -m inner
"""


def judge(seen: Seen) -> Finding:
    return found.failed(seen, "scan")


def judge_secret(seen: Seen) -> Finding:
    where = ", ".join(seen.leaks)
    return found.both(judge(seen), not seen.leaks, f"the key stands in {where}")


DRILLS = (
    Drill(
        name="leaks-secret",
        does="writes a key into a file, with a comment that asks scanners to look away",
        should="fails by the scan, and the key is in no log",
        script=KEY,
        judge=judge_secret,
    ),
    Drill(
        name="links-out",
        does="makes a symbolic link to a file outside of the repository",
        should="fails by the scan",
        script="ln -s /etc/passwd nightrun-drill-link",
        judge=judge,
    ),
    Drill(
        name="nested-repository",
        does="leaves a git repository inside its change, whose files git would lose",
        should="fails by the scan",
        script=NESTED,
        judge=judge,
    ),
)
