# What all rules share: the study, its paths, sections and code as text, path patterns. No I/O beyond configuration.
import gc
import hashlib
import json
import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))

from melt2crystal.errors import UserError  # noqa: E402
from melt2crystal.jobs.code_inputs import code_digests, code_inputs  # noqa: E402
from melt2crystal.jobs.signatures import signed  # noqa: E402
from melt2crystal.report.contents import CONTENTS  # noqa: E402
from melt2crystal.study.load import load_study  # noqa: E402
from melt2crystal.study.parameters import (  # noqa: E402
    grid_row,
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
    STUDY = load_study(config, ROOT, check_files=workflow.is_main_process, configfiles=workflow.configfiles)
except UserError as error:
    raise WorkflowError(str(error)) from None

PATHS = Paths(STUDY, config.get("results", "results"))
RESULTS = PATHS.root
HARMONIC = STUDY.benchmark.harmonic_polymorphs  # none while benchmark.harmonic.enabled is false
gc.set_threshold(100_000, 50, 100)  # a plan's objects live to its end: looking for garbage is a tenth of its cost
IMPORTS = {}  # file -> files it imports, for all calls of code()

# Programs find the package, and each other, whether or not the environment was activated.
os.environ.update(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}", PYTHONPATH=str(ROOT))
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

    Files, wildcards and threads are quoted here; parameters say ``:q`` themselves, or are words of the rule's own.
    """
    end = " --settings {params.settings:q}" if settings else ""
    command = f"python {script(rule)} {arguments}{end} > {{log}} 2>&1"
    return re.sub(r"\{((?:input|output|wildcards|log|threads)[\w.]*)\}", r"{\1:q}", command)


def repeated(option, paths):
    """Words of a command that gives an option once for each path; they are quoted where they are used."""
    return [word for path in paths for word in (option, path)]


def log(rule, wildcards=""):
    return f"{RESULTS}/logs/{rule}/{wildcards or rule}.log"


def cost(rule, wildcards=""):
    return f"{RESULTS}/benchmarks/{rule}/{wildcards or rule}.tsv"


def final_iteration():
    """The dataset the potentials are released from: one decision per iteration is asked for."""
    for number in range(STUDY.select.max_iterations):
        decision = checkpoints.explore_selection.get(iteration=f"{number:02d}").output.decision
        if json.loads(Path(decision).read_text())["stop"]:
            return f"{number:02d}"
    return f"{STUDY.select.max_iterations:02d}"


def iterations_done():
    """Iterations whose exploration was looked at."""
    last = int(final_iteration())
    return [f"{number:02d}" for number in range(min(last + 1, STUDY.select.max_iterations))]


def selection_tables(wildcards):
    return [f"{RESULTS}/select/{number}/table.csv" for number in iterations_done()]


def dataset_of(ensemble):
    """Folder of what an ensemble is trained on."""
    number = ensemble.removeprefix("iteration-") if ensemble.startswith("iteration") else final_iteration()
    return f"{RESULTS}/dataset/{number}"


def certificate_library():
    """Crystals that no melt may resemble: every structure in data/polymorphs."""
    return sorted(path.as_posix() for path in Path("data/polymorphs").glob("*.cif"))


TITLE_OF = {
    "figures_parity": ("1", "Held-out melt: energies and forces"),
    "figures_energy_volume": ("2", "Energy-volume curves of the polymorphs"),
    "figures_search": ("3", "Energies of the structures found"),
    "figures_found": ("4", "Structures found beside known crystals"),
    "figures_harmonic": ("5", "Harmonic vibrations"),
    "liquid_plot": ("A", "Melts and their certificates"),
    "liquid_plot_frames": ("A", "Melts and their certificates"),
    "figures_selection": ("B", "Selection of frames in the loop"),
    "figures_learning": ("C", "Learning curves"),
}


def picture(rule, path=None):
    """PNG of a figure, in the report with its caption."""
    number, shows = TITLE_OF[rule]
    return report(
        path or PATHS.figure(rule, "png"),
        caption=f"../report/{rule}.rst",
        category="2. Figures",
        labels={"Figure": number, "Shows": shows},
    )


def style(*sections, **extra):
    """What every figure needs to know, and what this one needs beside it."""
    return settings("figures", "reference.name", "name", *sections, **extra)


def vdos_settings(wildcards):
    """What the walks of some polymorphs need, with HP or the reference."""
    states = polymorph_rows(STUDY, "temperature_K", "pressure_GPa", names=polymorph_chunks(STUDY)[int(wildcards.chunk)])
    sections = ["benchmark.vdos", "substance", "seed", *(["reference"] if wildcards.potential == "reference" else [])]
    return settings(*sections, states=states)


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
