"""The rebuild contract as data in docs/reference/rebuild.json, and the tables for people that are written from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from melt2crystal import markdown
from melt2crystal.errors import UserError
from melt2crystal.jobs.snakemake_plan import ROOT
from melt2crystal.jobs.stages import Box
from tools.rebuild.contract import Effect

DATA = ROOT / "docs" / "reference" / "rebuild.json"
BEGIN, END = "<!-- written by 'make docs' from here -->", "<!-- to here -->"
HEAD = ("key", "reruns directly", "then, in the same run", "stays")
NOTHING, EVERYTHING = "-", "everything"
FEWEST = 4  # rules that share a beginning are written as one pattern from this number on
PARTS = tuple(field.name for field in fields(Effect))


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


Contract = Mapping[Entry, Effect]


def as_json(contract: Contract) -> str:
    """The contract as a list, one line for each key: heading, key, keys that must change with it, and the effect."""
    rows = [
        {"heading": entry.heading, "key": entry.key, "with": list(entry.companions)}
        | {part: sorted(getattr(effect, part)) for part in PARTS}
        for entry, effect in contract.items()
    ]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def read_contract(path: Path = DATA) -> dict[Entry, Effect]:
    """The contract that a file states, every key with its effect.

    Raises:
        UserError: the file is missing or isn't such a list.
    """
    try:
        return {
            Entry(row["heading"], row["key"], tuple(row["with"])): Effect(*(frozenset(row[part]) for part in PARTS))
            for row in json.loads(path.read_text(encoding="utf-8"))
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a rebuild contract ({error!r}); write it anew: make docs") from error


def text_of(contract: Contract, boxes: Sequence[Box]) -> str:
    """Markdown tables, one a heading; neighbouring keys with the same effect share a row.

    Args:
        contract: effect of every key.
        boxes: the table of boxes, for their titles and their order.
    """
    rules = frozenset().union(*(effect.again | effect.new | effect.gone for effect in contract.values()))
    titles = {box.box: box.title for box in boxes}
    headings = dict.fromkeys(entry.heading for entry in contract)
    return "\n\n".join(
        f"### {heading}\n\n{_table({e: c for e, c in contract.items() if e.heading == heading}, rules, titles)}"
        for heading in headings
    )


def _table(contract: Contract, rules: frozenset[str], titles: Mapping[str, str]) -> str:
    together: dict[Effect, list[Entry]] = {}
    for entry, effect in contract.items():
        together.setdefault(effect, []).append(entry)
    rows = [
        (
            ", ".join(map(_key, entries)),
            _rules(effect, rules),
            _titles(effect.follows, titles),
            _titles(effect.stays, titles),
        )
        for effect, entries in together.items()
    ]
    return markdown.table(HEAD, rows)


def _key(entry: Entry) -> str:
    return f"`{entry.key}`" + (f" (with `{'`, `'.join(entry.companions)}`)" if entry.companions else "")


def _rules(effect: Effect, rules: frozenset[str]) -> str:
    parts = [_names(effect.again, rules)] if effect.again else []
    parts += [f"new: {_names(effect.new, rules)}"] if effect.new else []
    parts += [f"no longer: {_names(effect.gone, rules)}"] if effect.gone else []
    return "; ".join(parts) or NOTHING


def _names(some: frozenset[str], rules: frozenset[str]) -> str:
    """Names of rules, with ``figures_*`` for all that begin so."""
    patterns: dict[str, None] = {}
    for name in sorted(some):
        family = {rule for rule in rules if rule.startswith(name.split("_")[0] + "_")}
        patterns[f"{name.split('_')[0]}_*" if len(family) >= FEWEST and family <= some else name] = None
    return ", ".join(f"`{pattern}`" for pattern in patterns)


def _titles(some: frozenset[str], titles: Mapping[str, str]) -> str:
    """Titles of boxes, or of those that are not among them if they are fewer."""
    others = [title for box, title in titles.items() if box not in some]
    if not some or not others:
        return EVERYTHING if some else NOTHING
    if len(others) < len(some):
        return "all but " + " · ".join(others)
    return " · ".join(title for box, title in titles.items() if box in some)
