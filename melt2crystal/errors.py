"""Errors that speak to a person, and how programs end on them."""

import errno
import functools
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or one's share of it


class UserError(Exception):
    """Something the user can mend. The message says what is wrong, where, and what to do."""


class EngineError(UserError):
    """A program the workflow needs is missing, or it failed as a whole (not on one frame)."""


@contextmanager
def readable_errors() -> Iterator[None]:
    """A UserError or a full disk ends the program with one readable message and exit status 1."""
    try:
        yield
    except UserError as error:
        print(f"\nERROR: {error}\n", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in FULL and "temporary directory" not in str(error.strerror):  # all places for one are full
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"\nERROR: {where}{error.strerror}; make room and run again: what is finished is kept\n",
            file=sys.stderr,
        )
        sys.exit(1)


def reports_errors(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorator for the programs in scripts/: the log begins with the command, to be repeated by hand, and a UserError
    or a full disk ends as one readable message and exit status 1."""

    @functools.wraps(function)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        print(shlex.join(["python", *sys.argv]), flush=True)
        with readable_errors():
            return function(*args, **kwargs)

    return wrapped
