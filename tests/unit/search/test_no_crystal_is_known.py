"""A search reads no known crystal: its rules ask for none, and without a single CIF it comes to the same table."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from melt2crystal.frames import read_frames
from melt2crystal.sections.search import Batches, Engine, Melts, Relaxation, Starts, Symmetry, Trust, Unique
from melt2crystal.sections.substance import Substance
from tests.helpers.checkout import REPOSITORY
from tests.helpers.programs import program
from tests.helpers.rules import rules_of

SMALL = {
    "engine": "evolution",
    "generation_structures": 4,
    "random_share": 0.25,
    "structures": 8,
    "batch_structures": 4,
    "relax_steps": 12,
    "melts": 2,
    "largest_deviation_eV_per_A": None,  # one member agrees with itself
    "minima_checked": 1,
    "symprecs_A": [0.01, 0.1],
}


def settings(*parts) -> str:
    names = {name for part in parts for name in part.model_fields} | {"structures"}
    defaults = {name: field.default for part in parts for name, field in part.model_fields.items()}
    values = {f"search.{name}": {**defaults, **SMALL}[name] for name in names}
    return json.dumps({**values, "substance": json.loads(Substance().model_dump_json()), "seed": 1})


def searched(folder: Path) -> tuple[bytes, bytes, bytes]:
    """Table and structures of a small search, and its unique structures, whose working folder is this one."""
    model = REPOSITORY / "tests/data/silica-of-a-minute.pb"
    at_rest, bounds = folder / "search/melts.extxyz", folder / "search/bounds.json"
    program("search_melts").search_melts(
        [folder / "melts.extxyz"], [model], 10.0, at_rest, bounds, settings(Melts, Relaxation)
    )
    table, structures = folder / "search/z2/structures.csv", folder / "search/z2/structures.extxyz"
    parts = settings(Batches, Starts, Engine, Relaxation, Symmetry, Trust)
    program("search_structures").search_structures(
        [model], at_rest, bounds, 10.0, 2, table, structures, folder / "search/z2/insane.extxyz", parts
    )
    unique = folder / "search/unique.csv"
    parts = settings(Batches, Starts, Relaxation, Symmetry, Trust, Unique)
    program("search_unique").search_unique([table], [model], bounds, 10.0, unique, unique.with_suffix(".extxyz"), parts)
    return table.read_bytes(), structures.read_bytes(), unique.read_bytes()


def test_without_any_cif_a_search_comes_to_the_same_table(tmp_path, monkeypatch):
    ends = []
    for name in ("with", "without"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(REPOSITORY / "tests/data/melts.extxyz", folder)
        if name == "with":
            shutil.copytree(REPOSITORY / "data/polymorphs", folder / "data/polymorphs")
        monkeypatch.chdir(folder)
        ends.append(searched(folder))
    assert ends[0] == ends[1]
    table = pd.read_csv(folder / "search/z2/structures.csv")
    assert set(table["generation"]) == {0, 1} and "melt" in set(table["origin"])
    assert table["parents"].notna().any()
    assert len(read_frames(folder / "search/z2/structures.extxyz")) == table["status"].isin(["ok", "unconverged"]).sum()


@pytest.mark.parametrize("study", ["ci", "released"])
def test_no_rule_of_the_search_asks_for_a_crystal(study):
    searching = [rule for rule in rules_of(REPOSITORY, study) if rule.name in ("search_melts", "search_structures")]
    searching += [rule for rule in rules_of(REPOSITORY, study) if rule.name == "search_unique"]
    assert len(searching) == 3
    asked = [str(path) for rule in searching for path in rule.input]
    assert asked
    assert not [path for path in asked if "benchmark" in path or "polymorphs" in path or path.endswith(".cif")]
