from __future__ import annotations

from pathlib import Path

from nightrun.hands import git_settings
from tests.story import git_out, write


def test_settings_and_each_hook_change_the_mark(repo: Path) -> None:
    marks = [git_settings.mark(repo)]
    git_out(repo, "config", "core.fsmonitor", "touch ran")
    marks.append(git_settings.mark(repo))
    hook = write(repo, ".git/hooks/post-commit", "#!/bin/sh\n")
    hook.chmod(0o755)
    marks.append(git_settings.mark(repo))
    hook.write_text("#!/bin/sh\ntouch ran\n")
    marks.append(git_settings.mark(repo))
    write(repo, "own/pre-commit", "#!/bin/sh\n").chmod(0o755)
    git_out(repo, "config", "core.hooksPath", "own")
    marks.append(git_settings.mark(repo))
    write(repo, "own/pre-commit", "#!/bin/sh\ntouch ran\n")
    marks.append(git_settings.mark(repo))
    assert len(set(marks)) == len(marks)


def test_work_and_files_that_git_does_not_run_leave_it(repo: Path) -> None:
    before = git_settings.mark(repo)
    write(repo, ".git/hooks/commit-msg.sample", "#!/bin/sh\n").chmod(0o755)
    write(repo, ".git/hooks/notes", "not executable\n")
    write(repo, "a.txt", "a\n")
    git_out(repo, "add", "a.txt")
    git_out(repo, "commit", "-q", "-m", "a")
    assert git_settings.mark(repo) == before
