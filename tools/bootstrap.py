"""Makes `.venv` for the Makefile, from any Python 3 and nothing else: `bootstrap.py [dev|lock]`.

Nothing is fetched when the locked versions are installed already, and the stamp that make looks at is written last.
"""

# Runs on the Python that a machine happens to have, such as 3.9 on macOS: nothing newer may be used here.
# ruff: noqa: S606
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 11)
NAMES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")
ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
STAMPS = {"": VENV / ".ready", "dev": VENV / ".ready-dev"}
QUIET = ("-q", "--disable-pip-version-check", "--no-input")


def main(kind):
    if sys.version_info < OLDEST:
        return _again_with_newer_python()
    if kind == "lock":
        return _lock()
    with _alone():
        if _is_ready(kind):
            os.utime(STAMPS[kind])
            return 0
        _say("setting up .venv; this takes a moment, once")
        STAMPS[kind].unlink(missing_ok=True)
        return _make(kind)


def _again_with_newer_python():
    for found in filter(None, map(shutil.which, NAMES)):
        code = f"import sys; sys.exit(sys.version_info < {OLDEST!r})"
        if subprocess.run([found, "-c", code], check=False).returncode == 0:
            os.execv(found, [found, *sys.argv])
    _say("Python {}.{} or newer is needed, this is {}.".format(*OLDEST, sys.version.split()[0]))
    _say("Install one, or name it: make PYTHON=/path/to/python3 ...")
    return 1


@contextlib.contextmanager
def _alone():
    """Two makes at once in a fresh checkout: the second waits, and then finds it done."""
    folder = os.open(str(ROOT), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _is_ready(kind):
    stamp = STAMPS[kind]
    return stamp.exists() and stamp.read_text() == _fingerprint(kind) and _runs(PYTHON)


def _fingerprint(kind):
    """Its first line is what the Makefile compares: a checkout that was moved is set up again."""
    digest = hashlib.sha256()
    for path in (LOCKS[kind], ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return f"{ROOT}\n{digest.hexdigest()}\n"


def _runs(python):
    try:
        return subprocess.run([str(python), "-c", "import pip"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _make(kind):
    if VENV.is_symlink():
        VENV.unlink()  # of another checkout, which is not ours to change
    try:
        _moved_here()
        _run(sys.executable, "-m", "venv", *([] if _runs(PYTHON) else ["--clear"]), str(VENV))
        _pip("--require-hashes", "-r", str(LOCKS[kind]))
        if kind == "":
            _pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    except subprocess.CalledProcessError as error:
        _say("could not set up .venv: `{}` failed ({}).".format(" ".join(error.cmd[1:4]), error.returncode))
        _say("What it said is above. Once only, this needs the network and Python's venv module.")
        return 1
    with contextlib.suppress(FileNotFoundError):
        STAMPS[kind].unlink()
    STAMPS[kind].write_text(_fingerprint(kind))
    return 0


def _moved_here():
    """The programs in a virtual environment name its absolute path in their first line."""
    old = next((one.read_text().splitlines()[0] for one in STAMPS.values() if one.exists()), "")
    for path in (VENV / "bin").glob("*") if old not in ("", str(ROOT)) else ():
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 16:
            text = path.read_bytes()
            path.write_bytes(text.replace(os.fsencode(old + "/.venv"), os.fsencode(str(VENV))))


def _lock():
    """Write both lock files anew, from what pyproject.toml asks for. Needs the network."""
    with tempfile.TemporaryDirectory() as scratch:
        _run(sys.executable, "-m", "venv", scratch)
        python = str(Path(scratch) / "bin" / "python")
        _run(python, "-m", "pip", "install", *QUIET, "pip-tools")
        _compile(python, LOCKS[""], ["--build-deps-for", "editable", "pyproject.toml"])
        wanted = Path(scratch) / "dev.in"
        wanted.write_text("\n".join(["-c {}".format(LOCKS[""]), *_dev_group(), ""]))
        _compile(python, LOCKS["dev"], [str(wanted)])
    return 0


def _compile(python, target, sources):
    options = ("--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-config", "--no-annotate", "-q")
    private = ("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-emit-options")
    env = {**os.environ, "CUSTOM_COMPILE_COMMAND": "make lock"}
    _run(python, "-m", "piptools", "compile", *options, *private, "-o", str(target), *sources, env=env)


def _dev_group():
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"]


def _pip(*args):
    # PIP_USER and PYTHONPATH of a person's shell would send it elsewhere.
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "PIP_USER")}
    _run(str(PYTHON), "-m", "pip", "install", *QUIET, *args, env=env)


def _run(*argv, env=None):
    # Standard output belongs to the command that make runs next, which a program may read.
    subprocess.run(argv, check=True, env=env, cwd=str(ROOT), stdin=subprocess.DEVNULL, stdout=sys.stderr)


def _say(text):
    print("nightrun: " + text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))
