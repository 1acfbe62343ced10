"""What scripts and rules read of a study, found without running them: what the params trigger can't see must not be."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from melt2crystal.jobs.code_inputs import code_inputs
from melt2crystal.sections import relaxed_crystals, search
from melt2crystal.sections.phases import enthalpy_curves
from tools.rebuild.contract import JobRecord

# Environment variables choose programs, threads and folders here, never numbers.
MAY_READ_ENVIRONMENT = {
    "melt2crystal/train/deepmd.py",
    "melt2crystal/engines/ase/process.py",
    "melt2crystal/engines/espresso/engine.py",
    "melt2crystal/engines/process.py",
    "melt2crystal/engines/vasp/potcar.py",
    "melt2crystal/lammps/program.py",
    "melt2crystal/lammps/include.py",  # a folder in which parameter files are looked for; their content counts
    "melt2crystal/frames.py",  # how large a file may be before it is refused
    "melt2crystal/train/models.py",
    "melt2crystal/structure/symmetry.py",  # tells spglib not to print; no number of it
    "melt2crystal/provenance.py",  # what a file says of its origin, no number of it
}
# see docs/reference/rebuild.md; LABELS_FIRST is the order of jobs, PYTORCH which packages are named in parameters
PLACES = re.compile(
    r"STUDY\.(jobs\b|search\.workers\b|search\.uspex\.parallel\b)|getattr\(STUDY\.reference, \"ranks\""
    r"|^(USPEX_)?PLACES = places_text\(|^LABELS_FIRST = |^PYTORCH = "
    r"|^TOLERANCE = STUDY\.label\.failure_tolerance$"  # what may fail changes no label
)


def declared(records: list[JobRecord]) -> dict[str, list[str]]:
    """Rule -> names of the settings that its jobs are given."""
    names: dict[str, set[str]] = {}
    for one in records:
        for text in map(ast.literal_eval, one.params):
            if isinstance(text, str) and text.startswith("{"):
                names.setdefault(one.job.rule, set()).update(json.loads(text))
    return {rule: sorted(found) for rule, found in names.items()}


def asked_by(script: Path) -> set[str]:
    """Names of the settings that a script asks for: ``given.section("train.loop", ...)``, ``given.value("seed")``."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("section", "value") and isinstance(node.args[0], ast.Constant):
            names.add(node.args[0].value)
        elif called == "publish_for":  # melt2crystal/figures/style.py
            names.update(("figures", "name", "purpose", "reference.name"))
        elif called == "part_of_curves" and isinstance(node.args[1], ast.Name):
            names.update(enthalpy_curves.leaves(getattr(enthalpy_curves, node.args[1].id)))
        elif called == "part_of" and isinstance(node.args[1], ast.Name):
            section = next(section for section in (search, relaxed_crystals) if hasattr(section, node.args[1].id))
            names.update(section.leaves(getattr(section, node.args[1].id)))
    return names


def undeclared(folder: Path, declared: dict[str, list[str]]) -> list[str]:
    """Settings that a script asks for and its rule doesn't declare."""
    return [
        f"{script.relative_to(folder)}: {name}"
        for script in sorted((folder / "scripts").glob("*/*.py"))
        for name in sorted(asked_by(script) - set(declared.get(f"{script.parent.name}_{script.stem}", ())))
    ]


def unneeded(folder: Path, declared: dict[str, list[str]]) -> list[str]:
    """Settings that a rule declares and its script never asks for: they would rerun it for nothing."""
    return [
        f"{rule}: {name}"
        for rule, names in sorted(declared.items())
        for name in sorted(set(names) - asked_by(folder / "scripts" / f"{rule.replace('_', '/', 1)}.py"))
    ]


def readers_of_the_study(folder: Path) -> list[str]:
    """Scripts and modules they import that read a study, its files or environment variables by themselves."""
    scripts = sorted((folder / "scripts").glob("*/*.py"))
    files = sorted({name for script in scripts for name in code_inputs(script, folder)})
    return [f"{name}: {what}" for name in files for what in _reads(folder, name)]


def _reads(folder: Path, name: str) -> Iterator[str]:
    text = (folder / name).read_text(encoding="utf-8")
    if name in ("melt2crystal/study/load.py", "melt2crystal/study/source.py"):
        yield "reads whole studies"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(r"config/\S*$", node.value):
            yield f"opens {node.value}"
        reads = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        if reads and name not in MAY_READ_ENVIRONMENT:
            yield "reads environment variables"


def hidden_in_rules(folder: Path) -> list[str]:
    """Uses of the study where Snakemake compares nothing: threads, resources, environment, run blocks."""
    found = []
    for file in sorted((folder / "rules").glob("*.smk")):
        text = file.read_text(encoding="utf-8")
        hidden = re.findall(r"^    (?:threads|resources|run):.*\n(?:^ {8,}.*\n)*", text, flags=re.M)
        hidden += re.findall(r"^.*(?:environ|shell\.prefix).*$", text, flags=re.M)
        hidden += [text] if file.name == "needs.smk" else []
        uses = [line.strip() for block in hidden for line in block.splitlines() if re.search(r"STUDY|config\b", line)]
        found += [f"{file.name}: {line}" for line in uses if not PLACES.search(line)]
    return found
