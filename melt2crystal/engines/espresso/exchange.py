"""Frames that pw.x computes on another machine: relocatable inputs, the lines that run them, outputs read back."""

import hashlib
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read

from melt2crystal.engines.base import Label
from melt2crystal.engines.espresso.files import NUMERICAL, label_of, write_input
from melt2crystal.engines.espresso.told import other_settings, unreadable_part, unsaid_functional
from melt2crystal.engines.process import Ended
from melt2crystal.engines.recipes import ended_with, label_of_recipes
from melt2crystal.sections.reference import EspressoReference

NOT_CONVERGED = "convergence NOT achieved"
SAME_PLACE_A = 2e-4  # pw.x prints positions with seven decimals of the lattice parameter
SAME_CUTOFF_RY = 1e-3  # and cutoffs with four
PSEUDO_DIR = re.compile(r"^(\s*pseudo_dir\s*=\s*)'.*'", re.MULTILINE)
CUTOFFS = {"ecutwfc_Ry": "kinetic-energy cutoff", "ecutrho_Ry": "charge density cutoff"}
CPU_TIME = re.compile(r"^ *PWSCF *: *(.*?)CPU", re.MULTILINE)
RANKS = re.compile(r"Number of MPI processes: *(\d+)|running on +(\d+) +processors")
MD5 = re.compile(r"PseudoPot\. # *\d+ for +(\w+) +read from file:\s*\n\s*(\S+)\s*\n\s*MD5 check sum: *([0-9a-f]{32})")
SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}

RUN_SCRIPT = """\
# pw.x, recipe after recipe until one converges; another pw.x: PW="srun pw.x" bash run.sh
PW="${{PW:-{command}}}"
export OMP_NUM_THREADS="${{OMP_NUM_THREADS:-1}}"
rm -f pw-*.status
for input in {inputs}; do
    name="${{input%.in}}"
    timeout {timeout_s:.0f} $PW -in "$input" > "$name.out" 2> "$name.err"
    echo $? > "$name.status"
    rm -rf scratch
    grep -qiE '{worth}' "$name.out" || break
done
"""


def write_inputs(frame: Atoms, folder: Path, reference: EspressoReference) -> None:
    """``pw-1.in``, ``pw-2.in``, ...: one per recipe, pseudopotentials in ``../../shared``."""
    for number, recipe in enumerate(reference.recipes, 1):
        path = folder / f"pw-{number}.in"
        # all bands of pw.x: the files that tell how many electrons there are may be on the other machine only
        write_input(path, frame, reference, recipe.model_copy(update={"empty_bands": None}))
        text, count = PSEUDO_DIR.subn(r"\1'../../shared'", path.read_text(encoding="utf-8"))
        if count != 1:
            raise AssertionError(f"{path}: pseudo_dir occurs {count} times")
        path.write_text(text, encoding="utf-8")


def run_script(reference: EspressoReference) -> str:
    """See ``ExchangingEngine.run_script``."""
    command = reference.command
    if reference.ranks > 1:
        command = f"{reference.launcher} {reference.ranks} {command}"
    inputs = " ".join(f"pw-{number}.in" for number in range(1, len(reference.recipes) + 1))
    worth = "|".join((NOT_CONVERGED, *NUMERICAL))
    return RUN_SCRIPT.format(
        command=command.replace('"', '\\"'), inputs=inputs, timeout_s=reference.timeout_s, worth=worth
    )


def read_outputs(frame: Atoms, folder: Path, shared: Path, reference: EspressoReference) -> Label | str:
    """See ``ExchangingEngine.read_outputs``; ``seconds`` are CPU seconds of all ranks as pw.x prints them."""

    def label(number: int, ended: Ended) -> Label:
        found = label_of(ended, frame)
        if found.status != "ok":
            return found
        try:
            foreign = _foreign(ended.output, frame, shared, reference)
        except ValueError:  # a number that is none
            foreign = f"the output of pw.x can't be read: {unreadable_part(ended.output)}"
        if foreign:
            return Label("crashed", foreign)
        return replace(found, reason=unsaid_functional(ended.output, shared, reference))

    return label_of_recipes(
        len(reference.recipes),
        lambda number: _ended(folder / f"pw-{number}.out"),
        label,
        lambda number, ended: cpu_seconds(ended.output),
        reference.timeout_s,
    )


def _ended(path: Path) -> Ended | str | None:
    """How the run ended that wrote ``path``; None if there was none, words if it has not come to an end."""
    if not path.is_file():
        return None
    output = path.read_text(errors="replace")
    beside = [path.with_suffix(suffix) for suffix in (".err", ".status")]
    errors, status = (name.read_text(errors="replace").strip() if name.is_file() else "" for name in beside)
    if told := ended_with(status, output, errors):
        return told
    if "JOB DONE." in output or NOT_CONVERGED in output or "Error in routine" in output:
        return Ended(0, output, errors)  # run without our script: the output itself says how it ended
    return "still running, or killed without a trace"


def cpu_seconds(output: str) -> float:
    """CPU seconds of all ranks, from the last line of the timing report ('1h 2m CPU', '2m27.33s CPU'); 0 if it is
    not there."""
    told = CPU_TIME.findall(output)
    if not told:
        return 0.0
    spent = sum(float(value) * SECONDS[unit] for value, unit in re.findall(r"([\d.]+) *([dhms])", told[-1]))
    ranks = RANKS.search(output)
    return spent * int(next(filter(None, ranks.groups()))) if ranks else spent


def _foreign(output: str, frame: Atoms, shared: Path, reference: EspressoReference) -> str:
    """Why an output can't belong to this frame with these settings; '' if it does."""
    told = read(io.StringIO(output), format="espresso-out", index=-1)
    assert isinstance(told, Atoms)
    largest = float(np.abs(told.cell.array - frame.cell.array).max())
    if largest < SAME_PLACE_A:
        largest = float(np.abs(told.get_positions() - frame.get_positions()).max())
    if largest >= SAME_PLACE_A:
        return f"the output is about another configuration (cell or positions differ by {largest:.2g} A)"
    for key, words in CUTOFFS.items():
        found = re.search(rf"{words} *= *([\d.]+)", output)
        wanted = getattr(reference, key)
        if not found or abs(float(found.group(1)) - wanted) > SAME_CUTOFF_RY:
            return f"the output says {words} {found.group(1) if found else 'nothing'}, the settings {wanted:g} Ry"
    for symbol, path, printed in MD5.findall(output):
        known = shared / Path(path).name
        if known.is_file() and hashlib.md5(known.read_bytes(), usedforsecurity=False).hexdigest() != printed:
            return f"the pseudopotential of {symbol} in the output is not {known.name} (MD5 {printed})"
    return other_settings(output, frame, shared, reference)
