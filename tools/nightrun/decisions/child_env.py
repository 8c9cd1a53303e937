"""The environment of programs that are not ours: what is on a list, never everything but (reliability.md C1)."""

from __future__ import annotations

from collections.abc import Mapping

from nightrun.words.agent import AgentSpec

_BASE = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TMPDIR", "TZ")
# What compilers, package programs and tests of a repository look for; none of them holds a secret by its purpose.
_TOOLS = (
    *("JAVA_HOME", "MAVEN_HOME", "GRADLE_HOME", "GRADLE_USER_HOME", "ANDROID_HOME", "ANDROID_SDK_ROOT", "DOTNET_ROOT"),
    *("GOPATH", "GOCACHE", "GOROOT", "GOMODCACHE", "GOFLAGS", "GOPROXY", "CARGO_HOME", "CARGO_TARGET_DIR"),
    *("RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYENV_ROOT"),
    *("PYENV_VERSION", "UV_CACHE_DIR", "PIP_CACHE_DIR", "PRE_COMMIT_HOME", "NVM_DIR", "NODE_PATH", "NODE_OPTIONS"),
    *("NODE_EXTRA_CA_CERTS", "COREPACK_HOME", "PNPM_HOME", "VOLTA_HOME", "RBENV_ROOT", "RBENV_VERSION", "GEM_HOME"),
    *("GEM_PATH", "BUNDLE_PATH", "COMPOSER_HOME", "CC", "CXX", "CPATH", "LIBRARY_PATH", "LD_LIBRARY_PATH"),
    *(
        "DYLD_LIBRARY_PATH",
        "PKG_CONFIG_PATH",
        "SDKROOT",
        "CCACHE_DIR",
        "NIX_PATH",
        "NIX_SSL_CERT_FILE",
        "CI",
        "DISPLAY",
    ),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "DOCKER_HOST", "TESTCONTAINERS_RYUK_DISABLED"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
_LOCALE = "LC_"
_FOLDERS = "XDG_"
_QUIET = {
    "TERM": "dumb",
    # Nobody is there to answer a question or to close an editor.
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
}
# What an agent's own git writes may be what is committed in the end: ours does not write an object a second time (D5).
_DURABLE_GIT = {
    "GIT_CONFIG_COUNT": "2",
    **{"GIT_CONFIG_KEY_0": "core.fsync", "GIT_CONFIG_VALUE_0": "all"},
    **{"GIT_CONFIG_KEY_1": "core.fsyncMethod", "GIT_CONFIG_VALUE_1": "fsync"},
}
# What would let one push, or lead git or our own commands to another repository, whoever asks for it.
_NEVER = ("PIPELINE_", "NIGHTRUN_", "GIT_")


def for_agent(environ: Mapping[str, str], spec: AgentSpec, extra: Mapping[str, str]) -> dict[str, str]:
    """What the policy gives it wins over the person's own; `extra`, from the runner, over both."""
    passed = {name: environ[name] for name in spec.pass_env if name in environ and not name.startswith(_NEVER)}
    given = {name: value for name, value in spec.env.items() if not name.startswith(_NEVER)}
    return {**_base(environ), **passed, **given, **_QUIET, **_DURABLE_GIT, **extra}


def for_gate(environ: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The repository's own checks find the person's tools, and none of the settings that make or Python gave us."""
    tools = {name: value for name, value in environ.items() if name in _TOOLS or name.startswith(_FOLDERS)}
    return {**_base(environ), **tools, **_QUIET, **extra}


def _base(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name in _BASE or name.startswith(_LOCALE)}
