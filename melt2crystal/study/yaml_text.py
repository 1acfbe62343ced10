"""YAML of a study as plain data: each value means one thing, each key is text, and nothing grows without end.

Versions 1.1 and 1.2 of YAML read ``010``, ``1:30``, ``1_000`` and ``yes`` differently; so such values are refused
unless they stand in quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from melt2crystal.errors import UserError

KeyPath = tuple[str | int, ...]
LARGEST_BYTES = 256_000  # the longest study of the repository has 4000
MOST_VALUES = 10_000
DEEPEST = 20
LONGEST_KEY = 100
LARGEST_NUMBER = 1e18
TAG = "tag:yaml.org,2002:"
PLAIN_TAGS = {TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq", "merge")}
WORDS = re.compile(r"y|n|(?i:yes|no|on|off)")  # N and Y are elements
ZEROS = re.compile(r"[-+]?0(?:[0-9]+|o[0-7]+|b[01_]+)")
UNDERSCORES = re.compile(r"[-+]?[0-9.][0-9_.eE+-]*_[0-9_.eE+-]*|[-+]?0x[0-9a-fA-F]*_[0-9a-fA-F_]*")
SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")


class StudyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML in which ``1e-3`` is a number, as everybody but YAML 1.1 expects."""


StudyLoader.add_implicit_resolver(
    TAG + "float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+0123456789.")
)


@dataclass(frozen=True)
class Mistake:
    """One mistake: the key it concerns (path from the study's root), what is wrong, what is allowed.

    ``where`` is the file (and line), if it is already known when the mistake is found.
    """

    path: KeyPath
    problem: str
    allowed: str
    where: str | None = None


@dataclass
class PlainText:
    """What a text says, and where.

    Attributes:
        label: how messages call the file.
        data: keys and values.
        places: ``file:line`` of every key.
        mistakes: of single keys and values; their values are not in ``data``.
    """

    label: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def parsed(text: str, label: str) -> PlainText:
    """Plain data of a YAML text.

    Raises:
        UserError: it is larger, deeper or longer than a study can be, refers to itself, or holds no mapping.
        yaml.YAMLError: it is no YAML.
    """
    found = PlainText(label)
    _measure(text, label)
    loader = StudyLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return found
        if not isinstance(node, yaml.MappingNode):
            raise UserError(
                f"{label}: holds no keys; allowed: 'key: value' lines (see docs/reference/configuration.md)"
            )
        found.data = _Reader(loader, found).mapping(node, ())
        return found
    finally:
        loader.dispose()


def _measure(text: str, label: str) -> None:
    """Refuse what is too deep or too long before it is built."""
    depth = 0
    for values, event in enumerate(yaml.parse(text, Loader=StudyLoader)):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        line = event.start_mark.line + 1
        if depth > DEEPEST:
            raise UserError(f"{label}:{line}: is nested more than {DEEPEST} deep; allowed: sections as in a study")
        if values > 2 * MOST_VALUES:
            raise UserError(f"{label}:{line}: holds too many keys; allowed: {MOST_VALUES} keys and values in a study")


class _Reader:
    """Builds plain data from YAML's nodes, and counts."""

    def __init__(self, loader: Any, found: PlainText) -> None:
        self.loader, self.found = loader, found
        self.values = 0
        self.open: set[int] = set()  # nodes that are being built: one that comes again refers to itself

    def line(self, node: yaml.Node) -> str:
        return f"{self.found.label}:{node.start_mark.line + 1}"

    def enter(self, node: yaml.Node) -> None:
        self.values += 1
        if self.values > MOST_VALUES:
            raise UserError(
                f"{self.line(node)}: anchors (&, *) multiply its values; allowed: {MOST_VALUES} values in a study"
            )
        if id(node) in self.open:
            raise UserError(f"{self.line(node)}: the anchor refers to itself; allowed: values that end")

    def wrong(self, path: KeyPath, problem: str, allowed: str, node: yaml.Node) -> None:
        self.found.mistakes.append(Mistake(path, problem, allowed, self.line(node)))

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.enter(node)
        if node.tag not in PLAIN_TAGS and not isinstance(node, yaml.ScalarNode):
            self.wrong(path, f"the tag {_short(node.tag)} is not read", "plain values", node)
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self.open.add(id(node))
            items = []
            for index, item in enumerate(node.value):
                self.found.places[(*path, index)] = self.line(item)
                items.append(self.value(item, (*path, index)))
            self.open.discard(id(node))
            return items
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        """Keys of a mapping; those that ``<<`` brings are overridden by its own."""
        self.open.add(id(node))
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in sorted(node.value, key=lambda pair: pair[0].tag != TAG + "merge"):
            if key_node.tag == TAG + "merge":
                values.update(self.merged(value_node, path))
                continue
            key = self.key(key_node, path)
            if key is None:
                continue
            line = key_node.start_mark.line + 1
            if key in lines:
                problem = f"the key occurs twice (lines {lines[key]} and {line})"
                self.wrong((*path, key), problem, "each key once", key_node)
            lines.setdefault(key, line)
            self.found.places[(*path, key)] = self.line(key_node)
            values[key] = self.value(value_node, (*path, key))
        self.open.discard(id(node))
        return values

    def merged(self, node: yaml.Node, path: KeyPath) -> dict[str, Any]:
        """What ``<<: *anchor`` or ``<<: [*one, *other]`` brings; the first of several wins."""
        values: dict[str, Any] = {}
        for one in reversed(node.value if isinstance(node, yaml.SequenceNode) else [node]):
            self.enter(one)
            if isinstance(one, yaml.MappingNode):
                values.update(self.mapping(one, path))
            else:
                self.wrong(
                    (*path, "<<"), "brings no keys", "an anchor of a section (<<: *name), or a list of them", one
                )
        return values

    def key(self, node: yaml.Node, path: KeyPath) -> str | None:
        """The text of a key; None if it is none."""
        self.enter(node)
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(path, "a list or a section stands for a key", "text", node)
        elif node.tag != TAG + "str":
            self.wrong(
                (*path, _short(node.value)), "the key is no text", f"text; in quotes: '{_short(node.value)}'", node
            )
        elif len(node.value) > LONGEST_KEY:
            self.wrong((*path, _short(node.value)), f"the key has {len(node.value)} characters", "a key's name", node)
        else:
            return str(node.value)
        return None

    def scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        text = str(node.value)
        if not node.style:
            remedy = ambiguous(text)
            if remedy or node.tag in (TAG + "timestamp", TAG + "value"):
                problem = f"{_short(text)} is not the same to all versions of YAML"
                self.wrong(path, problem, remedy or f"text in quotes: '{_short(text)}'", node)
                return None
        if node.tag not in PLAIN_TAGS:
            self.wrong(path, f"the tag {_short(node.tag)} is not read", "plain values", node)
            return None
        if node.tag == TAG + "int" and len(text) > 20:
            self.wrong(path, f"is a number of {len(text)} digits", "a number", node)
            return None
        try:
            return self.loader.construct_object(node, deep=True)
        except ValueError:  # what a tag promises (!!int four)
            self.wrong(path, f"{_short(text)} is not what its tag says", "a plain value without a tag", node)
            return None


def ambiguous(text: str) -> str:
    """What to write instead of an unquoted value that YAML 1.1 and 1.2 read differently; empty if they agree."""
    quoted = f"in quotes if it is text: '{text}'"
    if WORDS.fullmatch(text):
        return f"true or false; {quoted}"
    if SEXAGESIMAL.fullmatch(text):
        return f"a decimal number; {quoted}"
    if UNDERSCORES.fullmatch(text):
        return f"{_short(text.replace('_', ''))}; {quoted}"
    if ZEROS.fullmatch(text):
        return f"a decimal number without leading zeros; {quoted}"
    return ""


def absurd_numbers(data: Any, path: KeyPath = ()) -> list[Mistake]:
    """Numbers that no quantity of a study can have, in plain data from wherever."""
    if isinstance(data, dict):
        return [mistake for key, value in data.items() for mistake in absurd_numbers(value, (*path, str(key)))]
    if isinstance(data, list):
        return [mistake for index, value in enumerate(data) for mistake in absurd_numbers(value, (*path, index))]
    if isinstance(data, bool) or not isinstance(data, (int, float)) or data != data or data in (0, float("inf")):
        return []
    if 1 / LARGEST_NUMBER <= abs(data) <= LARGEST_NUMBER:
        return []
    return [
        Mistake(path, "is absurdly large or small", f"numbers between {1 / LARGEST_NUMBER:g} and {LARGEST_NUMBER:g}")
    ]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
