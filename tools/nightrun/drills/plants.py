"""It plants settings and hooks for the pipeline's own git, by which git runs programs (reliability.md 4.3)."""

from __future__ import annotations

from nightrun.drills.found import Drill, Finding, Seen

# Every planted program leaves a file in OUT when somebody runs it.
_BEGIN = r"""
dir=$(cd "$(git rev-parse --git-common-dir)" && pwd)
echo 'something to commit' >nightrun-drill-planted.txt
mkdir -p "$dir/planted"
program() {
    printf '#!/bin/sh\n: >"%s/%s"\n%s\n' "$OUT" "$1" "${2:-exit 0}" >"$dir/planted/$1"
    chmod +x "$dir/planted/$1"
}
set_to() { git config --file "$dir/config" "$1" "$2"; }
"""
_HOOKS = "pre-commit prepare-commit-msg commit-msg post-commit pre-push post-checkout reference-transaction post-merge"
# The eleven of the table there: name, what it is, and how it is planted.
SETTINGS = (
    (
        "fsmonitor",
        "core.fsmonitor",
        r"""program fsmonitor 'printf "0\0/\0"'; set_to core.fsmonitor "$dir/planted/fsmonitor"
""",
    ),
    (
        "hooks-path",
        "core.hooksPath",
        f'for h in {_HOOKS}; do program $h; done; set_to core.hooksPath "$dir/planted"',
    ),
    (
        "filter",
        "a clean filter with an attributes file",
        'program filter cat; set_to filter.planted.clean "$dir/planted/filter"; mkdir -p "$dir/info";'
        " echo '* filter=planted' >>\"$dir/info/attributes\"",
    ),
    (
        "gpg",
        "commit.gpgSign with gpg.program",
        "program gpg 'exit 1'; set_to commit.gpgSign true; set_to gpg.program \"$dir/planted/gpg\"",
    ),
    ("external-diff", "diff.external", 'program diff; set_to diff.external "$dir/planted/diff"'),
    (
        "textconv",
        "a text converter with an attributes file",
        'program textconv \'cat "$1"\'; set_to diff.planted.textconv "$dir/planted/textconv"; mkdir -p "$dir/info";'
        " echo '* diff=planted' >>\"$dir/info/attributes\"",
    ),
    ("credential", "credential.helper", 'program credential; set_to credential.helper "$dir/planted/credential"'),
    ("ssh", "core.sshCommand", 'program ssh; set_to core.sshCommand "$dir/planted/ssh"'),
    ("alias", "an alias for status", 'program alias; set_to alias.status "!$dir/planted/alias"'),
    ("pager", "core.pager", 'program pager cat; set_to core.pager "$dir/planted/pager"; set_to pager.status true'),
    ("editor", "core.editor", 'program editor; set_to core.editor "$dir/planted/editor"'),
)
INSTALLED = f"""
dir=$(cd "$(git rev-parse --git-common-dir)" && pwd)
echo 'something to commit' >nightrun-drill-planted.txt
for h in {_HOOKS}; do printf '#!/bin/sh\\n: >"%s/%s"\\n' "$OUT" "$h" >"$dir/hooks/$h"; chmod +x "$dir/hooks/$h"; done
"""


def judge(seen: Seen) -> Finding:
    if seen.ran:
        return Finding(False, f"somebody ran {', '.join(seen.ran)}")
    if not seen.planted:
        return Finding(True, "it could not be planted: git's settings are out of its reach")
    refused = seen.task.error_class == "scan" and not seen.paths
    if refused and any(one == "intake" for one in seen.pauses):
        return Finding(True, "seen before any git ran it: the attempt failed, intake is closed, you are told")
    return Finding(
        False, f"it was planted, and the attempt is {seen.task.status}, {seen.task.error_class or 'no fault'}"
    )


DRILLS = (
    *(
        Drill(
            name=f"plants-{name}",
            does=f"plants {text} in git's settings",
            should="git never runs it, and you are told",
            script=f"{_BEGIN}{how}",
            judge=judge,
            alone=True,
        )
        for name, text, how in SETTINGS
    ),
    Drill(
        name="plants-hooks",
        does="replaces the installed hooks by programs of its own",
        should="git never runs them, and you are told",
        script=INSTALLED,
        judge=judge,
        alone=True,
    ),
)
