"""Train one member of an ensemble; freeze and compress it, if its network can be."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_table, write_text
from melt2crystal.options import SettingsText
from melt2crystal.train.deepmd import alone_in, newest_checkpoint, read_learning_curve, run_dp, train
from melt2crystal.train.deepmd_input import member_input


@reports_errors
def train_member(
    info: Annotated[Path, typer.Option(help="info.json of the training data")],
    training: Annotated[Path, typer.Option(help="training set (DeePMD HDF5)")],
    validation: Annotated[Path, typer.Option(help="validation set (DeePMD HDF5)")],
    ensemble: Annotated[str, typer.Option(help="name of the ensemble; part of the seed")],
    member: Annotated[int, typer.Option(help="number of the member, from 0; part of the seed")],
    frozen: Annotated[Path, typer.Option(help="frozen model")],
    curve: Annotated[Path, typer.Option(help="learning curve (CSV)")],
    inputs: Annotated[Path, typer.Option(help="DeePMD's input, for the record (JSON)")],
    settings: SettingsText,
    compressed: Annotated[Path | None, typer.Option(help="compressed model (se_e2_a)")] = None,
) -> None:
    """Train one model; after a crash the next call goes on from the last checkpoint of the very same training."""
    # here, because the server that forks dp's commands imports this file too and needs none of it
    import hashlib

    from melt2crystal.sections.train import Network, Training
    from melt2crystal.settings import Settings, to_text

    given = Settings(settings)
    data = json.loads(info.read_text())
    network, schedule = given.section("train.network", Network), given.section("training", Training)
    if (compressed is None) != network.passes_messages:
        raise UserError("--compressed: is for train.network.descriptor se_e2_a, which needs it, and for no other")
    full = member_input(network, schedule, data, given.value("seed"), ensemble, member)
    depends = {"input": full, "data": data["content"], "release": version("deepmd-kit")}
    name = hashlib.sha256(to_text(depends).encode()).hexdigest()[:12]
    # The folder is named by everything the training depends on: a checkpoint of other settings is never taken up.
    work = frozen.parent / f"work-{name}"
    outputs = [path for path in (frozen, compressed, curve, inputs) if path]
    with alone_in(work) as waited:
        if waited and all(path.is_file() for path in outputs) and json.loads(inputs.read_text()) == full:
            return  # whoever was waited for has made them
        with _named_as_in_the_input(training, validation, frozen.parent):
            train(full, work, network.passes_messages)
            made = _frozen(work, frozen, compressed) if compressed else _last_checkpoint(work, frozen)
        write_table(curve, *read_learning_curve(work / "lcurve.out"))
        write_text(inputs, json.dumps(full, indent=1, sort_keys=True))
        for source, target in made.items():
            os.replace(source, target)
        for folder in frozen.parent.glob("work-*"):
            shutil.rmtree(folder)


@contextmanager
def _named_as_in_the_input(training: Path, validation: Path, folder: Path) -> Iterator[None]:
    """Links to the data under the names that DeePMD's input has for them, while it runs."""
    links = {folder / "training.hdf5": training, folder / "validation.hdf5": validation}
    try:
        for link, source in links.items():
            link.unlink(missing_ok=True)
            link.symlink_to(os.path.relpath(source, folder))
        yield
    finally:
        for link in links:
            link.unlink(missing_ok=True)


def _frozen(work: Path, frozen: Path, compressed: Path) -> dict[Path, Path]:
    """Freeze and compress; what goes where."""
    run_dp(["freeze", "-o", "model.pb"], work)
    run_dp(["compress", "-i", "model.pb", "-o", "compressed.pb"], work)
    return {work / "model.pb": frozen, work / "compressed.pb": compressed}


def _last_checkpoint(work: Path, frozen: Path) -> dict[Path, Path]:
    """The last checkpoint is the model: freezing DPA4 means to compile it for one kind of processor (4 min of CPU)."""
    last = newest_checkpoint(work, pytorch=True)
    assert last is not None, "a training that ended well leaves one"
    return {work / last: frozen}


if __name__ == "__main__":
    typer.run(train_member)
