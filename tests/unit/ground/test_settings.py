"""Settings as canonical text: neither names nor order nor amounts reach the params trigger, meaning does."""

import json

import pytest
from pydantic import Field, ValidationError

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.registry import reference_engine
from melt2crystal.sections.reference import EspressoReference
from melt2crystal.sections.substance import Substance
from melt2crystal.sections.train import Network, Release, Training
from melt2crystal.settings import BLANK, Section, Settings, amount, canonical, caption, place, places_text, to_text


class Inner(Section):
    jobs: int = amount(3, ge=1)
    width_A: float = 1.0


class Outer(Section):
    inner: Inner = Field(Inner())
    names: list[str] = amount(["a"])
    depth: int = 2


def test_amounts_are_left_out_at_every_depth():
    assert canonical(Outer()) == {"inner": {"width_A": 1.0}, "depth": 2}
    assert "members" not in json.dumps(canonical(Release()))


class Called(Section):
    name: str = caption("alpha")
    command: str = place("run", min_length=1)
    ranks: int = place(1)
    depth: int = 2


def test_places_are_left_out_and_captions_are_blank():
    assert canonical(Called()) == {"name": BLANK, "depth": 2}
    assert canonical(Called(name="beta", command="srun run", ranks=4)) == canonical(Called())
    assert json.loads(places_text(Called(ranks=4))) == {"command": "run", "ranks": 4}


def test_a_job_gets_the_engine_of_the_study_with_its_places_beside_the_settings():
    study = EspressoReference(name="mine", command="other.x", ranks=8, launcher="srun -n", scratch="/tmp")
    engine = reference_engine(canonical(study), ["Si", "O"], places_text(study))
    assert engine.reference == study.model_copy(update={"name": BLANK})
    assert settings_digest(engine) == settings_digest(reference_engine(study, ["Si", "O"]))
    assert settings_digest(engine) == settings_digest(reference_engine(canonical(study), ["Si", "O"]))


def test_growing_an_amount_changes_nothing_and_a_setting_does():
    text = to_text(canonical(Outer()))
    assert to_text(canonical(Outer(names=["a", "b"], inner=Inner(jobs=9)))) == text
    assert to_text(canonical(Outer(inner=Inner(width_A=2)))) != text


def test_swapped_numbers_and_whole_numbers_written_as_floats():
    swapped = to_text(canonical(Network(r_cut_A=4, r_smth_A=2))), to_text(canonical(Network(r_cut_A=4.0, r_smth_A=2.0)))
    assert swapped[0] == swapped[1]
    assert to_text({"lo": 1, "hi": 2}) != to_text({"lo": 2, "hi": 1})


def test_order_of_keys_does_not_matter():
    one = Training.model_validate({"steps": 100, "batch_size": 2})
    other = Training.model_validate({"batch_size": 2, "steps": 100})
    assert to_text({"a": 1, "train": canonical(one)}) == to_text({"train": canonical(other), "a": 1})


def test_order_of_the_species_survives():
    """The order of the formula is the order of the atom types in LAMMPS and DeePMD files."""
    for formula in ({"Si": 1, "O": 2}, {"O": 2, "Si": 1}):
        text = to_text({"substance": canonical(Substance(formula=formula))})
        assert Settings(text).section("substance", Substance).species == list(formula)


def test_a_script_gets_back_what_the_study_says():
    network = Network(r_cut_A=6, r_smth_A=0.5, embedding=[10, 20], axis_neurons=4)
    settings = Settings(to_text({"train.network": canonical(network), "seed": 5}))
    assert settings.section("train.network", Network) == network
    assert settings.value("seed") == 5


def test_settings_from_a_file(tmp_path):
    (tmp_path / "settings.json").write_text('{"seed": 3}')
    assert Settings(f"@{tmp_path / 'settings.json'}").value("seed") == 3


def test_a_section_the_rule_did_not_declare_is_refused():
    with pytest.raises(KeyError, match=r"'search' was not given to this job \(it has seed\)"):
        Settings('{"seed": 1}').value("search")


@pytest.mark.parametrize("values", [{"depht": 3}, {"inner": {"width_A": float("inf")}}, {"inner": {"jobs": 0}}])
def test_sections_refuse_unknown_keys_infinities_and_broken_bounds(values):
    with pytest.raises(ValidationError):
        Outer.model_validate(values)
