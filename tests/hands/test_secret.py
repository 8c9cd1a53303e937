from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import secret
from nightrun.hands.secret import UnsafeToken


def test_a_new_token_is_long_random_and_private(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token = secret.load(path)
    assert len(token) == 43
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.glob("token*")] == ["token"]
    assert secret.load(tmp_path / "other") != token


def test_the_token_stays_the_same(tmp_path: Path) -> None:
    assert secret.load(tmp_path / "token") == secret.load(tmp_path / "token")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_token_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    secret.load(path)
    path.chmod(mode)
    with pytest.raises(UnsafeToken) as caught:
        secret.load(path)
    assert caught.value.message == f"Others can read the token file {path} (mode {mode:04o})."
    assert caught.value.hint == f"Remove it with `rm {path}`; the next start makes a new one."


def test_a_link_in_place_of_the_token_is_refused(tmp_path: Path) -> None:
    secret.load(tmp_path / "real")
    (tmp_path / "token").symlink_to(tmp_path / "real")
    with pytest.raises(UnsafeToken, match="is not an ordinary file"):
        secret.load(tmp_path / "token")


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeToken):
        secret.load(tmp_path / "token")
    assert not (tmp_path / "elsewhere").exists()


def test_an_empty_token_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.touch(0o600)
    with pytest.raises(UnsafeToken, match="too short to be a secret"):
        secret.load(path)
