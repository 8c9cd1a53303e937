"""Whole files or none: written beside their place, made durable, then renamed (reliability.md D11)."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LARGEST_JSON = 64 << 20  # bytes


def write(path: Path, data: bytes | str, *, mode: int = 0o600) -> None:
    """The whole new file or the old one, also after a power cut; OSError when neither could be made sure of."""
    new = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(descriptor)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any, *, mode: int = 0o600) -> None:
    write(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n", mode=mode)


def read_json(path: Path) -> Any | None:
    """What the file holds; None when there is none or it is not JSON."""
    try:
        with path.open("rb") as file:
            return json.loads(file.read(LARGEST_JSON))
    except (OSError, ValueError, RecursionError):
        return None


def remove_tree(path: Path) -> bool:
    """Remove a folder with all that is in it, also what may not be read or written; whether it is gone."""
    if path.is_symlink():
        path.unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)
    if path.is_dir():
        for folder, names, _ in os.walk(path):
            for one in (Path(folder), *(Path(folder, name) for name in names)):
                mode = one.lstat().st_mode
                if stat.S_ISDIR(mode):
                    one.chmod(stat.S_IMODE(mode) | stat.S_IRWXU)
        shutil.rmtree(path, ignore_errors=True)
    return not os.path.lexists(path)


def size(path: Path) -> int:
    """Bytes on disk of all files below a folder; what goes while it is counted counts as it is found."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118 (a large tree)
            except FileNotFoundError:
                continue
    return total


def sync(path: Path) -> None:
    """What is in a file survives a power cut from here on."""
    _sync(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 of what the files hold, one after the other; one that is not there counts as empty."""
    import hashlib  # slow, and small commands do without

    found = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while part := file.read(1 << 20):
                    found.update(part)
        except FileNotFoundError:
            continue
    return found.hexdigest()


def sync_folder(folder: Path) -> None:
    """Names that were made, changed or removed in `folder` survive a power cut from here on."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Everything that was written so far on the file system of `folder`, by whomever, survives a power cut."""
    import ctypes  # rarely needed, and slow to import

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):  # macOS
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
