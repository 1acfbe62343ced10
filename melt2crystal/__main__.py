"""The command ``melt2crystal``: one door to all that a person asks of a study. Also ``python -m melt2crystal``.

A command is the module of its name in ``melt2crystal/commands/``, or in a room there, which defines ``app``. It is
imported when it is asked for, and not before: Snakemake, pandas and Matplotlib take seconds to import, a question for
help should not.
"""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from melt2crystal import __version__
from melt2crystal.errors import UserError, readable_errors
from melt2crystal.provenance import ROOT, UNKNOWN, commit_of

# Purpose -> command -> its line in `melt2crystal --help`.
COMMANDS = {
    "See and ask": {
        "status": "What is done, running or failed, and how long it still takes.",
        "why": "Which settings, code or data would make a file again.",
        "plan": "What a study will cost: jobs, core-hours, GPU-hours, storage.",
        "ledger": "What a study has cost: by stage, per label, in vain.",
        "dag": "The workflow as a figure for a methods section.",
    },
    "Run": {
        "replicates": "A study run again with other seeds: means, intervals, aims.",
    },
    "Labels and potentials": {
        "certificate": "Limits of disorder: hot crystals and melts side by side.",
        "labels": "Report on labels; compute them on another machine.",
        "potentials": "Train on another machine, and bring the models back.",
    },
    "Without a study": {
        "search": "Crystals of a formula, with a potential, in any folder.",
    },
    "Hand on": {
        "report": "A finished study as one HTML file.",
        "export": "A finished study as one zip for an archive (RO-Crate).",
        "provenance": "Which study, settings and commit a figure comes from.",
    },
}
FOR_MAKE = ["needs-pytorch"]  # asked by `make run`; not shown in the help
START = """To run a study: make run STUDY=laptop

Options of a command, with an example: melt2crystal status --help"""


def module_of(command: str) -> str:
    """The module of a command, wherever in ``melt2crystal/commands/`` it stands."""
    rooms = Path(__file__).resolve().parent
    (path,) = (rooms / "commands").rglob(f"{command.replace('-', '_')}.py")
    return ".".join((rooms.name, *path.relative_to(rooms).with_suffix("").parts))


class Door(TyperGroup):
    """Shows the commands by purpose, and imports the one that is called."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The lists of commands in the help."""
        for purpose, lines in COMMANDS.items():
            with formatter.section(purpose):
                formatter.write_dl(list(lines.items()))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str, Any, list[str]]:
        """The command that is called, and what follows its name."""
        names = [name for lines in COMMANDS.values() for name in lines]
        called, *rest = args
        if called not in [*names, *FOR_MAKE]:
            near = get_close_matches(called, names, n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            print(f"ERROR: {called}: is no command{meant}; the commands are {', '.join(names)}", file=sys.stderr)
            raise typer.Exit(2)
        module = import_module(module_of(called))
        return called, typer.main.get_command(module.app), rest


app = typer.Typer(
    cls=Door,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def tell_version(asked: bool) -> None:
    """Print the version and, in a clone, the commit; then end."""
    if asked:
        commit = commit_of(ROOT)
        print(f"melt2crystal {__version__}" + ("" if commit == UNKNOWN else f" (commit {commit})"))
        raise typer.Exit


@app.callback(epilog=START)
def melt2crystal(
    version: Annotated[
        bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Print version and commit.")
    ] = False,
) -> None:
    """Does a machine-learning potential that has seen only the melt know the crystals?

    The study itself is a Snakemake workflow; these commands ask how it stands, exchange labels and models with other
    machines, and hand on what came out.
    """


@contextmanager
def told_who_may_not() -> Iterator[None]:
    """A place that this user may not read or write is told with what can be done, as is any mistake.

    Raises:
        UserError: instead of the error of the system.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise UserError(
            f"{error.filename}: {error.strerror}; where results may only be read, write elsewhere: --out with a folder "
            "of your own (status, why and plan write nothing)"
        ) from None


def main() -> None:
    """Run the command that is called; a mistake the user can mend ends as one message and status 1."""
    with readable_errors(), told_who_may_not():
        app()


if __name__ == "__main__":
    main()
