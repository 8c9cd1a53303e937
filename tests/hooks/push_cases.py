"""The 53 pushes of githooks.md appendix C: number, name, what is prepared in the clone `w`, the push itself."""

from __future__ import annotations

from typing import NamedTuple


class PushCase(NamedTuple):
    number: int
    name: str
    prepare: str
    push: str


EDIT = "echo x >>src/a.py; git commit -qam c2 --no-verify"

_ROWS = [
    ("new commit, file changed", EDIT, "git push origin main"),
    ("empty commit", "git commit -q --allow-empty -m e --no-verify", "git push origin main"),
    ("commit deleting a file only", "git rm -q src/b.py; git commit -qm d --no-verify", "git push origin main"),
    ("commit with pure rename", "git mv src/b.py src/c.py; git commit -qm d --no-verify", "git push origin main"),
    (
        "commit adding symlink only",
        "ln -s src/a.py lnk; git add lnk; git commit -qm d --no-verify",
        "git push origin main",
    ),
    ("commit chmod only", "chmod +x src/a.py; git commit -qam d --no-verify", "git push origin main"),
    (
        "merge commit, same tree",
        "git checkout -q -b t; git commit -q --allow-empty -m e --no-verify; git checkout -q main;"
        "git merge -q --no-ff --no-verify -m m t",
        "git push origin main",
    ),
    ("revert pair, net zero diff", EDIT + "; git revert --no-edit HEAD", "git push origin main"),
    (
        "gitlink-only commit",
        "git init -q sub; git -C sub commit -q --allow-empty -m s; git add sub 2>/dev/null;"
        "git commit -qm sub --no-verify",
        "git push origin main",
    ),
    ("new branch on known commit", "git branch nb", "git push origin nb"),
    ("new branch with new commit", "git checkout -q -b nb; " + EDIT, "git push origin nb"),
    (
        "new branch, empty commit",
        "git checkout -q -b nb; git commit -q --allow-empty -m e --no-verify",
        "git push origin nb",
    ),
    ("delete remote branch with --delete", ":", "git push origin --delete feat"),
    ("delete remote branch with a colon", ":", "git push origin :feat"),
    ("delete remote tag", ":", "git push origin :refs/tags/oldtag"),
    ("lightweight tag, known commit", "git tag v1", "git push origin v1"),
    ("annotated tag, known commit", "git tag -a v1 -m v1", "git push origin v1"),
    ("tag on a new commit", EDIT + "; git tag v1", "git push origin v1"),
    ("--tags, known commits", "git tag v1; git tag v2 HEAD~1", "git push --tags"),
    ("--follow-tags", EDIT + "; git tag -a v1 -m v", "git push --follow-tags origin main"),
    ("--all, new and known", "git branch n1; git checkout -q -b n2; " + EDIT, "git push --all origin"),
    ("--all, known only", "git branch n1; git branch n2", "git push --all origin"),
    ("--mirror, new commit", EDIT, "git push --mirror origin"),
    (
        "--mirror, only deletes",
        "git branch -q -D feat; git tag -d oldtag; git remote set-head origin -d;"
        "git update-ref -d refs/remotes/origin/main; git update-ref -d refs/remotes/origin/feat",
        "git push --mirror origin",
    ),
    ("--prune", "git branch -q -D feat", "git push --prune origin 'refs/heads/*:refs/heads/*'"),
    ("delete and new commit in one push", EDIT, "git push origin :feat main"),
    ("known ref first, new second", "git branch aa; " + EDIT, "git push origin aa main"),
    (
        "first push to a new empty remote",
        "git init -q --bare ../r2.git; git remote add new ../r2.git",
        "git push new main",
    ),
    (
        "new empty remote, tracked elsewhere",
        "git init -q --bare ../r2.git; git remote set-url origin ../r2.git",
        "git push origin main",
    ),
    ("push to a bare URL", "git init -q --bare ../r2.git", "git push ../r2.git main"),
    ("rewind: force-push an older commit", "git reset -q --hard HEAD~1", "git push -f origin main"),
    (
        "force-push an amended commit",
        "echo x >>src/a.py; git commit -qa --amend -m am --no-verify",
        "git push -f origin main",
    ),
    ("orphan branch", "git checkout -q --orphan o; git commit -qm o --no-verify", "git push origin o"),
    (
        "branch without any configuration file",
        "git checkout -q --orphan o; git rm -rqf .; echo k >k; git add k; git commit -qm o --no-verify",
        "git push origin o",
    ),
    ("notes", "git notes add -m n", "git push origin refs/notes/commits"),
    ("tag of a blob", "git tag blobtag $(git rev-parse HEAD:src/a.py)", "git push origin blobtag"),
    ("everything up to date", ":", "git push origin main"),
    ("dry run", EDIT, "git push -n origin main"),
    ("from a linked worktree", "git worktree add -q ../wt -b wtb; cd ../wt; " + EDIT, "git push origin wtb"),
    ("from a subdirectory", EDIT + "; cd src", "git push origin main"),
    ("detached HEAD:main", "git checkout -q --detach; " + EDIT, "git push origin HEAD:main"),
    ("SKIP", EDIT, "SKIP=push-guard,nightrun-pre-push git push origin main"),
    ("PREK_SKIP", EDIT, "PREK_SKIP=push-guard,nightrun-pre-push git push origin main"),
    ("LEFTHOOK=0", EDIT, "LEFTHOOK=0 git push origin main"),
    ("LEFTHOOK_EXCLUDE", EDIT, "LEFTHOOK_EXCLUDE=guard git push origin main"),
    ("HUSKY=0", EDIT, "HUSKY=0 git push origin main"),
    ("--no-verify", EDIT, "git push --no-verify origin main"),
    ("-c core.hooksPath", EDIT, "git -c core.hooksPath=/dev/null push origin main"),
    ("git send-pack", EDIT, "git send-pack ../r.git main"),
    ("no Python and no nightrun on PATH", EDIT, "PATH=/usr/bin:/bin git push origin main"),
    ("hook file not executable", EDIT + "; chmod -x .git/hooks/pre-push", "git push origin main"),
    ("dirty working tree", EDIT + "; echo dirty >>src/a.py", "git push origin main"),
    (
        "hook framework's configuration changed",
        EDIT + "; echo '# c' >>.pre-commit-config.yaml; echo '# c' >>lefthook.yml",
        "git push origin main",
    ),
]

CASES = [PushCase(number, *row) for number, row in enumerate(_ROWS, start=1)]
NOTHING_TO_PUSH = (37, 38)
ORDINARY = [case for case in CASES if case.number <= 41 and case.number not in NOTHING_TO_PUSH]
# No hook that git runs on this side can stop these (githooks.md section 4c).
GO_ROUND = (47, 48, 49, 51)
