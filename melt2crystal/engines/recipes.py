"""Recipes of an engine, tried in order until one converges: here, or elsewhere, where outputs are read back."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.engines.base import Label, name_of
from melt2crystal.engines.process import Ended
from melt2crystal.engines.scratch import scratch_folder
from melt2crystal.errors import FULL, EngineError

TIMED_OUT = 124  # exit status of timeout(1)

Recipe = TypeVar("Recipe")


def first_converged(
    recipes: Sequence[Recipe],
    run: Callable[[Recipe, Path, float], tuple[Ended, float]],
    read: Callable[[Ended, Path], tuple[Label, Atoms | None]],
    timeout_s: float,
    name: str,
    inside: str | None,
) -> tuple[Label, Atoms | None]:
    """Recipe after recipe until one converges; only a failure to converge is worth another recipe.

    Args:
        recipes: at least one.
        run: runs the program on a recipe in an empty folder, with so many seconds left: how it ended, and its cost, s.
        read: the label in that folder and, of a relaxation, the structure; not asked if time ran out.
        timeout_s: limit for all recipes together.
        name: of the scratch folders.
        inside: the folder they are made in; None: the system's.

    Returns:
        Label, with the seconds of all recipes, and structure; a label that is not ok says why.
    """
    deadline, seconds = time.monotonic() + timeout_s, 0.0
    label, atoms = Label("timed out"), None
    for number, recipe in enumerate(recipes, 1):
        try:
            with scratch_folder(name, inside) as made:
                folder = Path(made)
                ended, cost = run(recipe, folder, deadline - time.monotonic())
                seconds += cost
                if ended.late:
                    label = Label("timed out", f"no result within {timeout_s:g} s (recipe {number} of {len(recipes)})")
                else:
                    label, atoms = read(ended, folder)
                if label.status == "crashed":
                    label = replace(label, short_of=ended.short_of)
                if label.status == "crashed" and ended.full:  # the program could not even write so
                    label = replace(label, reason=f"{folder.parent}: No space left on device")
        except OSError as error:  # no space left, no such folder: this frame has no label, others may get one
            short_of: Literal["", "space"] = "space" if error.errno in FULL else ""
            label = Label("crashed", f"{error.filename or inside}: {error.strerror}", short_of=short_of)
        if label.status != "unconverged":
            break
    return replace(label, seconds=seconds), atoms


def relaxed(program: str, start: Atoms, atoms: Atoms | None, label: Label) -> Atoms:
    """The relaxed structure with its label attached and the ``info`` of the structure it began with.

    Raises:
        EngineError: there is none.
    """
    if label.status != "ok" or atoms is None:
        raise EngineError(f"{program} could not relax {name_of(start)}: {label.status}: {label.reason}")
    atoms.info.update(start.info)
    atoms.calc = SinglePointCalculator(atoms, energy=label.energy, forces=label.forces, stress=label.stress)
    return atoms


def ended_with(status: str, output: str, errors: str) -> Ended | None:
    """How a program ended whose exit status a script wrote down; None if it wrote none."""
    if not status.strip().lstrip("-").isdigit():
        return None
    number = int(status)
    # a shell reports signal n as 128 + n
    return Ended(128 - number if number > 128 else number, output, errors, late=number == TIMED_OUT)


def label_of_recipes(
    recipes: int,
    ended: Callable[[int], Ended | str | None],
    label_of: Callable[[int, Ended], Label],
    seconds_of: Callable[[int, Ended], float],
    timeout_s: float,
) -> Label | str:
    """The label of the first recipe that did not fail to converge, or in words why there is none yet.

    Args:
        recipes: how many were exported; they are counted from 1.
        ended: how a recipe's run ended; None if there was none, words if it has not come to an end.
        label_of: its label, if it was not cut off by the time limit.
        seconds_of: what it cost.
        timeout_s: the time limit, for the message.
    """
    label, seconds = Label("crashed"), 0.0  # there is at least one recipe
    for number in range(1, recipes + 1):
        found = ended(number)
        if found is None:
            if number == 1:
                return "not run yet"
            return f"recipe {number} of {recipes} was not run yet, those before did not converge"
        if isinstance(found, str):
            return f"{found} (recipe {number})"
        seconds += seconds_of(number, found)
        if found.late:
            label = Label("timed out", f"no result within the limit of {timeout_s:g} s (recipe {number})")
        else:
            label = label_of(number, found)
        if label.status != "unconverged":
            break
    return replace(label, seconds=seconds)
