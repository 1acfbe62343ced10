"""Write docs/reference/commands.md from the commands of ``melt2crystal``, or check that it is up to date."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "commands.md"
HEAD = """# Commands

*Written by `tools/command_reference.py` (`make docs`) from the commands in `melt2crystal/commands/`: edit those.*

In the environment (`source .venv/bin/activate`) the command is `melt2crystal`; from anywhere else
`.venv/bin/melt2crystal`. Targets of `make` with the same names are aliases: `make status STUDY=laptop` is
`melt2crystal status --study laptop`. `melt2crystal <command> --help` says what stands here.
"""


def reference() -> str:
    """The page: commands by purpose, each with what it does, its usage and its options."""
    door: Any = import_module("melt2crystal.__main__")
    parts = [HEAD]
    for purpose, lines in door.COMMANDS.items():
        rows = [(f"[`melt2crystal {name}`](#melt2crystal-{name})", line) for name, line in lines.items()]
        parts.append(f"## {purpose}\n\n{markdown.table(('command', 'what it does'), rows)}\n")
        for name in lines:
            module = import_module(door.module_of(name))
            parts += sections(f"melt2crystal {name}", typer.main.get_command(module.app), 3)
    return "\n".join(parts)


def sections(name: str, command: Any, level: int) -> Iterator[str]:
    """A command and those below it, as it is typed: heading, help, usage, options.

    Args:
        name: what is typed before the options.
        command: as click knows it; of typer's own classes, which need not be click's.
        level: of the heading.
    """
    yield f"{'#' * level} {name}\n"
    yield in_markdown(inspect.cleandoc(command.help or "").split("\f")[0].strip()) + "\n"
    if hasattr(command, "list_commands"):
        for below in command.list_commands(None):
            yield from sections(f"{name} {below}", command.get_command(None, below), level + 1)
        return
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    usage = [name, *map(called, arguments), "[options]" if len(shown) > len(arguments) else ""]
    yield f"```\n{' '.join(usage).strip()}\n```\n"
    if shown:
        yield markdown.table(("", "meaning", "default"), map(described, shown)) + "\n"


def in_markdown(words: str) -> str:
    """Words of a help text, with what Markdown would take for HTML or the end of a cell made plain."""
    return re.sub(r"([<|])", r"\\\1", words)


def called(parameter: Any) -> str:
    """An argument or option as it is typed."""
    if parameter.param_type_name != "argument":
        return " / ".join([*parameter.opts, *parameter.secondary_opts])
    name = parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
    return name if parameter.required else f"[{name}]"


def described(parameter: Any) -> tuple[str, str, str]:
    """Row of an argument or option: how it is typed, what it means, what it is if it is left out."""
    default = parameter.default
    nothing = default is None or default is False or default in ("", (), []) or "UNSET" in repr(default).upper()
    shown = "*required*" if parameter.required else "" if nothing else f"`{default}`"
    return f"`{called(parameter)}`", in_markdown(getattr(parameter, "help", None) or ""), shown


def write_or_check(out: Path, text: str, check: bool, origin: str) -> None:
    """Write a generated page, or only see whether it is what it should be.

    Raises:
        UserError: it is not; ``origin`` says what it differs from.
    """
    if not check:
        write_text(out, text)
    elif not out.is_file() or out.read_text(encoding="utf-8") != text:
        raise UserError(f"{out}: differs from {origin}; run 'make docs' and commit the result")


@reports_errors
def command_reference(
    out: Annotated[Path, typer.Option(help="Markdown file")] = PAGE,
    check: Annotated[bool, typer.Option(help="write nothing; fail if the file differs")] = False,
) -> None:
    """Write docs/reference/commands.md from the commands, or check that it is up to date."""
    write_or_check(out, reference(), check, "the commands")


if __name__ == "__main__":
    typer.run(command_reference)
