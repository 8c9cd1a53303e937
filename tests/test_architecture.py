"""Who may import whom, and which module is the only door to what; read from the sources, nothing is run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tools/nightrun"

# Each level may import itself (flows: only their own family) and what stands left of it.
LEVELS = ("words", "pure", "policy", "hands", "flows", "commands")
PURE = ("decisions", "agents", "conditions", "scans", "drills")
FLOWS_AT_THE_TOP = ("commit_progress",)

# Outside package -> the modules that may import it. A trailing dot means everything below.
ONLY = {
    "subprocess": ("hands.process",),
    "sqlite3": ("hands.store.",),
    "yaml": ("policy.", "hands.policy_file"),
    "psutil": ("hands.",),
    "ctypes": ("hands.",),
    "http": ("hands.client", "hands.http_remote"),
    "apprise": ("hands.notifier",),
    "socket": ("hands.", "flows.api_server"),
    "click": ("cli", "commands."),
    "rich": ("commands.",),
    "fastapi": ("flows.api",),
    "starlette": ("flows.api",),
    "uvicorn": ("flows.api",),
    "pydantic": ("policy.", "conditions.", "flows.api"),
    "time": ("hands.clock",),
    "termios": ("hands.keyboard",),
    "multiprocessing": (),
    "requests": (),
    "httpx": (),
    "procrastinate": (),
}
# What a pure module may not import: it would know the machine, the time or the network.
NOT_PURE = {
    *(
        "os",
        "sys",
        "time",
        "io",
        "subprocess",
        "shutil",
        "tempfile",
        "glob",
        "signal",
        "threading",
        "asyncio",
        "socket",
    ),
    *("http", "urllib.request", "random", "secrets", "uuid", "logging", "platform", "getpass", "sqlite3", "yaml"),
    *("click", "rich", "psutil", "fastapi"),
}
# Reads the clock or the machine although only hands.clock may (module attribute calls).
CLOCK_CALLS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
MOST_LINES = 60
BROAD = ("Exception", "BaseException")
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "core", "misc", "handler"}


def sources() -> dict[str, ast.Module]:
    """Module name below nightrun -> its source, parsed."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text())
    return found


SOURCES = sources()


def imports(tree: ast.AST) -> Iterator[str]:
    """Full names, `nightrun.` left out of ours; what is imported for the type checker alone does not count."""
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(tree: ast.AST) -> set[str]:
    """Modules of this package that are imported, as they are called in SOURCES."""
    found = set()
    for name in imports(tree):
        if name.startswith("nightrun."):
            inner = name.removeprefix("nightrun.")
            found.add(inner if inner in SOURCES else inner.rpartition(".")[0])
    return found


def level(module: str) -> int:
    first = module.partition(".")[0]
    if first in FLOWS_AT_THE_TOP:
        first = "flows"
    if first in ("cli", "__main__"):
        first = "commands"
    return LEVELS.index("pure" if first in PURE else first)


def family(flow: str) -> str:
    """`flows.api_tasks` and `flows.api` are one flow, spread over files."""
    return flow.removeprefix("flows.").partition("_")[0]


def offences(
    rule: Callable[[str, ast.Module], Iterable[object]], among: Iterable[str] = SOURCES
) -> dict[str, list[object]]:
    """Module -> what it does against the rule."""
    found = {name: list(rule(name, SOURCES[name])) for name in among}
    return {name: wrong for name, wrong in found.items() if wrong}


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def called(tree: ast.AST) -> set[str]:
    return {ast.unparse(one.func) for one in calls(tree)}


def _is_of(module: str, owner: str) -> bool:
    """`flows.api` owns `flows.api_server`, too; `policy.` everything below `policy`."""
    if owner.endswith("."):
        return module.startswith(owner) or module == owner[:-1]
    return module == owner or module.startswith(f"{owner}_")


def test_nothing_imports_upward() -> None:
    def rule(name: str, tree: ast.Module) -> list[object]:
        return [other for other in ours(tree) if name and other and level(other) > level(name)]

    assert offences(rule) == {}


def test_flows_meet_only_through_the_store() -> None:
    def rule(name: str, tree: ast.Module) -> list[object]:
        return [other for other in ours(tree) if other.startswith("flows.") and family(other) != family(name)]

    assert offences(rule, [name for name in SOURCES if name.startswith("flows.")]) == {}


def test_decisions_touch_nothing() -> None:
    def rule(name: str, tree: ast.Module) -> set[object]:
        used = {one for one in imports(tree) if not one.startswith("nightrun.")}
        wrong = {one for one in used if one.split(".")[0] in NOT_PURE or one.rpartition(".")[0] in NOT_PURE}
        return {*wrong, *(called(tree) & {"open", "print", "input", *CLOCK_CALLS})}

    assert offences(rule, [name for name in SOURCES if name.partition(".")[0] in (*PURE, "words")]) == {}


def test_each_outside_thing_has_one_door() -> None:
    def rule(name: str, tree: ast.Module) -> list[object]:
        used = {one.split(".")[0] for one in imports(tree) if not one.startswith("nightrun")}
        return [one for one in used & ONLY.keys() if not any(_is_of(name, owner) for owner in ONLY[one])]

    assert offences(rule) == {}


def test_only_one_module_reads_the_clock() -> None:
    assert offences(lambda name, tree: called(tree) & CLOCK_CALLS) == {}


def test_only_one_module_names_the_program_git() -> None:
    """An argument list that begins with git is made in one place."""

    def rule(name: str, tree: ast.Module) -> list[object]:
        lists = [node for node in ast.walk(tree) if isinstance(node, (ast.List, ast.Tuple)) and node.elts]
        first = [one.elts[0] for one in lists]
        return [one.lineno for one in first if isinstance(one, ast.Constant) and one.value in ("git", b"git")]

    assert set(offences(rule)) <= {"hands.git"}


def test_no_shell_runs() -> None:
    def rule(name: str, tree: ast.Module) -> list[object]:
        shells = [one.lineno for one in calls(tree) if any(key.arg == "shell" for key in one.keywords)]
        return [*shells, *(called(tree) & {"os.system", "os.popen", "eval", "exec"})]

    assert offences(rule) == {}


def test_each_module_says_in_a_sentence_what_is_in_it() -> None:
    def rule(name: str, tree: ast.Module) -> list[object]:
        text = (ast.get_docstring(tree) or "").partition("\n")[0]
        return [] if text.endswith((".", ":")) and len(text) > 10 else [text]

    assert offences(rule) == {}


def test_names_of_modules_say_what_is_in_them() -> None:
    assert [name for name in SOURCES if name.rpartition(".")[2] in NO_NAMES] == []
    # A module run as a script would hide the standard one of the same name.
    assert [name for name in SOURCES if "." not in name and name in sys.stdlib_module_names] == []


def test_functions_are_short() -> None:
    def rule(name: str, tree: ast.Module) -> list[object]:
        functions = [one for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
        return [one.name for one in functions if (one.end_lineno or 0) - one.lineno > MOST_LINES]

    assert offences(rule) == {}


def test_no_failure_is_swallowed() -> None:
    def rule(name: str, tree: ast.Module) -> list[object]:
        handlers = [one for one in ast.walk(tree) if isinstance(one, ast.ExceptHandler)]
        silent = [one for one in handlers if all(isinstance(inner, ast.Pass) for inner in one.body)]
        return [one.lineno for one in silent if one.type is None or ast.unparse(one.type) in BROAD]

    assert offences(rule) == {}


def test_imports_make_no_circle() -> None:
    graph = {name: ours(tree) - {name, ""} for name, tree in SOURCES.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_nothing_happens_at_import() -> None:
    """No module opens, starts, writes or reads the environment while it is imported."""
    acts = {"open", "print", "os.makedirs", "os.getenv", "logging.basicConfig", "os.environ.get", "subprocess.run"}

    def rule(name: str, tree: ast.Module) -> list[object]:
        body = [one for one in tree.body if isinstance(one, (ast.Assign, ast.AnnAssign, ast.Expr))]
        return [one.lineno for node in body for one in calls(node) if ast.unparse(one.func) in acts]

    assert offences(rule) == {}
