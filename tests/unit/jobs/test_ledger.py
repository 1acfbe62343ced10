"""Costs, progress and the driver's log, on made-up files with known sums."""

import pandas as pd
import pytest

from melt2crystal.figures.ledger import draw_ledger
from melt2crystal.jobs.driver_log import all_failures, failures, room
from melt2crystal.jobs.job import Job
from melt2crystal.jobs.ledger import (
    as_markdown,
    failed_attempts,
    failed_labels,
    former_costs,
    job_costs,
    label_counts,
    ledger,
    per_label,
)
from melt2crystal.jobs.progress import Progress, by_box, expected_seconds, in_words, left, measured_seconds, time_left
from melt2crystal.jobs.stages import Box, boxed
from melt2crystal.sections.figures import Figures
from melt2crystal.summary.parts import cost_part
from tests.helpers.golden import golden

BOXES = [
    Box(box="labels", title="Labels", jobs=["label.smk"]),
    Box(box="training", title="Training", jobs=["train.smk"]),
]
DRIVER = """Provided cores: 4
[Sun Nov 22 15:39:08 2026]
Job 5: Labelling batch initial, shard 0
Reason: Missing output files: x
[Sun Nov 22 15:39:18 2026]
localrule train_member:
    input: a
    jobid: 7
[Sun Nov 22 15:39:20 2026]
Finished jobid: 7 (Rule: train_member)
1 of 3 steps (33%) done
[Sun Nov 22 15:40:08 2026]
Error in rule label_shard:
    message: Labelling
    jobid: 5
    output: out/x.csv
    log: logs/label_shard/initial-0.log (check log file(s) for error details)
    shell:
        false
Logfile logs/label_shard/initial-0.log:
[Sun Nov 22 15:40:09 2026]
Error in checkpoint rule explore_selection:
    message: None
    jobid: 9
    log: logs/explore_selection/00.log (check log file(s) for error details)
"""


def job(number, rule, *depends, threads=1, gpus=0, **wildcards):
    name = "-".join([rule, *wildcards.values()])
    outputs = (f"{name}/labels.csv",) if rule == "label_collect" else (f"{name}.out",)
    return Job(number, rule, f"{rule.split('_')[0]}.smk", wildcards, threads, gpus, False, outputs,
               f"logs/{name}.log", f"benchmarks/{rule}/{name}.tsv", depends)  # fmt: skip


JOBS = [
    job(0, "label_shard", threads=4, batch="initial"),
    job(1, "label_collect", 0, batch="initial"),
    job(2, "train_member", 1, threads=2, gpus=1, ensemble="iteration-00", member="0"),
    job(3, "train_member", 1, threads=2, gpus=1, ensemble="iteration-00", member="1"),
    Job(4, "all", depends=(2, 3)),
]


def benchmark(root, name, seconds, cpu):
    path = root / "benchmarks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\t0:00:00\t-\t{cpu}\n")


@pytest.fixture
def measured(tmp_path):
    """Shard 900 s on 4 threads, collection 36 s, one of two trainings 3600 s on 2 threads and a GPU; ten labels."""
    benchmark(tmp_path, "label_shard/label_shard-initial.tsv", 900, 1800)
    benchmark(tmp_path, "label_collect/label_collect-initial.tsv", 36, "-")
    benchmark(tmp_path, "train_member/train_member-iteration-00-0.tsv", 3600, 5400)
    benchmark(tmp_path, "train_member/train_member-iteration-00-9.tsv", 7200, 7200)
    table = tmp_path / "label_collect-initial" / "labels.csv"
    table.parent.mkdir()
    rows = [f"f{k},ok,,90,x,d" for k in range(9)] + ["f9,crashed,why,72,x,d"]
    table.write_text("frame_id,status,reason,seconds,engine,settings_digest\n" + "\n".join(rows) + "\n")
    return tmp_path


def test_hours_are_wall_times_threads_and_gpus(measured):
    costs = job_costs(JOBS, boxed(JOBS, BOXES), measured)
    table = ledger(costs, label_counts(JOBS, boxed(JOBS, BOXES), measured), ["Labels", "Training"])
    labels, training = table.to_dict("records")
    assert labels["core_hours"] == pytest.approx(0.25 * 4 + 0.01) and labels["cpu_hours"] == pytest.approx(0.5)
    assert labels["kept_labels"] == 9 and labels["failed_labels"] == 1 and labels["gpu_hours"] == 0
    assert training["core_hours"] == pytest.approx(2.0) and training["gpu_hours"] == pytest.approx(1.0)
    assert training["iteration"] == "00" and training["jobs"] == 1 and training["kept_labels"] == 0


def test_stages_cost_in_the_ledger_what_they_cost_in_the_summary(measured):
    """Of the jobs of the study as it is; the summary also counts those of former settings, here a training."""
    (measured / "benchmarks/train_member/train_member-iteration-00-9.tsv").unlink()
    table = ledger(job_costs(JOBS, boxed(JOBS, BOXES), measured), label_counts([], {}, measured), [])
    paths = sorted((measured / "benchmarks").glob("*/*.tsv"))
    summed = cost_part((path.parent.name, pd.read_csv(path, sep="\t")) for path in paths)
    by_stage = table.groupby("stage")[["jobs", "wall_hours"]].sum()
    assert {cost.stage: (cost.jobs, cost.wall_s) for cost in summed} == {
        stage: (row["jobs"], pytest.approx(row["wall_hours"] * 3600)) for stage, row in by_stage.iterrows()
    }
    assert list(by_stage.index) == ["label", "train"]


def test_labels_of_crystals_keep_their_stage_in_a_box_of_the_benchmark(measured):
    boxes = [*BOXES, Box(box="volumes", stage="benchmark", title="Volumes", jobs=["label.smk batch=initial"])]
    table = ledger(job_costs(JOBS, boxed(JOBS, boxes), measured), label_counts([], {}, measured), ["Volumes"])
    assert table[["box", "stage"]].to_numpy().tolist() == [["Volumes", "label"], ["Training", "train"]]


def test_threads_are_those_the_machine_had(measured):
    costs = job_costs(JOBS, boxed(JOBS, BOXES), measured, cores=2)
    assert costs.set_index("rule").loc["label_shard", "core_hours"] == pytest.approx(0.5)


def test_a_label_costs_what_labelling_spent(measured):
    boxes = boxed(JOBS, BOXES)
    table = ledger(job_costs(JOBS, boxes, measured), label_counts(JOBS, boxes, measured), [])
    (row,) = per_label(table).to_dict("records")
    assert row["core_s_per_label"] == pytest.approx((900 * 4 + 36) / 9)


def test_waste_is_counted_once(measured):
    labels = failed_labels(label_counts(JOBS, boxed(JOBS, BOXES), measured))
    assert (labels.jobs, labels.core_hours) == (1, pytest.approx(0.02))
    former = former_costs(JOBS, measured / "benchmarks", measured)
    assert (former.jobs, former.core_hours) == (1, pytest.approx(2.0))
    attempts = failed_attempts([("logs/label_shard-initial.log", 450.0), ("logs/gone.log", None)], JOBS, None)
    assert (attempts.jobs, attempts.core_hours) == (2, pytest.approx(0.5))


def test_page_and_plot_show_every_box(measured):
    boxes = boxed(JOBS, BOXES)
    table = ledger(job_costs(JOBS, boxes, measured), label_counts(JOBS, boxes, measured), ["Labels", "Training"])
    wasted = [former_costs(JOBS, measured / "benchmarks", measured)]
    failed = [failed_attempts([("logs/label_shard-initial.log", 450.0), ("logs/gone.log", None)], JOBS, None),
              failed_labels(label_counts(JOBS, boxes, measured))]  # fmt: skip
    golden("ledger.md", as_markdown("s", table, [*wasted, *failed]))
    axes = draw_ledger(table, wasted, Figures()).axes
    assert [axis.get_xlabel() for axis in axes] == ["core-hours", "GPU-hours"]
    assert [text.get_text() for text in axes[0].get_yticklabels()] == ["Labels", "Training", "former settings"]


def test_a_benchmark_without_a_number_counts_as_none(tmp_path):
    benchmark(tmp_path, "label_shard/label_shard-initial.tsv", "-", "-")
    assert job_costs(JOBS, boxed(JOBS, BOXES), tmp_path).empty
    assert measured_seconds(tmp_path / "none.tsv") is None


def test_failures_are_read_with_their_duration(tmp_path):
    first, second = failures(DRIVER.splitlines())
    assert (first.rule, first.log, first.seconds) == ("label_shard", "logs/label_shard/initial-0.log", 60.0)
    assert (second.rule, second.seconds) == ("explore_selection", None)
    assert room(tmp_path) is None
    (tmp_path / "2026-11-22T153908.1.snakemake.log").write_text(DRIVER)
    assert room(tmp_path) == 4 and len(all_failures(tmp_path)) == 2


def test_a_job_is_expected_to_take_its_own_time_or_its_rules(measured):
    expected = expected_seconds(JOBS, measured)
    assert expected[2] == 3600.0 and expected[3] == 3600.0  # member 1 like member 0
    assert expected[0] == 900.0 and 4 not in expected


@pytest.mark.parametrize(("cores", "seconds"), [(2, 936 + 2 * 3600), (4, 936 + 3600)])
def test_time_left_follows_the_graph_and_the_cores(measured, cores, seconds):
    waiting = Progress(dict.fromkeys(range(4), "waiting"))
    assert time_left(JOBS, waiting, expected_seconds(JOBS, measured), cores) == pytest.approx(seconds)


def test_running_jobs_have_less_left_and_late_ones_nothing(measured):
    expected = expected_seconds(JOBS, measured)
    progress = Progress({0: "done", 1: "done", 2: "running", 3: "running"}, {2: 600.0, 3: 9999.0})
    assert left(JOBS[2], progress, expected) == 3000.0 and left(JOBS[3], progress, expected) == 0.0
    assert time_left(JOBS, progress, expected, 4) == pytest.approx(3000.0)
    table = by_box(JOBS, boxed(JOBS, BOXES), progress, expected, ["Training", "Labels"])
    assert list(table.index) == ["Training", "Labels"]
    assert dict(table.loc["Training", ["jobs", "running", "left_s"]]) == {"jobs": 2, "running": 2, "left_s": 3000.0}


@pytest.mark.parametrize(("seconds", "words"), [(5, "5 s"), (600, "10 min"), (7200, "2.0 h"), (4 * 86400, "4.0 days")])
def test_durations_in_words(seconds, words):
    assert in_words(seconds) == words


def test_tables_without_labels_or_boxes_do_not_fail(tmp_path):
    empty = job_costs(JOBS, boxed(JOBS, BOXES), tmp_path)
    assert ledger(empty, label_counts(JOBS, boxed(JOBS, BOXES), tmp_path), []).empty
    assert isinstance(failed_labels(label_counts([], {}, tmp_path)).core_hours, float)
    assert isinstance(per_label(ledger(empty, label_counts([], {}, tmp_path), [])), pd.DataFrame)
    golden("ledger-empty.md", as_markdown("s", ledger(empty, label_counts([], {}, tmp_path), []), []))
