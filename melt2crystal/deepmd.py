"""DeePMD-kit: training input, and its commands train, freeze, compress, resuming from the last checkpoint."""

import json
import math
import multiprocessing
import multiprocessing.connection
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from melt2crystal.errors import EngineError

if TYPE_CHECKING:
    from melt2crystal.sections.train import Network, Training

CHECKPOINT = "model.ckpt"
# "__main__": else each command imports the calling program again.
PRELOADED = ["__main__", *(f"deepmd.tf.entrypoints.{name}" for name in ("main", "train", "freeze", "compress"))]


def training_input(
    network: "Network",
    training: "Training",
    species: Sequence[str],
    sel: Sequence[int],
    systems: dict[str, list[str]],
    seed: int,
) -> dict[str, Any]:
    """DeePMD's input for one se_e2_a model.

    Args:
        sel: neighbours per species.
        systems: "training" and "validation" -> paths as DeePMD reads them (``file.hdf5#/system``).
        seed: the only thing that differs between the members of an ensemble.
    """
    report_every = max(1, training.steps // 50)
    start, limit = zip(
        *(training.prefactors.energy, training.prefactors.force, training.prefactors.virial), strict=True
    )
    loss: dict[str, Any] = {"type": "ener"}
    for letter, first, last in zip("efv", start, limit, strict=True):
        loss[f"start_pref_{letter}"], loss[f"limit_pref_{letter}"] = first, last
    return {
        "model": {
            "type_map": list(species),
            "descriptor": {
                "type": "se_e2_a",
                "sel": list(sel),
                "rcut": network.r_cut_A,
                "rcut_smth": network.r_smth_A,
                "neuron": network.embedding,
                "axis_neuron": network.axis_neurons,
                "resnet_dt": False,
                "precision": network.precision,
                "seed": seed,
            },
            "fitting_net": {
                "neuron": network.fitting,
                "resnet_dt": True,
                "precision": network.precision,
                "seed": seed,
            },
        },
        "learning_rate": {
            "type": "exp",
            "start_lr": training.learning_rate_start,
            "stop_lr": training.learning_rate_stop,
            "decay_steps": max(1, min(5000, training.steps // 100)),
        },
        "loss": loss,
        "training": {
            "training_data": {"systems": systems["training"], "batch_size": training.batch_size},
            "validation_data": {"systems": systems["validation"], "batch_size": 1, "numb_btch": 2},
            "numb_steps": training.steps,
            "seed": seed,
            "disp_file": "lcurve.out",
            "disp_freq": report_every,
            "save_freq": report_every * 5,
            "save_ckpt": CHECKPOINT,
            "max_ckpt_keep": 2,
        },
    }


def member_input(
    network: "Network", training: "Training", info: dict[str, Any], study_seed: int, ensemble: str, member: int
) -> dict[str, Any]:
    """DeePMD's input for one member of an ensemble, whose folder lies beside the training data.

    Args:
        info: what info.json of the training data says.
        study_seed: seed of the study; the member's own is drawn from it.
    """
    from melt2crystal.seeds import seed_for  # here: the server that forks dp's commands needs none of it

    systems = {
        kind: [f"../{kind}.hdf5#/{name}" for name in info[f"{kind}_systems"]] for kind in ("training", "validation")
    }
    seed = seed_for(study_seed, "train", ensemble, member)
    return training_input(network, training, info["species"], info["sel"], systems, seed)


def find_dp() -> str:
    """Path of the program ``dp``; EngineError if there is none."""
    found = shutil.which("dp") or shutil.which("dp", path=str(Path(sys.executable).parent))
    if not found:
        raise EngineError("DeePMD-kit ('dp') is not on PATH; run 'make env' and activate .venv")
    return found


def run_dp(arguments: Sequence[str], folder: Path) -> None:
    """Run a ``dp`` command in ``folder``, its output going to this process's log.

    Each command is forked from a server that has imported TensorFlow and nothing else: the import is what a start of
    ``dp`` costs (6 s of 9 s for freeze), and a member needs three commands.

    Raises:
        EngineError: there is no ``dp``, or it failed; with its exit status.
    """
    find_dp()
    for variable in ("OMP_NUM_THREADS", "DP_INTRA_OP_PARALLELISM_THREADS", "DP_INTER_OP_PARALLELISM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    print(f"cd {folder} && dp {' '.join(arguments)}", flush=True)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_dp, args=(list(arguments), folder))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise EngineError(
            f"'dp {' '.join(arguments)}' in {folder} ended with status {process.exitcode}; its last words stand above"
        )


def _dp(arguments: list[str], folder: Path) -> None:
    """The child of ``run_dp``; it ends with ``run_dp``'s process, however that ends."""
    from deepmd.main import main

    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.chdir(folder)
    os.dup2(1, 2)
    main(arguments)


def _end_with_parent() -> None:
    # The kernel's signal for a dead parent would not do: the parent is the server, which lives as long as its children.
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGKILL)


def train(settings: dict[str, Any], folder: Path) -> None:
    """Train in ``folder``, from the last checkpoint if a former run left one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input.json").write_text(json.dumps(settings, indent=1, sort_keys=True))
    arguments = ["train", "input.json"]
    checkpoint = newest_checkpoint(folder)
    if checkpoint:
        print(f"resuming from the checkpoint {folder / checkpoint}", flush=True)
        arguments += ["--restart", checkpoint]
    run_dp(arguments, folder)


def newest_checkpoint(folder: Path) -> str | None:
    """Name of the last checkpoint in ``folder`` that was written to its end, none if there is none.

    A kill between its files leaves one that can't be restored; DeePMD's own name for the last, ``model.ckpt``, is a
    link that is made after them.
    """
    ends = (".meta", ".data-00000-of-00001")
    complete = [
        index.stem
        for index in folder.glob(f"{CHECKPOINT}-*.index")
        if all((folder / f"{index.stem}{end}").exists() for end in ends)
    ]
    return max(complete, key=lambda name: int(name.rpartition("-")[2]), default=None)


def read_learning_curve(path: Path) -> tuple[list[str], list[list[float]]]:
    """lcurve.out: columns as DeePMD names them (step, rmse_e_val, rmse_e_trn, ..., lr), and a row for each step.

    A step that was repeated after a crash counts once, with its last numbers; a line that the crash cut off is NaN
    where it ends.
    """
    lines = path.read_text().splitlines()
    names = lines[0].lstrip("# ").split()
    rows: dict[int, list[float]] = {}
    for line in lines:
        if line.strip() and not line.startswith("#"):
            step, *values = line.split()
            rows.pop(int(step), None)  # the last one comes last
            rows[int(step)] = [float(value) for value in values] + [math.nan] * (len(names) - 1 - len(values))
    return names, [[step, *values] for step, values in rows.items()]
