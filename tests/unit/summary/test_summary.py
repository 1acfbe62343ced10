"""The summary: numbers from small tables with known answers, and its schema."""

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from melt2crystal.summary.found_parts import search_part
from melt2crystal.summary.parts import (
    certificate_part,
    cost_part,
    dataset_part,
    fit_part,
    iteration_part,
    labels_part,
    reasons_counted,
    relaxed_part,
)
from melt2crystal.summary.schema import (
    Cost,
    EnergyVolume,
    Errors,
    Fit,
    GroupErrors,
    HeldOut,
    Overlap,
    PolymorphErrors,
    Summary,
)
from melt2crystal.summary.text import as_markdown
from tests.helpers.golden import golden
from tests.helpers.relaxed_cases import crystals_relaxed


def structures(pressure: float, energies: list[float], status: str = "ok") -> pd.DataFrame:
    n = len(energies)
    return pd.DataFrame(
        {
            "id": [f"p{pressure:g}-{k}" for k in range(n)],
            "formula_units": 2,
            "enthalpy_eV_per_atom": np.array(energies) + 0.05 * pressure,
            "energy_eV_per_atom": energies,
            "volume_A3_per_atom": 9.0,
            "pressure_GPa": pressure,
            "space_group": 136,
            "coordination": 6.0,
            "status": status,
        }
    )


@pytest.fixture
def search():
    unique = pd.concat([structures(0.0, [-8.0, -7.9]), structures(10.0, [-7.8, -6.5])], ignore_index=True)
    relaxed = pd.concat([unique, structures(10.0, [-99.0], "insane: hole")], ignore_index=True)
    found = unique.assign(
        energy_hp_mean_eV_per_atom=unique.energy_eV_per_atom, energy_reference_eV_per_atom=[-8.01, -7.89, np.nan, -6.6]
    )
    return search_part(relaxed, unique, found, 1.0)


def test_search_counts_and_errors(search):
    assert [(p.relaxed, p.sound, p.unique) for p in search.pressures] == [(2, 2, 2), (3, 2, 2)]
    assert search.labelled == 3 and search.labelled_in_window == 2
    assert search.rmse_window_meV_per_atom == pytest.approx(10)
    assert search.rmse_all_meV_per_atom == pytest.approx(np.sqrt((100 + 100 + 10000) / 3))
    assert search.mean_difference_meV_per_atom == pytest.approx((10 - 10 + 100) / 3)
    assert search.pearson_r == pytest.approx(np.corrcoef([-8, -7.9, -6.5], [-8.01, -7.89, -6.6])[0, 1])


def test_structures_of_an_earlier_search_say_so():
    unique = structures(10.0, [-8.0, -7.9])
    found = unique.assign(energy_hp_mean_eV_per_atom=[-8.0, -7.9], energy_reference_eV_per_atom=[-8.0, -7.9])
    given = pd.DataFrame({"id": unique["id"], "same_structure": [True, np.nan]})  # of one HP made something else
    part = search_part(None, unique, found, 1.0, "labels/found.extxyz", given)
    assert [(p.relaxed, p.sound, p.unique) for p in part.pressures] == [(None, None, 2)]
    assert (part.given, part.kept, part.labelled) == (2, 1, 2)
    golden("summary-found-earlier.md", as_markdown(whole(part)))


def test_best_structures_come_first_and_tell_missing_labels(search):
    best = search.pressures[1].best
    assert [s.id for s in best] == ["p10-0", "p10-1"]
    assert best[0].energy_reference_eV_per_atom is None
    assert [s.enthalpy_above_lowest_meV_per_atom for s in best] == pytest.approx([0, 1300])


def test_costs_are_summed_over_the_jobs_of_a_stage():
    one = pd.DataFrame({"s": [2.0], "max_rss": [100.0], "cpu_time": [1.5]})
    unmeasured = pd.DataFrame({"s": [0.5], "max_rss": ["-"], "cpu_time": ["-"]})
    train, label = sorted(
        cost_part([("train_member", one), ("train_data", one * 2), ("label_collect", unmeasured)]),
        key=lambda cost: cost.stage != "train",
    )
    assert (train.stage, train.jobs, train.wall_s, train.cpu_s, train.largest_memory_MB) == ("train", 2, 6, 4.5, 200)
    assert (label.wall_s, label.cpu_s, label.largest_memory_MB) == (0.5, 0.0, None)


def test_melt_and_loop():
    frames = [{"pressure_GPa": p} for p in (0.0, 15.0, 15.0)]
    assert dataset_part("00", {"frames": frames, "settings_digest": "x"}).frames_at_pressure == {"0": 1, "15": 2}
    classes = {"accurate": [5, 1], "candidate": [2, 3], "failed": [0, 1], "invalid": [1, 0]}
    table = pd.DataFrame({**classes, "excluded": [1, 0], "selected": [1, 2], "eps_lo": 0.15, "eps_hi": 0.3})
    audit = {"audited": 12, "missed": 1, "missed_share": 1 / 12, "missed_share_low": 0.002, "missed_share_high": 0.38}
    part = iteration_part("01", table, audit | {"rank_correlation": None})
    assert (part.audited, part.missed, part.missed_share_high, part.rank_correlation) == (12, 1, 0.38, None)
    assert (part.accurate, part.candidate, part.failed, part.invalid) == (6, 5, 1, 1)
    assert (part.excluded_by_certificate, part.selected) == (1, 3)


def test_certificates_say_what_was_seen():
    columns = ["purpose", "pressure_GPa", "temperature_K", "frames", "passed", "would_pass", "most_like"]
    rows = [("train", 70.0, 4500.0, 5, 2, 2, "stishovite"), ("heldout", 0.0, 3000.0, 4, 4, 4, np.nan)]
    crystallised, liquid = certificate_part(pd.DataFrame(rows, columns=columns))
    assert (crystallised.frames, crystallised.would_pass, crystallised.most_like) == (5, 2, "stishovite")
    assert liquid.most_like is None


def test_reasons_of_invalid_frames_are_added_up_over_the_cells():
    cells = pd.Series(["2 no frame; 1 O-O closer than 1.4 A", np.nan, "4 no frame"])
    assert reasons_counted(cells) == {"no frame": 6, "O-O closer than 1.4 A": 1}


def test_labels_that_are_missing_are_named_with_their_reason():
    table = pd.DataFrame({"frame_id": ["0001", "1e3"], "what": "keatite", "status": ["ok", "timed out"], "reason": "x"})
    part = labels_part("eos", table)
    (label,) = part.missing
    assert (part.batch, part.asked) == ("eos", 2)
    assert (label.frame_id, label.what, label.status, label.reason) == ("1e3", "keatite", "timed out", "x")


def test_a_fit_without_values_is_null():
    names = ["V0_A3_per_formula", "V0_error", "B0_GPa", "B0_error", "B0_prime", "E0_eV_per_atom"]
    fits = pd.DataFrame([{"polymorph": "x", "potential": "lp", "member": -1, **dict.fromkeys(names, np.nan)}])
    assert fit_part(fits)[0].V0_A3_per_formula is None


def whole(search) -> Summary:
    errors = Errors(energy_rmse_meV_per_atom=5.0, force_rmse_eV_per_A=0.2)
    held_out = HeldOut(**dict(errors) | {"frames": 4}, members=[errors])
    return Summary(
        study="test",
        substance="SiO2",
        reference="BKS",
        settings_digest="0" * 64,
        datasets=[],
        iterations=[],
        certificate_enabled=False,
        certificates=[],
        held_out={"hp": held_out, "lp": held_out},
        energy_volume={},
        fits=[],
        vdos_overlaps=None,
        search=search,
        costs=[],
    )


def test_schema_round_trip_and_disabled_stages(search):
    for part in (search, None):
        summary = whole(part)
        data = json.loads(json.dumps(summary.model_dump(mode="json"), allow_nan=False))
        assert Summary.model_validate(data) == summary
        assert data["vdos_overlaps"] is None
    properties = Summary.model_json_schema()["properties"]
    assert {"study", "reference", "held_out", "energy_volume", "vdos_overlaps", "search", "costs"} <= set(properties)


def test_schema_refuses_unknown_keys_and_nan(search):
    data = whole(search).model_dump(mode="json")
    with pytest.raises(ValidationError, match="surprise"):
        Summary.model_validate({**data, "surprise": 1})
    data["held_out"]["hp"]["energy_rmse_meV_per_atom"] = float("nan")
    with pytest.raises(ValidationError, match="energy_rmse"):
        Summary.model_validate(data)


def rich(search) -> Summary:
    """A study with every stage: crystals that BKS knows, melts that crystallised, a fit without a minimum."""
    errors = [Errors(energy_rmse_meV_per_atom=energy, force_rmse_eV_per_A=force) for energy, force in
              ((6.04, 0.2468), (6.31, 0.25), (5.5, 0.2), (6.6, 0.29))]  # fmt: skip
    cold = errors[2].model_copy(update={"frames": 9})
    hp = HeldOut(**dict(errors[0]) | {"frames": 16}, members=errors[:2], pressures={"0": cold, "40": errors[3]})
    lp = HeldOut(**dict(errors[3]) | {"frames": 16}, members=errors[2:], pressures={"0": cold})
    counts = {"accurate": [420, 11], "candidate": [61, 70], "failed": [0, 19], "invalid": [0, 3]}
    selection = pd.DataFrame({**counts, "excluded": [7, 0], "selected": [20, 20], "eps_lo": 0.151, "eps_hi": 0.3})
    selection["invalid_because"] = [np.nan, "2 density below 1.56 g/cm3; 1 Si-O closer than 1.1 A"]
    labels = pd.DataFrame(
        {
            "frame_id": ["f1", "f2", "f3"],
            "what": ["stishovite at 0.91 of its volume", "stishovite at 1 of its volume", "structure p10-z2-g00-0001"],
            "status": ["unconverged", "ok", "crashed"],
            "reason": ["SCF did not converge in 150 steps", "", "killed | by signal 9"],
        }
    )
    columns = [
        "purpose",
        "pressure_GPa",
        "temperature_K",
        "frames",
        "passed",
        "would_pass",
        "cut",
        "because",
        "most_like",
    ]
    told = "3 atoms as in stishovite; 1 space group 136"
    melts = [("train", 0.0, 4000.0, 12, 12, 12, 0, np.nan, np.nan)]
    melts += [("train", 70.0, 4500.0, 12, 9, 9, 2, told, "stishovite")]
    earlier = iteration_part("01", selection.drop(columns=["excluded", "invalid_because"]), {})
    audit = {"audited": 9, "missed": 1, "missed_share_low": 0.003, "missed_share_high": 0.48}
    polymorphs = [
        PolymorphErrors(polymorph=name, coordination=number, raw_meV_per_atom=raw, shifted_meV_per_atom=shifted,
                        raw_smallest_member_meV_per_atom=low, raw_largest_member_meV_per_atom=high)
        for name, number, raw, shifted, low, high in
        (("alpha_quartz", 4, 15.2, 5.04, 14.1, 16.2), ("stishovite", 6, 31.5, 21.3, None, None))
    ]  # fmt: skip
    four, six = (GroupErrors(raw_meV_per_atom=raw, shifted_meV_per_atom=shifted, raw_members_meV_per_atom=members)
                 for raw, shifted, members in ((15.2, 5.04, [16.2, 14.1]), (31.5, 21.3, [])))  # fmt: skip
    fits = [
        Fit(polymorph="stishovite", potential="reference", V0_A3_per_formula=24.041, B0_GPa=303.26, B0_prime=4.4,
            E0_eV_per_atom=-19.12345, V0_error_A3_per_formula=0.004, B0_error_GPa=1.04),
        Fit(polymorph="stishovite", potential="lp", V0_A3_per_formula=None, B0_GPa=None, B0_prime=None,
            E0_eV_per_atom=None, V0_error_A3_per_formula=None, B0_error_GPa=None, status="no minimum"),
    ]  # fmt: skip
    spectra = [
        Overlap(polymorph="alpha_quartz", overlap=0.9312, temperature_K=300, pressure_GPa=0, resolution_THz=1.5,
                overlap_halves_hp=0.971, overlap_halves_reference=0.9685, overlap_others_mean=0.736,
                overlap_others_largest=0.877, most_like="alpha_cristobalite"),
        Overlap(polymorph="stishovite", overlap=None, temperature_K=300, pressure_GPa=0, resolution_THz=1.5),
    ]  # fmt: skip
    relaxed, totals = crystals_relaxed()
    many = [{"pressure_GPa": pressure} for pressure in np.linspace(-3, 96, 34)]
    return Summary(
        study="laptop",
        substance="SiO2",
        reference="BKS",
        settings_digest="0123456789abcdef" * 4,
        commit="4f2a",
        version="0.2.0",
        datasets=[
            dataset_part("00", {"frames": [{"pressure_GPa": p} for p in (0.0, 0.0, 40.0)], "settings_digest": "x"}),
            dataset_part("01", {"frames": many, "settings_digest": "x"}),
        ],
        iterations=[iteration_part("00", selection, audit), earlier],
        labels=[labels_part("eos", labels[:2]), labels_part("found-p10", labels[2:])],
        certificate_enabled=True,
        certificates=certificate_part(pd.DataFrame(melts, columns=columns)),
        held_out={"hp": hp, "lp": lp},
        energy_volume={
            "hp": EnergyVolume(
                shift_meV_per_atom=-12.4, groups={"tetrahedral": four, "octahedral": six}, polymorphs=polymorphs
            ),
            "lp": EnergyVolume(shift_meV_per_atom=None, groups={}, polymorphs=polymorphs[:1]),
        },
        fits=fits,
        relaxed=relaxed_part(relaxed),
        relaxed_totals={"hp": [totals]},
        vdos_overlaps=spectra,
        search=search,
        costs=[Cost(stage="train", jobs=4, wall_s=812.34, cpu_s=1601.2, largest_memory_MB=655.4),
               Cost(stage="label", jobs=3, wall_s=9.0, cpu_s=0.0, largest_memory_MB=None)],
    )  # fmt: skip


def test_the_summary_of_a_study_with_every_stage(search):
    golden("summary.md", as_markdown(rich(search)))


def test_one_member_is_no_ensemble(search):
    summary = rich(search)
    alone = summary.held_out["hp"].model_copy(update={"members": summary.held_out["hp"].members[:1]})
    text = as_markdown(summary.model_copy(update={"held_out": {"hp": alone}, "datasets": []}))
    assert "HP has one member: deviations between members are absent" in text and "| HP | all | 16 | 6.0 |" in text
    assert "**HP**, its one member." in text and "all, member 0" not in text
    assert "No training set: nothing is trained in this study." in text


def test_the_summary_of_a_smoke_test_says_so_first(search):
    text = as_markdown(rich(search).model_copy(update={"purpose": "smoke test"}))
    assert text.splitlines()[2] == "**smoke test: these numbers mean nothing.**"
    assert "mean nothing" not in as_markdown(rich(search))


def test_what_a_study_leaves_out_is_said():
    lacking = whole(None).model_copy(
        update={"melts_from": ["labels/melt.extxyz", "more.xyz"], "trained_elsewhere": {"hp": "models/hp"}}
    )
    golden("summary-reduced.md", as_markdown(lacking))
