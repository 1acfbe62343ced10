import json

import pandas as pd
import pytest

from melt2crystal.errors import UserError
from melt2crystal.study.load import load_study
from tests.helpers.golden import golden
from tools.experiments.training_sweep import ROOT, as_markdown, read_sweep, row_of, targets_of

RELEASED = ROOT / "config/sweeps/released.yaml"


def test_every_variant_is_a_valid_study_that_differs_in_training_alone(tmp_path):
    plain = load_study({"study": "released"}, ROOT).model_dump()
    seen = []
    for name, path in read_sweep(RELEASED).write_studies(tmp_path, "sweep-released").items():
        mine = load_study({"study": str(path)}, ROOT).model_dump()
        assert mine.pop("name") == f"sweep-released-{name}"
        assert mine["release"]["hp"]["training"]["members"] == read_sweep(RELEASED).members
        assert {key for key in mine if mine[key] != plain[key]} <= {"train", "release"}, name
        assert mine not in seen, f"{name} is another variant again"
        seen.append(mine)


def test_what_is_common_holds_for_every_variant_that_says_nothing_else(tmp_path):
    text = """
        study: released
        members: 3
        common: {release: {hp: {training: {steps: 700, learning_rate_stop: 3.0e-4}}}}
        variants: {plain: {}, longer: {release: {hp: {training: {steps: 900}}}}}
    """
    (tmp_path / "sweep.yaml").write_text(text)
    files = read_sweep(tmp_path / "sweep.yaml").write_studies(tmp_path, "sweep-x")
    of = {name: load_study({"study": str(path)}, ROOT).release.hp.training for name, path in files.items()}
    assert [(of[name].steps, of[name].members, of[name].learning_rate_stop) for name in ("plain", "longer")] == [
        (700, 3, 3e-4),
        (900, 3, 3e-4),
    ]


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
    curves = {"hp": {"tetrahedral": {"raw_meV_per_atom": 9.0}, "octahedral": {"raw_meV_per_atom": 31.0}}}
    (tmp_path / "benchmark/energy_volume_errors.json").write_text(json.dumps(curves))
    row = row_of("wide", tmp_path)
    assert row["tetrahedral_meV_per_atom"] == 9.0 and row["octahedral_meV_per_atom"] == 31.0
    without_curves = {name: value for name, value in row.items() if "hedral" not in name}
    golden("training-sweep.md", as_markdown(pd.DataFrame([row, without_curves | {"variant": "long", "cpu_s": 4210.4}])))


def test_a_variant_may_have_any_name(tmp_path):
    (tmp_path / "sweep.yaml").write_text("study: released\nvariants: {members: {}, plain: {}}\n")
    files = read_sweep(tmp_path / "sweep.yaml").write_studies(tmp_path, "s")
    assert len(list(tmp_path.glob("*s*.yaml"))) == len({"sweep", "of all", "common", *files})


@pytest.mark.parametrize(
    "text, said",
    [
        ("study: released\n", "variants"),
        ("variants: {a: {}}\n", "must hold study"),
        ("study: released\nvariants: {a: 3}\n", "variants.a"),
        ("study: released\nvariants: {}\n", "variants"),
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
