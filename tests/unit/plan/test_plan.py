"""The plan's formulae against sums done by hand, and its laws against what was measured."""

import re
from math import pi

import pandas as pd
import pytest

from melt2crystal.errors import UserError
from melt2crystal.jobs.job import Job
from melt2crystal.jobs.stages import boxed, read_boxes
from melt2crystal.plan.comparison import as_text, compared, corrected, ratios
from melt2crystal.plan.laws import (
    classical_step_s,
    label_core_s,
    model_step_s,
    network_size,
    search_evaluations,
    training_step_s,
)
from melt2crystal.plan.page import beyond_limits, counted, shaky, storage_table, unit_table, work_table
from melt2crystal.plan.rows import Factor, Row, longest_chain_s
from melt2crystal.plan.storage import model_MB, storage
from melt2crystal.plan.units import TABLE, Meter, read_units
from melt2crystal.plan.work import WORK, rows_of
from melt2crystal.sections.train import Network
from melt2crystal.study.batches import largest_batch
from melt2crystal.study.load import load_study
from melt2crystal.study.model import Study
from tests.helpers.checkout import REPOSITORY
from tests.helpers.golden import golden

UNITS = read_units(REPOSITORY / TABLE)
PAPER = Network()
LAPTOP = Network(r_cut_A=6, r_smth_A=0.5, embedding=[25, 50], axis_neurons=8, fitting=[64, 64], selection_margin=1.1,
                 precision="float32")  # fmt: skip
MESSAGES = Network(descriptor="dpa4", r_cut_A=5, channels=16, degree=2, blocks=2, precision="float32", r_smth_A=0.5)


def meter(**values):
    return Meter(read_units(REPOSITORY / TABLE, [f"{name}={value}" for name, value in values.items()]))


def job(number, rule, file="train.smk", **wildcards):
    return Job(number, rule, file, wildcards, outputs=(f"results/{number}",), benchmark=f"{number}.tsv")


def planned(study, jobs, units=UNITS):
    boxes = read_boxes(REPOSITORY / "rules/stages.yaml")
    return rows_of(study, jobs, boxed(jobs, boxes), [box.title for box in boxes], units)


def test_the_size_of_the_papers_network():
    size = network_size(PAPER, 0.156)
    assert size.neighbours == pytest.approx(4 / 3 * pi * 7**3 * 0.156 * 1.3)
    assert size.fitting_macs == 1600 * 250 + 250 * 250 + 250 * 250 + 250
    assert size.embedding_macs == pytest.approx(size.neighbours * (50 + 50 * 100 + 4 * 100) + 4 * 100 * 16)
    assert size.parameters == 4 * (50 + 5000) + 2 * size.fitting_macs
    assert (size.number_bytes, network_size(LAPTOP, 0.156).number_bytes) == (8, 4)


def test_a_training_step_is_its_base_and_what_every_atom_adds():
    size = network_size(PAPER, 0.156)
    given = meter(train_base_ms=5, train_us_per_neighbour=2, train_float64_ns_per_mac=0.5,
                  train_gpu_base_ms=8, train_gpu_speed_up=20)  # fmt: skip
    work_ms = 342 * (2e-3 * size.neighbours + 0.5e-6 * size.macs)
    assert training_step_s(size, 342, 1, given, gpu=False) == pytest.approx((5 + work_ms) / 1e3)
    assert training_step_s(size, 342, 2, given, gpu=False) == pytest.approx((5 + 2 * work_ms) / 1e3)
    assert training_step_s(size, 342, 1, given, gpu=True) == pytest.approx((8 + work_ms / 20) / 1e3)


@pytest.mark.parametrize(
    ("network", "precision", "atoms", "measured_ms"),
    [(PAPER, "float64", 342, 563), (PAPER, "float64", 72, 163), (PAPER, "float32", 342, 256),
     (PAPER, "float32", 72, 51), (LAPTOP, "float32", 72, 29)],
)  # fmt: skip
def test_training_steps_are_as_measured(network, precision, atoms, measured_ms):
    size = network_size(network.model_copy(update={"precision": precision}), UNITS["atoms_per_A3"].value)
    known = Meter(UNITS)
    assert training_step_s(size, atoms, 1, known, gpu=False) * 1e3 == pytest.approx(measured_ms, rel=0.35)
    assert known.basis == "measured"


@pytest.mark.parametrize(("channels", "r_cut_A", "measured_ms"), [(16, 4.5, 220), (16, 5.0, 250), (32, 4.5, 410)])
def test_steps_of_a_network_that_passes_messages_are_as_measured(channels, r_cut_A, measured_ms):
    network = MESSAGES.model_copy(update={"channels": channels, "r_cut_A": r_cut_A})
    size = network_size(network, UNITS["atoms_per_A3"].value)
    assert training_step_s(size, 72, 1, Meter(UNITS), gpu=False) * 1e3 == pytest.approx(measured_ms, rel=0.2)


@pytest.mark.parametrize(("channels", "degree", "counted"), [(16, 2, 72_195), (32, 2, 219_859), (16, 3, 99_774)])
def test_a_network_that_passes_messages_has_as_many_parameters_as_counted(channels, degree, counted):
    size = network_size(MESSAGES.model_copy(update={"channels": channels, "degree": degree}), 0.156)
    assert size.parameters == pytest.approx(counted, rel=0.2)
    assert size.features == pytest.approx(4 / 3 * pi * 5**3 * 0.156 * channels * (degree + 1) ** 2 * 2)


def test_a_model_that_passes_messages_is_as_large_and_as_fast_as_measured():
    size = network_size(MESSAGES, UNITS["atoms_per_A3"].value)
    assert model_MB(size, Meter(UNITS)) == pytest.approx(0.67, rel=0.2)
    assert model_step_s(size, 72, Meter(UNITS), gpu=False) == pytest.approx(0.14, rel=0.2)


@pytest.mark.parametrize(
    ("network", "measured_ms"),
    [(PAPER, {72: 20, 342: 77, 1152: 265}), (LAPTOP, {72: 8, 342: 35, 1152: 113})],
)
def test_steps_of_walks_are_as_measured(network, measured_ms):
    size = network_size(network, UNITS["atoms_per_A3"].value)
    for atoms, expected in measured_ms.items():
        assert model_step_s(size, atoms, Meter(UNITS), gpu=False) * 1e3 == pytest.approx(expected, rel=0.35)


def test_steps_of_the_classical_potential_grow_as_measured():
    steps = [classical_step_s(atoms, Meter(UNITS)) for atoms in (72, 144, 342)]
    assert [step / steps[0] for step in steps] == pytest.approx([1, 1.06 / 0.43, 3.59 / 0.43], rel=0.1)


def test_labels_follow_their_power_law():
    known = meter(label_dft_core_s=200, label_dft_exponent=2.5, label_lammps_ms_per_atom=0.2)
    assert label_core_s("espresso", 72, 1, known) == 200
    assert label_core_s("vasp", 288, 1, known) == pytest.approx(200 * 32)  # 4^2.5
    assert label_core_s("vasp", 18, 8, known) == pytest.approx(200 / 32 * 8)
    assert label_core_s("lammps", 72, 1, known) == pytest.approx(0.0144)


def test_the_search_never_takes_more_than_its_steps():
    known = meter(search_evaluations=30, search_evaluations_exponent=1)
    assert search_evaluations(4, 12, 300, known) == 120
    assert search_evaluations(20, 60, 300, known) == 300


def test_a_number_says_how_it_is_known():
    for atoms, basis in ((72, "measured"), (75, "measured"), (342, "extrapolated")):
        known = Meter(UNITS)
        known("label_lammps_ms_per_atom", atoms)
        assert known.basis == basis
    known("train_gpu_base_ms")
    assert known.basis == "assumed"
    replaced = meter(label_lammps_ms_per_atom=7)
    assert replaced("label_lammps_ms_per_atom", 342) == 7 and replaced.basis == "given"


@pytest.mark.parametrize("text", ["label_dft=3", "label_dft_core_s", "label_dft_core_s=cheap", "label_dft_core_s=-1"])
def test_a_unit_cost_that_is_none_is_refused(text):
    with pytest.raises(UserError, match=re.escape(text.split("=")[0])):
        read_units(REPOSITORY / TABLE, [text])


def test_a_row_shares_its_work_among_cores_or_gives_it_to_gpus():
    term = (Factor(4, "members"), Factor(9, "trainings"), Factor(1_000_000, "steps"), Factor(0.03, "s"))
    on_cores = Row("Training", "train_member", (term,), tuple(range(36)), 2, 0, 1440, "measured")
    assert on_cores.formula == "4 members x 9 trainings x 1,000,000 steps x 0.03 s"
    assert (on_cores.core_hours, on_cores.gpu_hours) == (pytest.approx(300), 0)
    assert on_cores.job_s == pytest.approx(15_000)
    on_gpus = Row("Training", "train_member", (term,), tuple(range(36)), 2, 1, 480, "assumed")
    assert (on_gpus.core_hours, on_gpus.gpu_hours) == (pytest.approx(600), pytest.approx(300))
    assert on_gpus.job_s == pytest.approx(30_000)
    assert beyond_limits([on_cores]) == []
    assert "train_member (Training): 8.3 h each, but the limit is 8.0 h" in beyond_limits([on_gpus])[0]
    assert on_gpus.times(Factor(2, "as in x")).gpu_hours == pytest.approx(600)


PRICES = ["label_dft_core_s=200", "train_start_s=0", "train_base_ms=36", "train_us_per_neighbour=0", "small_job_s=2",
          "train_float64_ns_per_mac=0", "frame_bytes_per_atom=150", "label_bytes_per_atom=400"]  # fmt: skip


def test_a_plan_as_people_read_it(tmp_path):
    """A loop of two rounds: labels, trainings and small jobs, what they leave on disk, and what two of them cost."""
    loop = {"loop": {"steps": 50_000}}
    study = Study(name="x", train=loop, reference={"engine": "espresso", "name": "PBE"}, liquid={"formula_units": 24})
    batches = ("initial", "heldout", "iteration-00", "iteration-01")
    jobs = [job(number, "label_shard", "label.smk", batch=batch) for number, batch in enumerate(batches)]
    jobs += [job(10 + number, "label_request", "label.smk", batch=batch) for number, batch in enumerate(batches)]
    jobs += [job(20 + number, "train_member", ensemble=f"iteration-{number // 4:02d}", member=str(number % 4))
             for number in range(8)]  # fmt: skip
    units = read_units(REPOSITORY / TABLE, PRICES)
    rows = planned(study, jobs, units)
    for number, seconds in ((0, 9000.0), (20, 1500.0)):
        pd.DataFrame({"s": [seconds], "cpu_time": [1.0]}).to_csv(tmp_path / f"{number}.tsv", sep="\t", index=False)
    table = compared(rows, jobs, tmp_path)
    like = corrected(rows, ratios(table), "laptop", labels=False)
    given = {name: unit for name, unit in units.items() if unit.basis == "given"}
    parts = [counted(jobs), work_table(rows), storage_table(storage(study, jobs, units)), *beyond_limits(rows),
             shaky(rows), as_text(table), unit_table(given), "Corrected:", work_table(like)]  # fmt: skip
    golden("plan.txt", "\n\n".join(parts) + "\n")


def test_the_longest_chain():
    jobs = [Job(1, "a"), Job(2, "b", depends=(1,)), Job(3, "c", depends=(1,)), Job(4, "d", depends=(2, 3))]
    rows = [Row("s", rule, ((Factor(seconds, "s"),),), (number,), 1, 0, 0, "measured")
            for number, rule, seconds in ((1, "a", 10), (2, "b", 5), (3, "c", 7), (4, "d", 1))]  # fmt: skip
    assert longest_chain_s(jobs, rows) == 18


def test_training_counts_members_iterations_and_steps():
    units = read_units(REPOSITORY / TABLE, ["train_start_s=0", "train_base_ms=36", "train_us_per_neighbour=0",
                                            "train_float64_ns_per_mac=0"])  # fmt: skip
    study = Study(name="x", train={"loop": {"steps": 50_000}})
    jobs = [job(number, "train_member", ensemble=f"iteration-{number % 3:02d}", member=str(number // 3))
            for number in range(12)]  # fmt: skip
    (row,) = planned(study, jobs, units)
    assert row.formula.startswith("4 members x 3 trainings x 50,000 steps x 0.036 s at 72 atoms")
    assert row.core_hours == pytest.approx(4 * 3 * 50_000 * 0.036 / 3600)


def test_labels_at_the_studys_own_price():
    study = load_study({"study": "paper"}, REPOSITORY)
    batches = ["initial", "heldout", *(f"iteration-{number:02d}" for number in range(8))]
    jobs = [Job(number, "label_shard", "label.smk", {"batch": batch}, threads=32, outputs=("x",))
            for number, batch in enumerate(batches)]  # fmt: skip
    (row,) = planned(study, jobs, read_units(REPOSITORY / TABLE, ["small_job_s=0"]))
    assert "2,012 labels (700 initial + 112 heldout + 8 iterations x 150) x 19,200 core-s" in row.formula
    assert row.core_hours == pytest.approx(2012 * 10 / 60 * 32)
    assert row.basis == "given"
    units = read_units(REPOSITORY / TABLE, ["small_job_s=0", "label_dft_core_s=100", "label_dft_exponent=3"])
    (row,) = planned(study, jobs, units)  # a cost given on the command line counts more than the study's expectation
    assert row.core_hours == pytest.approx(2012 * 100 * (342 / 72) ** 3 / 3600)


def test_the_paper_study_is_at_the_papers_size():
    study = load_study({"study": "paper"}, REPOSITORY)
    assert sum(len(row.temperatures_K) for row in study.grid) == 28
    assert study.liquid.formula_units * 3 == 342 and len(study.benchmark.polymorphs) == 11
    assert (study.train.loop.members, study.train.loop.steps) == (4, 10**6)
    assert len(study.search.pressures_GPa) == 2
    assert len(study.search.formula_units) * study.search.structures == 2000
    melts = [largest_batch(study, name) for name in ("initial", "heldout", "iteration-00")]
    assert melts[0] + melts[1] + study.select.max_iterations * melts[2] == pytest.approx(2000, rel=0.02)


def test_walks_and_searches():
    study = load_study({"study": "laptop"}, REPOSITORY)
    jobs = [job(1, "liquid_walks", "liquid.smk", purpose="train", pressure="0"),
            job(2, "liquid_walks", "liquid.smk", purpose="heldout", pressure="8"),
            job(3, "search_structures", "search.smk", pressure="0", units="2")]  # fmt: skip
    units = read_units(REPOSITORY / TABLE, ["melt_step_ms=1", "small_job_s=0", "search_start_s=1",
                                            "search_evaluations=0"])  # fmt: skip
    jobs.append(job(4, "search_melts", "search.smk", pressure="0"))
    walks, search, melts = planned(study, jobs, units)
    # 0 GPa: 2 ps to melt, six walks of 1 + 8 ps; 8 GPa, held out: 2 ps, four walks of 1 + 2 ps; 1 fs, 1 ms a step
    assert walks.work_s == pytest.approx(2 + 6 * 9 + 2 + 4 * 3) and "10 walks" in walks.formula
    assert search.work_s == pytest.approx(192)
    step_s = melts.work_s / (study.search.melts * 35)  # 35 evaluations bring a melt to rest
    assert 0.001 < step_s < 0.1


def test_storage_counts_each_dataset_with_all_before():
    study = Study(name="x", liquid={"formula_units": 24, "frames_per_state": 10}, select={"frames_per_iteration": 50})
    jobs = [job(k, "label_shard", "label.smk", batch=batch) for k, batch in
            enumerate(["initial", "heldout", "iteration-00", "iteration-01"])]  # fmt: skip
    files = {part.what: part for part in storage(study, jobs, UNITS)}
    datasets = files["datasets 00-02, each with all before"]
    assert datasets.gigabytes == pytest.approx((160 + 210 + 260) * 72 * UNITS["label_bytes_per_atom"].value / 1e9)
    explored = 2 * (16 * 200 * 1000 / 100) * 72 * UNITS["frame_bytes_per_atom"].value / 1e9
    assert files["exploration"].gigabytes == pytest.approx(explored)


def test_a_finished_study_corrects_the_plan_of_another(tmp_path):
    jobs = [job(1, "train_member"), job(2, "train_member"), job(3, "label_shard")]
    rows = [Row("Training", "train_member", ((Factor(2, "trainings"), Factor(50, "s")),), (1, 2), 2, 0, 0, "assumed"),
            Row("Labels", "label_shard", ((Factor(10, "s"),),), (3,), 1, 0, 0, "measured")]  # fmt: skip
    pd.DataFrame({"s": [75.0], "cpu_time": [1.0]}).to_csv(tmp_path / "1.tsv", sep="\t", index=False)
    pd.DataFrame({"s": [5.0], "cpu_time": [1.0]}).to_csv(tmp_path / "3.tsv", sep="\t", index=False)
    table = compared(rows, jobs, tmp_path)
    # planned: 100 s over two jobs on two cores, one of them measured: 50 core-s; it took 75 s on two cores
    assert table[["planned_s", "measured_s"]].to_numpy().tolist() == [[50, 150], [10, 5]]
    scaled = corrected(rows, ratios(table), "laptop", labels=False)
    assert scaled[0].work_s == pytest.approx(300) and scaled[0].formula.endswith("x 3 as in laptop")
    assert scaled[1] == rows[1]
    assert corrected(rows, ratios(table), "laptop", labels=True)[1].work_s == pytest.approx(5)


def test_every_rule_that_makes_files_has_its_law_and_every_law_its_rule():
    text = "".join(path.read_text() for path in (REPOSITORY / "rules").glob("*.smk"))
    rules = re.findall(r"^(?:rule|checkpoint) (\w+):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert set(WORK) == {name for name, block in rules if "    output:" in block}


def test_a_rule_nobody_planned_is_an_error_that_says_where_its_law_belongs():
    jobs = [job(1, "train_member"), job(2, "phonons_mesh", "phonons.smk"), job(3, "phonons_mesh", "phonons.smk")]
    with pytest.raises(UserError, match=r"phonons_mesh \(phonons.smk\): no law.*WORK in melt2crystal/plan/work.py"):
        planned(Study(name="x"), jobs)
