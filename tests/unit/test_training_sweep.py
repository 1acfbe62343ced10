import json

import pandas as pd
import pytest
import yaml

from melt2crystal.config import load_study
from melt2crystal.errors import UserError
from tools.training_sweep import ROOT, as_markdown, read_sweep, row_of, targets_of, variant_study

RELEASED = ROOT / "config/sweeps/released.yaml"


def studies():
    base, members, variants = read_sweep(RELEASED)
    return {name: variant_study(base, "sweep-released", name, changes, members) for name, changes in variants.items()}


def test_every_variant_is_a_valid_study_that_differs_in_training_alone(tmp_path):
    plain = load_study({"study": "released"}, ROOT).model_dump()
    seen = []
    for name, content in studies().items():
        path = tmp_path / f"sweep-released-{name}.yaml"
        path.write_text(yaml.safe_dump(content))
        mine = load_study({"study": str(path)}, ROOT).model_dump()
        assert mine.pop("name") == f"sweep-released-{name}"
        assert mine["release"]["hp"]["training"].pop("members") == 2
        assert {key for key in mine if mine[key] != plain[key]} <= {"train", "release"}, name
        assert mine not in seen, f"{name} is another variant again"
        seen.append(mine)


def test_a_variant_ends_in_a_row(tmp_path):
    (tmp_path / "train/hp").mkdir(parents=True)
    errors = {"energy_rmse_meV_per_atom": 7.5, "force_rmse_eV_per_A": 0.28}
    (tmp_path / "train/hp/heldout.json").write_text(json.dumps(errors))
    (tmp_path / "benchmarks/train_member").mkdir(parents=True)
    for member, seconds in enumerate((100.0, 120.0)):
        pd.DataFrame({"s": [1.0], "cpu_time": [seconds]}).to_csv(
            tmp_path / f"benchmarks/train_member/hp-{member}.tsv", sep="\t", index=False
        )
    row = row_of("wide", tmp_path)
    assert row == {"variant": "wide", "cpu_s": 110.0, "energy_meV_per_atom": 7.5, "force_eV_per_A": 0.28}
    (tmp_path / "benchmark").mkdir()
    curves = {"hp": {"tetrahedral": {"shifted_meV_per_atom": 9.0}, "octahedral": {"shifted_meV_per_atom": 31.0}}}
    (tmp_path / "benchmark/energy_volume_errors.json").write_text(json.dumps(curves))
    row = row_of("wide", tmp_path)
    assert row["tetrahedral_meV_per_atom"] == 9.0 and row["octahedral_meV_per_atom"] == 31.0
    assert as_markdown(pd.DataFrame([row])).splitlines()[-1] == "| wide | 110 | 7.5 | 0.28 | 9 | 31 |"


@pytest.mark.parametrize(
    "text, said",
    [
        ("study: released\n", "variants"),
        ("variants: {a: {}}\n", "must hold study"),
        ("study: released\nvariants: {a: 3}\n", "wrong: a"),
        ("study: released\nvariant: {a: {}}\n", "must hold study"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text, said):
    (tmp_path / "sweep.yaml").write_text(text)
    with pytest.raises(UserError, match=said):
        read_sweep(tmp_path / "sweep.yaml")
    with pytest.raises(UserError, match="no such file"):
        read_sweep(tmp_path / "none.yaml")


def test_curves_are_asked_for_where_the_study_has_them(tmp_path):
    study = load_study({"study": "laptop"}, ROOT)
    without = load_study({"study": "laptop", "benchmark": {"energy_volume": {"enabled": False}}}, ROOT)
    assert [target.rsplit("/", 1)[1] for target in targets_of(study, tmp_path)] == [
        "heldout.json",
        "energy_volume_errors.json",
    ]
    assert len(targets_of(without, tmp_path)) == 1
