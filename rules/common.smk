# What all rules share: the study, its sections and the code as text, path patterns. No I/O beyond configuration.
import gc
import hashlib
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))

from melt2crystal.jobs.code_inputs import code_digests, code_inputs  # noqa: E402
from melt2crystal.jobs.signatures import signed  # noqa: E402
from melt2crystal.study.load import load_study, section_text  # noqa: E402
from melt2crystal.errors import UserError  # noqa: E402
from melt2crystal.settings import places_text  # noqa: E402

try:
    STUDY = load_study(config, ROOT, check_files=workflow.is_main_process, configfiles=workflow.configfiles)
except UserError as error:
    raise WorkflowError(str(error)) from None

RESULTS = f"{config.get('results', 'results')}/{STUDY.name}"
STORE = f"{config.get('results', 'results')}/label-store"
ROWS = {f"{row.pressure_GPa:g}": row for row in STUDY.grid}
PRESSURES = list(ROWS)
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
    purpose="train|heldout",
    batch=r"initial|heldout|eos|harmonic|iteration-\d\d|found-p-?\d+(\.\d+)?",
    shard=r"\d+",
    iteration=r"\d\d",
    ensemble=r"iteration-\d\d|lp|hp",
    potential="lp|hp",
    member=r"\d+",
    units=r"\d+",


def settings(*sections, **extra):
    """The named sections as canonical JSON: all a job can see of the study."""
    return section_text(STUDY, *sections, **extra)


def code(script):
    """The script and every module of the package it imports, each with the digest of its content: one parameter."""
    return ["\n".join(code_digests(Path("scripts") / f"{script}.py", ROOT, IMPORTS))]


def log(rule, wildcards=""):
    return f"{RESULTS}/logs/{rule}/{wildcards or rule}.log"


def cost(rule, wildcards=""):
    return f"{RESULTS}/benchmarks/{rule}/{wildcards or rule}.tsv"


def row_of(wildcards):
    """The grid's row of a pressure, as plain data; the length of its walks travels apart."""
    return ROWS[wildcards.pressure].model_dump(mode="json", exclude={"walk_ps"})


def reference_files():
    """Files that the reference's numbers depend on."""
    reference = STUDY.reference
    return [reference.potential] if reference.engine == "lammps" else list(getattr(reference, "files", []))


def members_of(ensemble):
    return range(STUDY.training_of(ensemble).members)


def models_of(ensemble):
    """Models of an ensemble, compressed if they can be."""
    return [best_model(f"{RESULTS}/train/{ensemble}/{member}", *TRAINED_AS) for member in members_of(ensemble)]


def released_models(potential):
    return [
        best_model(f"{RESULTS}/models/{potential}", member, f"{member}-compressed") for member in members_of(potential)
    ]


def final_iteration():
    """The dataset the potentials are released from: one decision per iteration is asked for."""
    for number in range(STUDY.select.max_iterations):
        decision = checkpoints.select_frames.get(iteration=f"{number:02d}").output.decision
        if json.loads(Path(decision).read_text())["stop"]:
            return f"{number:02d}"
    return f"{STUDY.select.max_iterations:02d}"


def iterations_done():
    """Iterations whose exploration was looked at."""
    last = int(final_iteration())
    return [f"{number:02d}" for number in range(min(last + 1, STUDY.select.max_iterations))]


def training_settings(ensemble):
    """Training section of an ensemble as plain data without its amounts."""
    path = "train.loop" if ensemble.startswith("iteration") else f"release.{ensemble}.training"
    return json.loads(settings(path))[path]


def certificate_library():
    """Crystals that no melt may resemble: every structure in data/polymorphs."""
    return sorted(path.as_posix() for path in Path("data/polymorphs").glob("*.cif"))
