"""Train a potential on another machine: a folder of DeePMD inputs goes out, frozen models come back.

For sites whose GPU stands elsewhere. Out go the training data, one input a member and a script that needs nothing but
DeePMD-kit (PyTorch or TensorFlow); what comes back becomes a folder of potentials that ``release.*.given`` can name.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from melt2crystal.errors import UserError
from melt2crystal.files import complete, write_text
from melt2crystal.project import project_folder
from melt2crystal.study.load import the_study
from melt2crystal.study.model import Study
from melt2crystal.train.deepmd import run_dp
from melt2crystal.train.deepmd_input import member_input
from melt2crystal.train.given import MANIFEST

DATA = ("training.hdf5", "validation.hdf5")
TRAIN = """#!/usr/bin/env bash
# Trains every member, all at once, and goes on from the last checkpoint when it is called again.
# Needs DeePMD-kit alone. BACKEND=--tf trains with TensorFlow instead of PyTorch.
cd "$(dirname "$0")" || exit
backend=${BACKEND:---pt}
one() {
    cd "$1" || exit
    last=$(ls -t model.ckpt-*.pt model.ckpt-*.index 2>/dev/null | head -1)
    dp "$backend" train input.json ${last:+--restart "${last%.index}"} &&
        if grep -q '"type": "DPA4"' input.json; then cp -L model.ckpt.pt model.pt
        elif [ "$backend" = --tf ]; then dp --tf freeze -o model.pb
        else dp --pt freeze -o model.pth && dp convert-backend model.pth model.dp; fi
}
for folder in [0-9]*/; do one "$folder" > "$folder/train.log" 2>&1 & done
wait
"""
HELP = """Train a potential on another machine: a folder of DeePMD inputs goes out, frozen models come back.

After 'export', call train.sh of that folder where the GPU is; it needs DeePMD-kit alone. What 'import' makes is named
in the study: release: {hp: {given: work/hp-given}}.
"""
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help=HELP,
    epilog="Example: melt2crystal potentials export work/hp --study laptop",
)
Folder = Annotated[Path, typer.Argument(help="the exported folder")]


@app.command(
    short_help="Training data, inputs and train.sh.",
    epilog="Example: melt2crystal potentials export work/hp --study laptop",
)
def export(
    folder: Folder,
    study: Annotated[str, typer.Option(help="a file of config/studies: its network, training and seed")],
    results: Annotated[
        Path | None, typer.Option(help="results of the study whose training data are taken; default: of that study")
    ] = None,
    potential: Annotated[str, typer.Option(help="lp or hp")] = "hp",
) -> None:
    """Write training data, an input a member and train.sh, which needs DeePMD-kit alone."""
    if potential not in ("lp", "hp"):
        raise UserError(f"--potential {potential}: is no potential; allowed: lp, hp")
    given = the_study(study)
    members = send_out(given, potential, results or named_from_here(given.name), folder)
    print(f"{members} members in {folder}; call {folder}/train.sh where the GPU is")


@app.command(
    name="import",
    short_help="Models that were trained elsewhere.",
    epilog="Example: melt2crystal potentials import work/hp work/hp-given",
)
def take(
    folder: Folder,
    out: Annotated[Path, typer.Argument(help="folder of potentials, for release.lp.given or release.hp.given")],
) -> None:
    """Make a folder of potentials of what was trained elsewhere."""
    print(f"{take_back(folder, out)} members in {out}")


def named_from_here(study: str) -> Path:
    """Results of a study, as a person in any folder of the project would name them."""
    return Path(os.path.relpath(project_folder() / "results" / study))


def send_out(study: Study, potential: str, results: Path, folder: Path) -> int:
    """Write what a training elsewhere needs: data, an input a member, the manifest, ``train.sh``.

    Args:
        study: names network, training and seed.
        potential: "lp" or "hp".
        results: folder of the study that holds the data, ``results/NAME``; it may be another study than ``study``.
        folder: must not exist yet, or be empty.

    Returns:
        Number of members.

    Raises:
        UserError: the training data aren't there yet, or the folder is in use.
    """
    source = results / "train" / potential
    missing = [source / name for name in (*DATA, "info.json") if not (source / name).exists()]
    if missing:
        raise UserError(
            f"{missing[0]}: isn't there; build it first: snakemake --config study={results.name} -- {source}/info.json"
        )
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder}: isn't empty; name a new folder, so that no training is overwritten")
    info = json.loads((source / "info.json").read_text())
    training = study.training_of(potential)
    for member in range(training.members):
        text = member_input(study.train.network, training, info, study.seed, potential, member)
        write_text(folder / str(member) / "input.json", json.dumps(text, indent=1, sort_keys=True))
    for name in DATA:
        with complete(folder / name) as beside:
            shutil.copyfile(source / name, beside)
    write_text(folder / MANIFEST, json.dumps(_seen(results, info), indent=0, sort_keys=True))
    write_text(folder / "train.sh", TRAIN)
    (folder / "train.sh").chmod(0o755)
    return training.members


def _seen(results: Path, info: dict[str, Any]) -> dict[str, Any]:
    """Frames that a potential trained on these data may have seen, of the study's last dataset."""
    last = max(results.glob("dataset/*/manifest.json"))
    frames = [row for row in json.loads(last.read_text())["frames"] if row["pressure_GPa"] in info["pressures_GPa"]]
    return {"frames": frames, "number_of_frames": len(frames), "settings_digest": info["settings_digest"]}


def take_back(folder: Path, out: Path) -> int:
    """Make a folder of potentials, as ``release.*.given`` reads it, of a folder that was trained.

    Returns:
        Number of members.

    Raises:
        UserError: a member has no frozen model.
        EngineError: ``dp`` failed.
    """
    members = sorted((path for path in folder.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
    if not members:
        raise UserError(f"{folder}: holds no folders of members (0, 1, ...); name a folder of 'export'")
    for member in members:
        found = [member / f"model.{end}" for end in ("pb", "dp", "pt") if (member / f"model.{end}").exists()]
        if not found:
            raise UserError(f"{member}: has no model.pb, .dp or .pt; look into train.log, or call train.sh again")
        frozen, settings = found[0], (member / "input.json").read_text()
        with complete(out / f"{member.name}.{'pt' if frozen.suffix == '.pt' else 'pb'}") as beside:
            if frozen.suffix == ".dp":
                run_dp(["convert-backend", str(frozen.resolve()), str(beside.resolve())], member)
                put_training_script(beside, json.loads(settings))
            else:
                shutil.copyfile(frozen, beside)
        write_text(out / f"{member.name}-input.json", settings)
    with complete(out / MANIFEST) as beside:
        shutil.copyfile(folder / MANIFEST, beside)
    return len(members)


def put_training_script(model: Path, settings: dict[str, Any]) -> None:
    """Write DeePMD's input into a frozen model.

    ``dp convert-backend`` (3.2.0) keeps only the part "model" of it, and ``dp compress`` then stops at a missing
    learning rate.
    """
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef.FromString(model.read_bytes())
    for node in graph.node:
        if node.name == "train_attr/training_script":
            node.attr["value"].tensor.string_val[0] = json.dumps(settings).encode()
    model.write_bytes(graph.SerializeToString())
