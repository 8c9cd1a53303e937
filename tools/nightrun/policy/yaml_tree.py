"""YAML text as plain values that know their lines; keys such as `on` and `no` stay the words they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

MOST_BYTES = 256 << 10
MOST_VALUES = 20_000  # aliases are small in the file and large when followed
MOST_DEPTH = 30

Path = tuple[str | int, ...]

_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)
_TAGS = {"map", "seq", "str", "null", "bool", "int", "float"}


class _TooMuch(Exception):
    """The rest of the text is not looked at."""


class _Loader(yaml.SafeLoader):
    """Only the plain words of YAML 1.2 mean something: in YAML 1.1 the key `on` is True and 1:30 is 90."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name PyYAML reads
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise _TooMuch(f"it is nested more than {MOST_DEPTH} levels deep")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), _first)


@dataclass(frozen=True, order=True)
class Flaw:
    """Something wrong in the text; `path` is empty when it concerns no key."""

    line: int
    path: Path
    message: str


@dataclass
class Tree:
    """The values of the text, the line of every path in it, and what is wrong with its form."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    values: int = 0

    def line_of(self, path: Path) -> int:
        """The line of the path, or of the nearest one above it that the text has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(text: str) -> Tree:
    """The text as a tree. Flaws of form are in it; after a syntax error there is no value."""
    tree = Tree()
    try:
        _check_size(text)
        nodes = _compose(text)
        tree.value = _plain(nodes, (), tree, ()) if nodes is not None else {}
    except yaml.YAMLError as error:
        tree.flaws.extend(_syntax_flaws(error, text))
    except _TooMuch as error:
        tree.flaws.append(Flaw(1, (), str(error)))
    return tree


def _check_size(text: str) -> None:
    size = len(text.encode(errors="surrogatepass"))
    if size > MOST_BYTES:
        raise _TooMuch(f"the file has {size >> 10} KiB; a policy of more than {MOST_BYTES >> 10} KiB is not read")


def _compose(text: str) -> yaml.Node | None:
    documents = list(yaml.compose_all(text, Loader=_Loader))
    if len(documents) > 1:
        raise _TooMuch(f"there are {len(documents)} YAML documents in it; remove the lines with ---")
    return documents[0] if documents else None


def _plain(node: yaml.Node, path: Path, tree: Tree, above: tuple[yaml.Node, ...]) -> Any:
    tree.values += 1
    if tree.values > MOST_VALUES or node in above:
        raise _TooMuch(f"its aliases stand for more than {MOST_VALUES} values; write them out")
    tree.lines.setdefault(path, node.start_mark.line + 1)
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind not in _TAGS:
        tree.flaws.append(Flaw(tree.lines[path], path, f"has the tag {node.tag}; write the plain value"))
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, tree, (*above, node))
    if isinstance(node, yaml.SequenceNode):
        return [_item(child, (*path, at), tree, (*above, node)) for at, child in enumerate(node.value)]
    return _scalar(kind, str(node.value))


def _item(node: yaml.Node, path: Path, tree: Tree, above: tuple[yaml.Node, ...]) -> Any:
    tree.lines[path] = node.start_mark.line + 1
    return _plain(node, path, tree, above)


def _mapping(node: yaml.MappingNode, path: Path, tree: Tree, above: tuple[yaml.Node, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in _pairs(node, path, tree):
        line = key.start_mark.line + 1
        if key.value in values:
            first = tree.lines[(*path, key.value)]
            tree.flaws.append(Flaw(line, (*path, key.value), f"is in line {first} already; remove one of the two"))
            continue
        tree.lines[(*path, key.value)] = line
        values[key.value] = _plain(value, (*path, key.value), tree, above)
    return values


def _pairs(node: yaml.MappingNode, path: Path, tree: Tree) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            tree.flaws.append(Flaw(key.start_mark.line + 1, path, "has a key that is no word"))
        elif key.value == "<<":
            tree.flaws.append(Flaw(key.start_mark.line + 1, path, "uses << to merge; write the keys out"))
        else:
            yield key, value


def _scalar(kind: str, text: str) -> Any:
    if kind == "null":
        return None
    if kind == "bool":
        return text == "true"
    return int(text[:400]) if kind == "int" else float(text[:400]) if kind == "float" else text


def _syntax_flaws(error: yaml.YAMLError, text: str) -> list[Flaw]:
    tabs = [text.count("\n", 0, found.start()) + 1 for found in _TAB_INDENT.finditer(text)]
    if tabs and "\\t" in str(error):
        return [Flaw(line, (), "begins with a tab; YAML is indented with spaces") for line in tabs]
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return [Flaw(_line_of_character(error, text), (), f"is no YAML: {_first_line(error)}")]
    return [Flaw(mark.line + 1, (), f"is no YAML: {_problem(error)}")]


def _problem(error: yaml.YAMLError) -> str:
    problem = str(getattr(error, "problem", "") or _first_line(error))
    if "mapping values are not allowed" in problem:
        return f"{problem}; a value with ': ' in it needs quotes, and a key must not follow a value in the same line"
    if "expected <block end>" in problem or "could not find expected ':'" in problem:
        return f"{problem}; look at the indentation of this line and the one before it"
    return problem


def _first_line(error: yaml.YAMLError) -> str:
    return str(error).partition("\n")[0]


def _line_of_character(error: yaml.YAMLError, text: str) -> int:
    position = getattr(error, "position", 0)
    return text.count("\n", 0, position if isinstance(position, int) else 0) + 1
