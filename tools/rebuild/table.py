"""The rebuild contract as a table for people, and back: what is written in docs/reference/rebuild.md is what is tested."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from melt2crystal import markdown
from melt2crystal.errors import UserError
from tools.rebuild.contract import Effect

BEGIN, END = "<!-- written by 'make docs' from here -->", "<!-- to here -->"
HEAD = ("key", "reruns directly", "then, in the same run", "stays")
NOTHING, EVERYTHING = "-", "everything"
FEWEST = 4  # rules that share a beginning are written as one pattern from this number on


@dataclass(frozen=True)
class Entry:
    """One key of the contract, under one heading.

    Attributes:
        heading: section of the study, with the case in which the entry holds.
        key: dotted name.
        companions: keys that can only change with it.
    """

    heading: str
    key: str
    companions: tuple[str, ...] = ()


def text_of(contract: Mapping[Entry, Effect], rules: Sequence[str], stages: Sequence[str]) -> str:
    """Markdown tables, one a heading; neighbouring keys with the same effect share a row.

    Args:
        contract: effect of every key.
        rules: names of all rules.
        stages: titles of all stages, in order.
    """
    headings = dict.fromkeys(entry.heading for entry in contract)
    return "\n\n".join(
        f"### {heading}\n\n{_table({e: c for e, c in contract.items() if e.heading == heading}, rules, stages)}"
        for heading in headings
    )


def _table(contract: Mapping[Entry, Effect], rules: Sequence[str], stages: Sequence[str]) -> str:
    together: dict[Effect, list[Entry]] = {}
    for entry, effect in contract.items():
        together.setdefault(effect, []).append(entry)
    rows = [
        (
            ", ".join(map(_key, entries)),
            _rules(effect, rules),
            _titles(effect.follows, stages),
            _titles(effect.stays, stages),
        )
        for effect, entries in together.items()
    ]
    return markdown.table(HEAD, rows)


def _key(entry: Entry) -> str:
    return f"`{entry.key}`" + (f" (with `{'`, `'.join(entry.companions)}`)" if entry.companions else "")


def _rules(effect: Effect, rules: Sequence[str]) -> str:
    parts = [_names(effect.again, rules)] if effect.again else []
    parts += [f"new: {_names(effect.new, rules)}"] if effect.new else []
    parts += [f"no longer: {_names(effect.gone, rules)}"] if effect.gone else []
    return "; ".join(parts) or NOTHING


def _names(some: frozenset[str], rules: Sequence[str]) -> str:
    """Names of rules, with ``figures_*`` for all that begin so."""
    if some == set(rules):
        return "`*`"
    patterns: dict[str, None] = {}
    for name in sorted(some):
        family = {rule for rule in rules if rule.startswith(name.split("_")[0] + "_")}
        patterns[f"{name.split('_')[0]}_*" if len(family) >= FEWEST and family <= some else name] = None
    return ", ".join(f"`{pattern}`" for pattern in patterns)


def _titles(some: frozenset[str], stages: Sequence[str]) -> str:
    """Titles of stages, or of those that are not among them if they are fewer."""
    others = [title for title in stages if title not in some]
    if not some or not others:
        return EVERYTHING if some else NOTHING
    if len(others) < len(some):
        return "all but " + " · ".join(others)
    return " · ".join(title for title in stages if title in some)


def contract_in(document: str, rules: Sequence[str], stages: Sequence[str]) -> dict[Entry, Effect]:
    """The contract that a document states, every key with its effect.

    Raises:
        UserError: the document has no such tables, or one names a rule that doesn't exist.
    """
    if BEGIN not in document or END not in document:
        raise UserError(
            "docs/reference/rebuild.md: the generated part is missing; restore the two comment lines around it"
        )
    contract: dict[Entry, Effect] = {}
    heading = ""
    for line in document.split(BEGIN)[1].split(END)[0].splitlines():
        if line.startswith("### "):
            heading = line.removeprefix("### ")
        elif line.startswith("| `"):
            keys, direct, follows, stays = (cell.strip() for cell in line.strip("|").split(" | "))
            effect = _effect_in(direct, _stages_in(follows, stages), _stages_in(stays, stages), rules)
            contract.update({entry: effect for entry in _entries_in(heading, keys)})
    return contract


def _entries_in(heading: str, cell: str) -> Iterable[Entry]:
    for key, companions in re.findall(r"`([^`]+)`(?: \(with ([^)]*)\))?", cell):
        yield Entry(heading, key, tuple(re.findall(r"`([^`]+)`", companions)))


def _effect_in(cell: str, follows: frozenset[str], stays: frozenset[str], rules: Sequence[str]) -> Effect:
    found: dict[str, frozenset[str]] = {}
    for part in cell.split("; "):
        kind = next((word for word in ("new", "no longer") if part.startswith(f"{word}: ")), "again")
        patterns = re.findall(r"`([^`]+)`", part)
        unknown = [pattern for pattern in patterns if not any(fnmatchcase(rule, pattern) for rule in rules)]
        if unknown:
            raise UserError(f"docs/reference/rebuild.md: {', '.join(unknown)}: no such rule; run 'make docs'")
        found[kind] = frozenset(rule for rule in rules for pattern in patterns if fnmatchcase(rule, pattern))
    none: frozenset[str] = frozenset()
    return Effect(found.get("again", none), found.get("new", none), found.get("no longer", none), follows, stays)


def _stages_in(cell: str, stages: Sequence[str]) -> frozenset[str]:
    if cell in (NOTHING, EVERYTHING):
        return frozenset(stages if cell == EVERYTHING else ())
    named = frozenset(cell.removeprefix("all but ").split(" · "))
    return frozenset(stages) - named if cell.startswith("all but ") else named
