"""Training and validation data of one ensemble in DeePMD's format."""

import json
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import digest_of_file, write_text
from melt2crystal.frames import read_frames
from melt2crystal.label.store import one_digest
from melt2crystal.options import SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.sections.train import Network
from melt2crystal.seeds import generator_for
from melt2crystal.settings import Settings
from melt2crystal.train.dataset import check_content, most_neighbours, selection, split, write_hdf5


@reports_errors
def train_data(
    dataset: Annotated[Path, typer.Option(help="labelled frames (extended XYZ)")],
    training: Annotated[Path, typer.Option(help="training set (DeePMD HDF5)")],
    validation: Annotated[Path, typer.Option(help="validation set (DeePMD HDF5)")],
    info: Annotated[Path, typer.Option(help="systems, sel, counts and content digests (JSON)")],
    settings: SettingsText,
) -> None:
    """Split the frames an ensemble may see and count neighbours.

    ``sel`` comes from all frames, also those at pressures this ensemble may not see: a low-pressure potential must not
    fail on dense crystals only because its neighbour list is too short.
    """
    given = Settings(settings)
    species = given.section("substance", Substance).species
    network = given.section("train.network", Network)
    pressures = given.value("pressures_GPa")
    check_content([dataset], dataset.with_name("manifest.json"))
    everything = read_frames(dataset)
    frames = [f for f in everything if pressures is None or float(f.info["pressure_GPa"]) in pressures]
    if len(frames) < 2:
        raise UserError(
            f"{dataset}: {len(frames)} frames at the pressures {pressures} GPa this ensemble may see; at least 2 are "
            "needed. Widen release.*.pressures_GPa or the grid, or see certificate.csv for frames that were excluded"
        )
    digest = one_digest(frames, str(dataset))
    kept, held = split(frames, given.value("validation_fraction"), generator_for(given.value("seed"), "split"))
    counts = most_neighbours(everything, species, network.r_cut_A)
    content = {
        "training_systems": write_hdf5(training, [frames[k] for k in kept], species),
        "validation_systems": write_hdf5(validation, [frames[k] for k in held], species),
        "training_frames": len(kept),
        "validation_frames": len(held),
        "pressures_GPa": sorted({float(frame.info["pressure_GPa"]) for frame in frames}),
        "species": species,
        "most_neighbours": counts,
        "sel": selection(counts, network.selection_margin),
        "settings_digest": digest,
    }
    content["content"] = [digest_of_file(training), digest_of_file(validation)]
    write_text(info, json.dumps(content, indent=1, sort_keys=True))


if __name__ == "__main__":
    typer.run(train_data)
