"""The examples of the guide to the shipped potentials run as they stand; the potentials are what their cards say."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from ase.io import read

from melt2crystal.files import digest_of_file
from melt2crystal.lammps.program import find_lammps
from melt2crystal.train.models import Ensemble
from tests.helpers.checkout import REPOSITORY

GUIDE = (REPOSITORY / "docs/guides/potentials.md").read_text(encoding="utf-8")
SHIPPED = REPOSITORY / "data/potentials/silica-pbe"
MOST_MB = 20


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    """A folder with the repository's data, in which nothing of ours is written."""
    (tmp_path / "data").symlink_to(REPOSITORY / "data")
    return tmp_path


def test_the_first_example_relaxes_stishovite_and_the_second_tells_a_deviation(folder):
    relaxing, deviating = blocks("python")
    run = [subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, check=False)
           for text in (relaxing, deviating)]  # fmt: skip
    assert run[0].returncode == 0, run[0].stderr[-2000:]
    volume = float(re.search(r"stishovite: ([\d.]+) Å³ per SiO2", run[0].stdout)[1])
    assert 22.5 < volume < 25.5  # PBE: 24.1
    assert run[1].returncode == 0, run[1].stderr[-2000:]
    assert 0 < float(re.search(r"forces: ([\d.]+) eV/Å", run[1].stdout)[1]) < 1


def test_lammps_walks_the_example_and_the_melt_is_dense(folder):
    (text,) = blocks("lammps")
    (folder / "in.melt").write_text(text)
    command, environment = find_lammps(deepmd=True)
    run = subprocess.run([*command, "-in", "in.melt", "-log", "log"], cwd=folder, env=environment,
                         capture_output=True, text=True, check=False)  # fmt: skip
    assert run.returncode == 0, (run.stdout + run.stderr)[-2000:]
    rows = [line.split() for line in (folder / "log").read_text().splitlines() if re.match(r"\s*600\s", line)]
    assert rows and 2.2 < float(rows[-1][3]) < 4.5  # g/cm3 on its way to 20 GPa
    assert (folder / "model_devi.out").stat().st_size > 0


@pytest.mark.parametrize("potential", ["hp", "lp"])
def test_compressed_models_are_their_frozen_ones_and_the_manifest_names_disordered_frames_alone(potential):
    place = SHIPPED / potential
    melt = read(REPOSITORY / "data/labels/silica-pbe-melt-open-network.extxyz.gz", "0")
    frozen, compressed = (Ensemble(sorted(place.glob(pattern))) for pattern in ("[0-9].pb", "[0-9]-compressed.pb"))
    assert len(frozen) == len(compressed) == 2
    for one, other in zip(frozen.evaluate([melt])[0], compressed.evaluate([melt])[0], strict=True):
        np.testing.assert_allclose(one, other, atol=0.002)
    manifest = json.loads((place / "manifest.json").read_text())
    assert not any("crystal" in row["origin"] for row in manifest["frames"])
    card = (place / "card.md").read_text(encoding="utf-8")
    assert "Quantum ESPRESSO" in card and "loses" in card


def test_they_are_small_enough_to_be_cloned():
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*.pb")) < MOST_MB * 1e6


def test_every_file_of_a_potential_is_there_and_its_card_knows_their_content():
    for potential in ("hp", "lp"):
        names = {path.name for path in (SHIPPED / potential).iterdir()}
        members = {f"{m}{end}" for m in (0, 1) for end in (".pb", "-compressed.pb", "-input.json")}
        assert names == members | {"card.md", "manifest.json"}
        card = (SHIPPED / potential / "card.md").read_text(encoding="utf-8")
        for path in (SHIPPED / potential).glob("*.pb"):
            assert f"`{path.name}` SHA-256 `{digest_of_file(path)}`" in card
    assert "CC BY 4.0" in (SHIPPED / "README.md").read_text(encoding="utf-8")
