# What all rules share: the study, its paths, sections and code as text, path patterns. No I/O beyond configuration.
import gc
import hashlib
import json
import os
import re
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
PROJECT = Path.cwd()  # what a study names lies here, and results: the clone, or the folder of --directory
sys.path.insert(0, str(ROOT))

from melt2crystal.errors import UserError  # noqa: E402
from melt2crystal.jobs.code_inputs import code_digests, code_inputs  # noqa: E402
from melt2crystal.jobs.signatures import signed  # noqa: E402
from melt2crystal.project import of_project  # noqa: E402
from melt2crystal.report.contents import CONTENTS  # noqa: E402
from melt2crystal.structure.cif import of_composition  # noqa: E402
from melt2crystal.settings import to_text  # noqa: E402
from melt2crystal.study.load import load_study  # noqa: E402
from melt2crystal.study.names import mistake_in_name, replicate_name  # noqa: E402
from melt2crystal.study.parameters import (  # noqa: E402
    grid_row,
    melt_states,
    polymorph_chunks,
    polymorph_rows,
    polymorph_table,
    pressures_seen,
    row_text,
    section_text,
    training_parameters,
    walk_parameters,
)
from melt2crystal.study.paths import PURPOSE_OF, PURPOSES, Paths  # noqa: E402

try:
    STUDY = load_study(config, PROJECT, check_files=workflow.is_main_process, configfiles=workflow.configfiles)
    PATHS = Paths(STUDY, os.path.normpath(config.get("results", "results")))
except UserError as error:
    raise WorkflowError(str(error)) from None

RESULTS = PATHS.root
HARMONIC = STUDY.benchmark.harmonic_polymorphs  # none while benchmark.harmonic.enabled is false
gc.set_threshold(100_000, 50, 100)  # a plan's objects live to its end: looking for garbage is a tenth of its cost
IMPORTS = {}  # file -> files it imports, for all calls of code()

# Programs find the package, and each other, whether or not the environment was activated; and jobs find the programs,
# whichever folder they work in. By a variable: the folder of the clone is no part of a command, and moving it reruns nothing.
os.environ.update(
    PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    PYTHONPATH=str(ROOT),
    MELT2CRYSTAL_ROOT=str(ROOT),
)
for variable in ("OMP_NUM_THREADS", "DP_INTRA_OP_PARALLELISM_THREADS", "DP_INTER_OP_PARALLELISM_THREADS"):
    os.environ.setdefault(variable, "1")
# glibc gives freed memory back at once and TensorFlow asks for it again at each step: a fifth of a training's CPU time.
for variable, value in (("MALLOC_MMAP_THRESHOLD_", 4 * 10**9), ("MALLOC_TRIM_THRESHOLD_", 8 * 10**9)):
    os.environ.setdefault(variable, str(value))


wildcard_constraints:
    pressure=r"-?\d+(\.\d+)?",
    purpose="|".join(PURPOSES),
    batch=r"initial|heldout|eos|harmonic|iteration-\d\d|found-p-?\d+(\.\d+)?",
    melt="|".join(PURPOSE_OF),
    shard=r"\d+",
    iteration=r"\d\d",
    ensemble=r"iteration-\d\d|lp|hp",
    potential="lp|hp",
    member=r"\d+",
    units=r"\d+",


def settings(*sections, **extra):
    """The named sections as canonical JSON: all a job can see of the study."""
    return section_text(STUDY, *sections, **extra)


def script(rule):
    """Its program: rule train_member runs scripts/train/member.py."""
    return Path("scripts", *rule.split("_", 1)).with_suffix(".py")


def code(rule):
    """Its program and every module of the package that it imports, each with the digest of its content: parameters."""
    return code_digests(script(rule), ROOT, IMPORTS)


def program(rule, arguments, settings=True):
    """The shell command of a rule: its program with these arguments, its settings, and what it says into its log.

    Values are quoted here, whatever they hold: files, wildcards, threads, parameters. ``-P``: a program called like a
    library doesn't hide it from its neighbours.
    """
    end = " --settings {params.settings}" if settings else ""
    return quoted(f'python -P "$MELT2CRYSTAL_ROOT"/{script(rule)} {arguments}{end} > {{log}} 2>&1')


def quoted(command):
    """A command whose ``{values}`` the shell takes as they are; a list becomes as many words."""
    return re.sub(r"\{(\w[\w.]*)\}", r"{\1:q}", command)


def repeated(option, paths):
    """Words of a command that gives an option once for each path; they are quoted where they are used."""
    return [word for path in paths for word in (option, path)]


def log(rule, wildcards=""):
    return f"{RESULTS}/logs/{rule}/{wildcards or rule}.log"


def cost(rule, wildcards=""):
    return f"{RESULTS}/benchmarks/{rule}/{wildcards or rule}.tsv"


def final_iteration():
    """The dataset the potentials are released from: one decision per iteration is asked for."""
    for number in range(STUDY.rounds):
        decision = checkpoints.explore_selection.get(iteration=f"{number:02d}").output.decision
        if json.loads(Path(decision).read_text())["stop"]:
            return f"{number:02d}"
    return f"{STUDY.rounds:02d}"


def iterations_done():
    """Iterations whose exploration was looked at."""
    last = int(final_iteration())
    return [f"{number:02d}" for number in range(min(last + 1, STUDY.rounds))]


def selection_tables(wildcards):
    return [f"{RESULTS}/select/{number}/table.csv" for number in iterations_done()]


def dataset_of(ensemble):
    """Folder of what an ensemble is trained on."""
    number = ensemble.removeprefix("iteration-") if ensemble.startswith("iteration") else final_iteration()
    return f"{RESULTS}/dataset/{number}"


def data_told(potential):
    """Where a potential's reference is told: with its training data, or, if these are elsewhere, with the check of it."""
    where = "label/reference" if potential in PATHS.trained_elsewhere else f"train/{potential}/info"
    return f"{RESULTS}/{where}.json"


def frames_told(potential):
    """Where the frames that a potential has seen are told; nowhere for an ASE calculator."""
    if potential in PATHS.calculators:
        return []
    return PATHS.manifest_elsewhere(potential) or f"{dataset_of(potential)}/manifest.json"


def certificate_library():
    """Crystals that no melt may resemble: structures of the study's composition in data/polymorphs, of the project or
    else of the clone."""
    names = sorted(Path(of_project("data/polymorphs", PROJECT)).glob("*.cif"))
    for name in map(str, names):
        if wrong := mistake_in_name(name):
            raise WorkflowError(f"{name!r} holds {wrong}; rename the file")
    return [path.as_posix() for path in of_composition(names, STUDY.substance.formula)]


def style(*sections, **extra):
    """What every figure needs to know, and what this one needs beside it."""
    return settings("figures", "reference.name", "name", "purpose", *sections, **extra)


def page_sources(wildcards):
    """Words of the command: --source name=file for each file of each page."""
    files = {name: source(wildcards) if callable(source) else source for name, source in PAGES.items()}
    files = {name: [paths] if isinstance(paths, str) else paths for name, paths in files.items()}
    return repeated("--source", [f"{name}={path}" for name, paths in files.items() for path in paths])


def reported(name):
    """Output file of a page with its caption, category and labels."""
    page = CONTENTS[name]
    return report(
        f"{REPORTED}/{name}.html",
        caption=f"../report/table_{name}.rst",
        category=page.category,
        labels=page.labels,
    )


def vdos_settings(wildcards):
    """What the walks of some polymorphs need, with HP or the reference."""
    states = polymorph_rows(STUDY, "temperature_K", "pressure_GPa", names=polymorph_chunks(STUDY)[int(wildcards.chunk)])
    sections = ["benchmark.vdos", "substance", *(["reference"] if wildcards.potential == "reference" else [])]
    return settings(*sections, seed=STUDY.shared_seed, states=states)
