"""Rules between settings, each stated as what is wrong and what is allowed. Files are not opened here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from melt2crystal.study.model import Study
from melt2crystal.study.yaml_text import Mistake

Check = Callable[[Study], Iterator[Mistake]]
IN_FILE_NAMES = re.compile(r"-?\d+(\.\d+)?")  # as rules/common.smk has it
CHECKS: list[tuple[tuple[str, ...], Check]] = []


def uses(*sections: str) -> Callable[[Check], Check]:
    """Register a check; it is skipped while one of its sections has mistakes of its own."""

    def register(check: Check) -> Check:
        CHECKS.append((sections, check))
        return check

    return register


def mistakes_between_sections(study: Study, broken: Collection[str] = ()) -> list[Mistake]:
    """All broken rules between settings; sections in ``broken`` are not judged."""
    return [mistake for sections, check in CHECKS if not set(sections) & set(broken) for mistake in check(study)]


def each_once(pressures: list[float], section: str, once: str) -> Iterator[Mistake]:
    """Pressures name files, with six digits and without an exponent."""
    named: dict[str, float] = {}
    for index, pressure in enumerate(pressures):
        path = ("grid", index, "pressure_GPa") if section == "grid" else (section, "pressures_GPa", index)
        name = f"{pressure:g}"
        if not IN_FILE_NAMES.fullmatch(name):
            yield Mistake(path, f"{name} GPa can't be part of a file name", "0, or at least 0.0001 GPa (or -0.0001)")
        elif named.get(name) == pressure:
            yield Mistake(path, f"the pressure {name} GPa occurs twice", once)
        elif name in named:
            problem = f"{named[name]!r} and {pressure!r} GPa are both {name} in the names of files"
            yield Mistake(path, problem, "pressures that differ in six digits")
        named.setdefault(name, pressure)


def exactly(number: float) -> str:
    """Six digits where they are the number, else all: two that differ look different."""
    return f"{number:g}" if float(f"{number:g}") == number else repr(number)


def ascending(bounds: tuple[float, float], path: tuple[str, ...]) -> Iterator[Mistake]:
    """A mistake unless the bounds are a range of numbers that aren't negative."""
    if not 0 <= bounds[0] < bounds[1]:
        yield Mistake(path, f"[{bounds[0]:g}, {bounds[1]:g}] is no range", "[smallest, largest], neither negative")


def steps_of(length_ps: float, time_step_fs: float) -> int:
    """Whole steps of a walk."""
    return int(1000 * length_ps / time_step_fs + 1e-6)
