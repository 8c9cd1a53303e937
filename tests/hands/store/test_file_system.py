from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands.store import file_system
from nightrun.hands.store.database import Database
from nightrun.words.errors import NightrunError

MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 21 0:35 / /net rw,relatime shared:2 - nfs4 server:/export rw
41 40 8:2 / /net/local rw - ext4 /dev/sdb1 rw
42 21 0:36 / /my\\040share rw - cifs //server/share rw
43 21 0:37 / /ssh rw - fuse.sshfs host: rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/project", None),
        ("/net/project", "nfs4"),
        ("/net/local/project", None),
        ("/network/project", None),
        ("/my share/project", "cifs"),
        ("/ssh/project", "fuse.sshfs"),
    ],
)
def test_the_longest_mount_point_decides(path: str, kind: str | None) -> None:
    assert file_system.network_kind(Path(path), MOUNTS) == kind


def test_nothing_known_is_local() -> None:
    assert file_system.network_kind(Path("/home"), "") is None


def test_a_state_folder_on_the_network_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_system, "network_kind", lambda path: "nfs4")
    with pytest.raises(NightrunError, match=r"on a network file system \(nfs4\)"):
        Database(tmp_path / "pipeline.db")
