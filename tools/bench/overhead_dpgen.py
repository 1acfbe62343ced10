"""What one iteration of DP-GEN costs when every engine is instantaneous: the other side of tools/bench/overhead.py.

In a temporary folder: silica, four members, two walks of eleven frames of 72 atoms, all of them candidates, eight
labels in one job. ``dp``, ``lmp`` and VASP are tools/bench/stand_ins/dpgen_engines.py; DP-GEN, dpdispatcher (jobs are
processes of this machine) and dpdata are those of the environment of the program ``--dpgen`` names.

dpgen.log says when each task of an iteration began. dpdispatcher looks at its jobs about a second after it has handed
them over and from then on every 30 s: where the stand-ins haven't ended by the first look, a stage is mostly that wait.
``--pause 2`` keeps every training, walk and label busy (asleep) for longer than that, as a real engine would be.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from melt2crystal.provenance import ROOT

ENGINES = ROOT / "tools/bench/stand_ins/dpgen_engines.py"
HOW_TO = "dpgen not on PATH: pip install dpgen==0.14.0 into an environment of its own and pass --dpgen"
LIMIT_S = 3600
MEMBERS, LABELS = 4, 8  # as the study of tools/bench/overhead.py
COUNTS = {"Si": 24, "O": 48}
SITES, SPACING_A = (6, 4, 3), 2.47  # the 72 atoms on a grid, as dense as silica
BEGAN = re.compile(r"^(\d{4}-\S+ \S+) - INFO : -+iter\.(\d+) task (\d+)-+$", re.MULTILINE)
VERSION = re.compile(r"^Version:\s+(\S+)", re.MULTILINE)
STAGES = {"train": 0, "walks": 3, "labels": 6}  # each with its preparations; the first task of each
TRAINING = {
    "model": {
        "descriptor": {"type": "se_e2_a", "rcut": 5.0, "rcut_smth": 1.0, "sel": [30, 60], "neuron": [8, 16]},
        "fitting_net": {"neuron": [24, 24]},
    },
    "learning_rate": {"type": "exp", "start_lr": 3e-3, "stop_lr": 1e-4},
    "loss": {"type": "ener", "start_pref_e": 0.02, "limit_pref_e": 20, "start_pref_f": 1000, "limit_pref_f": 5},
    "training": {"numb_steps": 150},
}
Starts = dict[tuple[int, int], float]


def task_starts(log: str) -> Starts:
    """When each task began, s, by (iteration, task), from the text of dpgen.log."""
    return {
        (int(iteration), int(task)): datetime.strptime(when, "%Y-%m-%d %H:%M:%S,%f").timestamp()
        for when, iteration, task in BEGAN.findall(log)
    }


def iteration_seconds(starts: Starts) -> list[float]:
    """How long each finished iteration took: from its first task to the first of the next, s."""
    firsts = sorted((iteration, when) for (iteration, task), when in starts.items() if task == 0)
    return [after - before for (_, before), (_, after) in pairwise(firsts)]


def stage_seconds(starts: Starts, iteration: int) -> dict[str, float]:
    """How long the stages of a finished iteration took, s."""
    marks = [starts[iteration, first] for first in STAGES.values()] + [starts[iteration + 1, 0]]
    return {stage: after - before for stage, (before, after) in zip(STAGES, pairwise(marks), strict=True)}


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Edges [3] and places [atoms, 3], A."""
    return np.multiply(SITES, SPACING_A), (np.indices(SITES).reshape(3, -1).T + 0.5) * SPACING_A


def write_start(folder: Path) -> None:
    """POSCAR of the walks' start, and first training data in DeePMD-kit's form."""
    edges, places = grid()
    rows = ["silica on a grid", "1.0", *(" ".join(map(str, vector)) for vector in np.diag(edges))]
    rows += [" ".join(COUNTS), " ".join(map(str, COUNTS.values())), "Cartesian"]
    (folder / "start.vasp").write_text("\n".join([*rows, *(" ".join(map(str, place)) for place in places)]) + "\n")
    data, frames = folder / "init", 24
    (data / "set.000").mkdir(parents=True)
    kinds = np.repeat(np.arange(len(COUNTS)), list(COUNTS.values()))
    np.savetxt(data / "type.raw", kinds, fmt="%d")
    (data / "type_map.raw").write_text("\n".join(COUNTS) + "\n")
    arrays = {"coord": places.ravel(), "box": np.diag(edges).ravel(), "force": np.zeros(places.size)}
    for name, row in {**arrays, "energy": np.zeros(1)}.items():
        array = np.tile(row, (frames, 1))
        np.save(data / "set.000" / f"{name}.npy", array.ravel() if name == "energy" else array)


def parameters(iterations: int) -> dict[str, Any]:
    """param.json."""
    job = dict(sys_idx=[0], temps=[4000, 4500], press=[1.0], trj_freq=10, nsteps=100, ensemble="nvt")
    return {
        "type_map": list(COUNTS),
        "mass_map": [28.086, 15.999],
        "init_data_prefix": "./",
        "init_data_sys": ["init"],
        "sys_configs": [["start.vasp"]],
        "numb_models": MEMBERS,
        "default_training_param": TRAINING,
        "dp_compress": True,
        "model_devi_dt": 0.001,
        "model_devi_skip": 0,
        "model_devi_f_trust_lo": 0.15,
        "model_devi_f_trust_hi": 0.3,
        "model_devi_jobs": [job] * iterations,
        "fp_style": "vasp",
        "fp_task_max": LABELS,
        "fp_task_min": 1,
        "fp_pp_path": "./",
        "fp_pp_files": [f"POTCAR.{name}" for name in COUNTS],
        "fp_incar": "INCAR",
    }


def machine(folder: Path, pause: float) -> dict[str, Any]:
    """machine.json: trainings and walks a job each, labels all in one, as ours."""

    def work(engine: str, group: int) -> dict[str, Any]:
        where = dict(
            batch_type="Shell", context_type="LocalContext", local_root="./", remote_root=str(folder / "remote")
        )
        resources = dict(number_node=1, cpu_per_node=1, gpu_per_node=0, queue_name="", group_size=group)
        command = shlex.join([sys.executable, "-SE", str(ENGINES), engine, str(pause)])
        return {"command": command, "machine": where, "resources": resources}

    stages = {"train": work("dp", 1), "model_devi": work("lmp", 1), "fp": work("vasp", LABELS)}
    return {"api_version": "1.0", "deepmd_version": "2.1.0", **stages}


def set_up(folder: Path, iterations: int, pause: float = 0) -> None:
    """Everything that ``dpgen run`` reads."""
    write_start(folder)
    (folder / "INCAR").write_text("ENCUT = 520\nISMEAR = 0\nSIGMA = 0.05\nNSW = 0\nKSPACING = 0.6\nKGAMMA = .TRUE.\n")
    for name in COUNTS:
        (folder / f"POTCAR.{name}").write_text(f"stand-in for {name}\n")
    (folder / "param.json").write_text(json.dumps(parameters(iterations), indent=1))
    (folder / "machine.json").write_text(json.dumps(machine(folder, pause), indent=1))


def run_dpgen(program: str, folder: Path) -> str:
    """Run DP-GEN in the folder, with nothing of this environment's Python; its version.

    Raises:
        SystemExit: it failed, or took an hour; its last lines are shown.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    command = [program, "run", "param.json", "machine.json"]
    with open(folder / "printed", "w") as out:
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, timeout=LIMIT_S, stdout=out, stderr=subprocess.STDOUT
            )
        except subprocess.TimeoutExpired as error:
            raise SystemExit(f"dpgen had not ended after {LIMIT_S} s") from error
    printed = (folder / "printed").read_text()
    if done.returncode:
        raise SystemExit(f"dpgen failed:\n{printed[-6000:]}")
    version = VERSION.search(printed)
    return version.group(1) if version else "?"


def measure(program: str, iterations: int, pause: float) -> tuple[str, Starts]:
    """Run DP-GEN to its end; its version, and when its tasks began.

    Raises:
        SystemExit: an iteration did not end, or did not label what it should.
    """
    with tempfile.TemporaryDirectory(prefix="m2c-overhead-dpgen-") as name:
        folder = Path(name)
        set_up(folder, iterations, pause)
        version = run_dpgen(program, folder)
        starts = task_starts((folder / "dpgen.log").read_text())
        labelled = len(list(folder.glob("iter.*/02.fp/task.*/OUTCAR")))
    finished = len(iteration_seconds(starts))
    if finished < iterations or labelled != LABELS * iterations:
        raise SystemExit(f"DP-GEN ended {finished} iterations of {iterations} with {labelled} labels in all")
    return version, starts


def compare(program: str, iterations: int = 3, pause: float = 0) -> None:
    """Measure and print, in the words of tools/bench/overhead.py."""
    version, starts = measure(program, iterations, pause)
    for iteration in range(iterations):
        parts = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stage_seconds(starts, iteration).items())
        print(f"DP-GEN {version}, iteration {iteration}: {parts}")
    times = iteration_seconds(starts)
    each = ", ".join(f"{seconds:.1f}" for seconds in times)
    words = "four trainings, two walks, a selection, labels"
    print(f"DP-GEN {version}, one iteration ({words}): {np.mean(times):.1f} s ({each})")


def find(dpgen: str) -> str | None:
    """The program, absolute: it runs in another folder.

    Raises:
        SystemExit: a program was named and can't be run.
    """
    found = shutil.which(dpgen or "dpgen")
    if dpgen and not found:
        raise SystemExit(f"{dpgen}: no such program")
    return os.path.abspath(found) if found else None


def bench_overhead_dpgen(
    iterations: Annotated[int, typer.Option(help="iterations of DP-GEN")] = 3,
    dpgen: Annotated[str, typer.Option(help="DP-GEN's program, if not on PATH")] = "",
    pause: Annotated[float, typer.Option(help="how long each training, walk and label sleeps, s")] = 0,
) -> None:
    """Measure the overhead of one iteration of DP-GEN."""
    program = find(dpgen)
    if program is None:
        raise SystemExit(HOW_TO)
    compare(program, iterations, pause)


if __name__ == "__main__":
    typer.run(bench_overhead_dpgen)
