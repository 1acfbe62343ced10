"""The command ``melt2crystal``: each command shown with an example, mistakes told in one line, help at once."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from melt2crystal import __version__
from melt2crystal.__main__ import COMMANDS, FOR_MAKE, module_of
from tests.helpers.checkout import REPOSITORY, environment

NAMES = [name for lines in COMMANDS.values() for name in lines]
MODULES = {path.stem for path in (REPOSITORY / "melt2crystal/commands").rglob("*.py")} - {"__init__"}
HEAVY = {"snakemake", "tensorflow", "torch", "pandas", "numpy", "matplotlib", "ase"}  # typer itself imports pydantic


def door(*words: str, folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """What the command prints."""
    return subprocess.run(
        [sys.executable, "-m", "melt2crystal", *words],
        cwd=folder,
        env=environment() | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )


def without_imports(*words: str) -> subprocess.CompletedProcess[str]:
    """The same, told at its end which modules it has imported."""
    program = (
        f"import sys\nsys.argv = ['melt2crystal', *{list(words)!r}]\nfrom melt2crystal.__main__ import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    return subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True)


def leaves(name: str) -> list[list[str]]:
    """A command, or the commands below it."""
    module = import_module(module_of(name))
    below = getattr(typer.main.get_command(module.app), "commands", {})
    return [[name], *([name, sub] for sub in below)]


def test_every_module_is_a_command_and_every_command_is_shown():
    assert {name.replace("-", "_") for name in [*NAMES, *FOR_MAKE]} == MODULES
    done = door("--help")
    assert done.returncode == 0
    lines = [line.strip() for line in done.stdout.splitlines()]
    for purpose, commands in COMMANDS.items():
        assert f"{purpose}:" in lines
        for name, summary in commands.items():
            assert any(line.split() == [name, *summary.split()] for line in lines), f"{name}: not on one line"
    assert not any(name in done.stdout for name in FOR_MAKE)
    assert door().stderr.split() == done.stdout.split()  # with nothing to do it says what it can do


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--version"], ["statsu"]])
def test_questions_about_the_command_import_no_science(words):
    imported = without_imports(*words).stderr.split()
    assert "melt2crystal.__main__" in imported
    assert HEAVY & set(imported) == set()


def test_the_version_is_told_with_the_commit():
    done = door("--version")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()
    assert done.stdout.startswith(f"melt2crystal {__version__}")
    assert head in done.stdout  # empty, and no commit is told, where the tests run outside a clone


@pytest.mark.parametrize("name", NAMES + FOR_MAKE)
def test_help_of_a_command_has_an_example(name):
    from typer.testing import CliRunner

    from melt2crystal.__main__ import app

    for words in leaves(name):
        said = CliRunner().invoke(app, [*words, "--help"])
        assert said.exit_code == 0
        (example,) = (line for line in said.stdout.splitlines() if "Example: " in line)
        typed = example.split("Example: ")[1].split()
        assert typed[: 1 + len(words)] == ["melt2crystal", *words]
        assert "..." not in said.stdout.split("Options:")[1], "a summary is cut off"


def only_line(text: str) -> str:
    (line,) = (line for line in text.splitlines() if line)
    return line


def test_an_unknown_command_is_named_with_the_nearest():
    done = door("statsu")
    assert done.returncode == 2 and done.stdout == ""
    assert only_line(done.stderr).startswith("ERROR: statsu: is no command (did you mean status?); the commands are")


@pytest.mark.parametrize("words", [["status", "--study", "nope"], ["labels", "report", "--study", "nope"]])
def test_an_unknown_study_is_one_line(words):
    done = door(*words)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    line = only_line(done.stderr)
    assert line.startswith("ERROR: ") and "'nope' is no study" in line and "laptop" in line


def test_an_option_that_is_none_is_named():
    done = door("status", "--studie", "ci")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "No such option: --studie" in done.stderr


def test_a_missing_file_is_one_line():
    done = door("provenance", str(REPOSITORY / "no-such.pdf"))
    assert done.returncode == 1 and only_line(done.stderr).endswith("no-such.pdf: there is no such file")


def test_where_a_command_is_typed_matters_to_labels_alone(tmp_path):
    done = door("potentials", "export", str(tmp_path / "out"), "--study", "paper", folder=REPOSITORY / "docs")
    assert done.returncode == 1 and "ERROR: ../results/paper/train/hp/training.hdf5: isn't there" in done.stderr
    done = door("labels", "export", "out", "--study", "ci", folder=tmp_path)
    assert done.returncode == 1 and only_line(done.stderr).endswith(f"go there: cd {REPOSITORY}")
