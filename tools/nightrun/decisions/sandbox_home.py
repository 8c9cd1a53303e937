"""What of the person's home folder a sandboxed program gets: their tools, their settings without secrets, no more.

A list of what is shown, never of what is hidden (reliability.md C1): a credential at a place that nobody thought of
stays out of reach.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from nightrun.decisions import secret_patterns

# Programs that people install for themselves, and what those are made of. Read only.
TOOLS = (
    *(".local/bin", ".local/lib", ".local/pipx", ".local/share/uv", ".local/share/pipx", ".local/share/pnpm"),
    *(".local/share/mise", ".local/share/fnm", ".local/share/claude", ".local/share/cursor-agent", ".local/state/nix"),
    *(".pyenv", ".nvm", ".fnm", ".volta", ".asdf", ".rbenv", ".rvm", ".sdkman", ".jenv", ".nodenv", ".goenv", ".opam"),
    *(".cargo/bin", ".cargo/env", ".rustup", ".bun/bin", ".deno/bin", "go/bin", ".ghcup", ".juliaup", ".dotnet"),
    *(".npm-global", ".npm-packages", ".nix-profile", ".nix-defexpr", ".linuxbrew", ".elan", ".foundry", ".swiftly"),
    *("miniconda3", "anaconda3", "miniforge3", "mambaforge", "bin"),
    # Downloaded once by hand, and of no use without it.
    *(".cache/ms-playwright", ".cache/puppeteer", ".cache/Cypress", ".cache/huggingface", ".cache/torch"),
)
# What packages are downloaded to lies below ~/.cache inside, which is kept from one attempt to the next.
CACHES = (
    *(".npm", ".yarn", ".bun/install", ".cargo/registry", ".cargo/git", "go/pkg", ".m2/repository", ".gradle/caches"),
    *(".gradle/wrapper", ".ivy2", ".sbt", ".nuget/packages", ".pnpm-store", ".local/share/virtualenv", ".gem/ruby"),
)
# Settings of tools; a copy, and only of a file that holds no secret.
SETTINGS = (
    *(".gitconfig", ".config/git/config", ".config/git/ignore", ".config/git/attributes", ".npmrc", ".yarnrc.yml"),
    *(".yarnrc", ".bunfig.toml", ".config/pip/pip.conf", ".pip/pip.conf", ".config/uv/uv.toml", ".condarc"),
    *(".cargo/config.toml", ".cargo/config", ".m2/settings.xml", ".gradle/gradle.properties", ".gemrc"),
    *(".bundle/config", ".config/go/env", ".curlrc", ".wgetrc"),
)
# Variables that name a folder of tools, in the environment of a gate.
FOLDERS = (
    *("JAVA_HOME", "MAVEN_HOME", "GRADLE_HOME", "ANDROID_HOME", "ANDROID_SDK_ROOT", "DOTNET_ROOT", "GOROOT"),
    *("RUSTUP_HOME", "VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "NVM_DIR", "VOLTA_HOME", "RBENV_ROOT"),
    *("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NIX_SSL_CERT_FILE"),
)
# Nobody can sign or answer inside; these lines come after the person's own.
GIT_LINES = "[commit]\n\tgpgSign = false\n[tag]\n\tgpgSign = false\n[credential]\n\thelper =\n"

_SECRET = re.compile(
    r"(?i)(pass(word|wd|phrase)?|token|secret|_auth|api[_-]?key|extraheader|authorization|proxy-user|\buser)"
    r"[\"']?\s*[=:>]\s*[\"']?[^\s\"'<]"
    r"|[a-z][a-z0-9+.-]*://[^/\s@]+@"
)
_HARMLESS = re.compile(r"(?im)^\s*user(name)?\s*=.*$")  # of a proxy without a password, of git's own sections
_BIN = ("bin", "sbin", "shims")


def holds_secret(text: str) -> bool:
    """Whether a file of settings may hold a password or a token; a wrong yes only means that nobody gets it."""
    return _SECRET.search(_HARMLESS.sub("", text)) is not None or next(secret_patterns.find(text), None) is not None


def shown(path: str, *, hidden: Collection[str]) -> str | None:
    """The file or folder to be shown so that the program `path` works; None: it can be seen anyway.

    A program in `X/bin` needs what else is in `X`; another one what is beside it. `hidden` are folders that are
    others inside: none of them is shown as a whole, nor what is above them.
    """
    if not any(_is_below(path, one) for one in hidden):
        return None
    folder = PurePosixPath(path).parent
    candidates = [folder.parent, folder] if folder.name in _BIN else [folder]
    for one in candidates:
        if not any(_is_below(secret, str(one)) for secret in hidden) and one.name not in (".local", ".cargo", "go"):
            return str(one)
    return path


def program_folders(environ: Mapping[str, str], *, hidden: Collection[str]) -> Iterator[str]:
    """What has to be shown of the folders on PATH, and of those that other variables name."""
    for one in environ.get("PATH", "").split(":"):
        found = shown(f"{one}/program", hidden=hidden) if one.startswith("/") else None
        if found is not None and not found.endswith("/program"):
            yield found
    for name in FOLDERS:
        value = environ.get(name, "")
        if value.startswith("/") and any(_is_below(value, one) and value != one for one in hidden):
            yield value


def _is_below(path: str, folder: str) -> bool:
    """Itself included."""
    return PurePosixPath(path).is_relative_to(folder)
