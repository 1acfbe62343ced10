"""Recipes that were tried on another machine: which of them gives the label, and how a run ended there."""

from collections.abc import Callable

from melt2crystal.engines.base import Label
from melt2crystal.engines.espresso.files import Ended

TIMED_OUT = 124  # exit status of timeout(1)


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
        recipes: how many there are; they are counted from 1.
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
    return Label(label.status, label.reason, label.energy, label.forces, label.stress, seconds)
