"""What each job of a study has to do: one function for every rule, by the rule's name."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from melt2crystal.errors import UserError
from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.jobs.stages import Box
from melt2crystal.plan.benchmark_work import (
    benchmark_melt,
    benchmark_relaxed,
    benchmark_relaxed_reference,
    benchmark_structures,
    benchmark_vdos,
    benchmark_volumes,
    relaxation_s,
)
from melt2crystal.plan.label_work import label_shard
from melt2crystal.plan.laws import (
    classical_step_s,
    model_step_s,
    training_step_s,
)
from melt2crystal.plan.phase_work import one_by_one, search_enthalpies, search_names, search_stability
from melt2crystal.plan.rows import Factor, Row, Term
from melt2crystal.plan.task import Task
from melt2crystal.plan.units import Meter, UnitCost
from melt2crystal.search.others.contents import files_in
from melt2crystal.study.batches import largest_batch, states
from melt2crystal.study.model import Study


def _liquid_walks(task: Task) -> list[Term]:
    liquid = task.study.liquid
    rows = {f"{row.pressure_GPa:g}": row for row in task.study.grid}
    steps, walks = 0.0, 0
    for job in task.jobs:
        row = rows[job.wildcards["pressure"]]
        own = row.walk_ps or liquid.walk_ps if job.wildcards["purpose"] == "train" else liquid.heldout_walk_ps
        walks += len(row.temperatures_K)
        picoseconds = liquid.melt_ps + len(row.temperatures_K) * (liquid.equilibrate_ps + own)
        steps += picoseconds * 1000 / liquid.time_step_fs
    step = classical_step_s(task.atoms, task.meter)
    words = f"steps ({len(task.jobs)} melts, {walks} walks)"
    return [(Factor(steps, words), Factor(step, f"s at {task.atoms} atoms"))]


def _liquid_certify(task: Task) -> list[Term]:
    counted = {"train": "initial", "heldout": "heldout"}
    frames = sum(
        largest_batch(task.study, batch) for purpose, batch in counted.items() if purpose in task.of("purpose")
    )
    each = task.meter("certificate_ms_per_atom", task.atoms) * task.atoms / 1e3
    return [(Factor(frames, "frames"), Factor(each, f"s at {task.atoms} atoms"))]


def _train_member(task: Task) -> list[Term]:
    terms: list[Term] = []
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in task.of("ensemble"):
        kinds["loop" if name.startswith("iteration") else name].append(name)
    for names in kinds.values():
        training = task.study.training_of(names[0])
        members = sum(task.of("ensemble")[name] for name in names) / len(names)
        step = training_step_s(task.network, task.atoms, training.batch_size, task.meter, task.gpu)
        counts = [Factor(members, "members"), Factor(len(names), "trainings" if len(names) > 1 else "training")]
        terms.append((*counts, Factor(training.steps, "steps"), Factor(step, f"s at {task.atoms} atoms")))
    return [*terms, task.starts("train_start_s")]


def _train_heldout(task: Task) -> list[Term]:
    frames = largest_batch(task.study, "heldout")
    terms: list[Term] = []
    for name in task.of("ensemble"):
        models, each = task.study.training_of(name).members, task.evaluation_s(name, task.atoms)
        terms.append((Factor(frames, "frames"), Factor(models, "models"), Factor(each, f"s at {task.atoms} atoms")))
    return [*terms, task.starts("small_job_s")]


def _train_zero(task: Task) -> list[Term]:
    frames = largest_batch(task.study, "heldout")
    evaluated = [
        (Factor(jobs * frames, "frames"), Factor(task.evaluation_s(name, task.atoms), f"s at {task.atoms} atoms"))
        for name, jobs in task.of("potential").items()
    ]
    return [*evaluated, task.starts("small_job_s")]


def _explore_walks(task: Task) -> list[Term]:
    explore, members = task.study.explore, task.study.train.loop.members
    temperatures = {f"{row.pressure_GPa:g}": len(row.temperatures_K) for row in task.study.grid}
    walks = sum(temperatures[job.wildcards["pressure"]] for job in task.jobs)
    steps = explore.walk_ps * 1000 / explore.time_step_fs
    step = model_step_s(task.network, task.atoms, task.meter, task.gpu)
    evaluations = 1 + members / explore.frame_every_steps
    words = f"evaluations a step (all {members} models every {explore.frame_every_steps} steps)"
    factors = (Factor(walks, "walks"), Factor(steps, "steps"), Factor(evaluations, words))
    return [(*factors, Factor(step, f"s at {task.atoms} atoms")), task.starts("walk_start_s")]


def explored_frames(study: Study) -> float:
    """Frames that one iteration looks at."""
    explore = study.explore
    walks = sum(len(row.temperatures_K) for row in study.grid)
    return walks * (explore.walk_ps - explore.skip_ps) * 1000 / explore.time_step_fs / explore.frame_every_steps


def _explore_select(task: Task) -> list[Term]:
    frames, rounds = explored_frames(task.study), len(task.jobs)
    read = task.meter("selection_us_per_atom", task.atoms) * task.atoms / 1e6
    certificate = task.meter("certificate_ms_per_atom", task.atoms) * task.atoms / 1e3
    select = task.study.select
    chosen = select.frames_per_iteration + states(task.study) * select.audit_frames_per_cell
    return [
        (Factor(rounds, "iterations"), Factor(frames, "explored frames"), Factor(read, "s")),
        (Factor(rounds, "iterations"), Factor(chosen, "certificates"), Factor(certificate, "s")),
        task.starts("small_job_s"),
    ]


def _explore_audit(task: Task) -> list[Term]:
    rounds, members = len(task.jobs), task.study.train.loop.members
    frames = largest_batch(task.study, "iteration-00")
    each = model_step_s(task.network, task.atoms, task.meter, gpu=False)
    evaluated = (Factor(rounds, "iterations"), Factor(frames, "frames"), Factor(members, "models"))
    return [(*evaluated, Factor(each, f"s at {task.atoms} atoms")), task.starts("small_job_s")]


def _search_melts(task: Task) -> list[Term]:
    """Melts are brought to rest as structures of a search are relaxed, but only until forces are small."""
    evaluations, each = task.meter("search_quench_evaluations"), task.evaluation_s("hp", task.atoms)
    melts = (Factor(len(task.jobs), "pressures"), Factor(task.study.search.melts, "melts"))
    return [(*melts, Factor(evaluations, "evaluations"), Factor(each, "s")), task.starts("small_job_s")]


def _search_structures(task: Task) -> list[Term]:
    search, per_unit = task.study.search, task.study.substance.atoms_per_formula_unit
    alone = one_by_one(task.study)
    terms: list[Term] = []
    for text, searches in task.of("units").items():
        units = int(text)
        evaluations, each = relaxation_s(task, units * per_unit, search.relax_steps, alone)
        relaxations = (Factor(searches, "searches"), Factor(search.structures, f"structures (Z={units})"))
        terms.append((*relaxations, Factor(evaluations, "evaluations"), Factor(each, "s")))
    number = sum(task.of("units").values()) * search.structures
    random = task.meter("search_start_s", 3 * max(search.formula_units))
    return [*terms, (Factor(number, "starts"), Factor(random, "s")), task.starts("small_job_s")]


def _search_others(task: Task) -> list[Term]:
    """Structures of others, as if each file held one; how many it holds is known when it is read."""
    search, files = task.study.search, len(files_in(Path(task.study.search.found or "")))
    alone = task.study.train.network.passes_messages
    atoms = max(search.formula_units) * task.study.substance.atoms_per_formula_unit
    evaluations, each = relaxation_s(task, atoms, search.relax_steps, alone)
    relaxed = (Factor(len(task.jobs), "pressures"), Factor(files, "files"), Factor(evaluations, "evaluations"))
    return [(*relaxed, Factor(each, "s")), task.starts("small_job_s")]


def _search_unique(task: Task) -> list[Term]:
    search, per_unit = task.study.search, task.study.substance.atoms_per_formula_unit
    alone = one_by_one(task.study)
    structures = len(search.formula_units) * search.structures
    evaluations, each = relaxation_s(task, max(search.formula_units) * per_unit, search.relax_steps, alone)
    searches = Factor(len(task.jobs), "searches")
    checked = (searches, Factor(search.minima_checked, "relaxed again"), Factor(evaluations, "evaluations"))
    unique = task.meter("search_unique_s", 3 * max(search.formula_units))
    return [
        (searches, Factor(structures, "structures"), Factor(unique, "s")),
        (*checked, Factor(each, "s")),
        task.starts("small_job_s"),
    ]


def _small(task: Task) -> list[Term]:
    return [(Factor(len(task.jobs), "jobs"), Factor(task.meter("small_job_s"), "s"))]


HERE = Path(__file__).relative_to(Path(__file__).resolve().parents[2])
# Rules whose programs start, read, write a table or draw: seconds each.
SMALL = (
    "liquid_frames", "liquid_tables", "liquid_plot", "liquid_plot_frames", "label_request", "label_check",
    "label_collect", "train_assemble", "train_data", "train_given", "train_calculator", "train_release_member",
    "train_card",
    "benchmark_energy_volume", "benchmark_energy_volume_reference", "benchmark_fits", "benchmark_errors",
    "benchmark_relaxed_errors", "benchmark_overlaps", "benchmark_supercells", "benchmark_harmonic",
    "benchmark_harmonic_overlaps", "search_request", "search_found", "search_given",
    "search_transitions", "figures_enthalpies",
    "search_uspex_inputs", "search_uspex_handover",
    "figures_parity", "figures_energy_volume", "figures_found_energies", "figures_found_crystals", "figures_selection",
    "figures_audit", "figures_learning", "figures_gallery", "figures_landscape", "figures_convergence",
    "report_explorer", "figures_relaxed", "figures_harmonic", "figures_melt", "report_summary",
    "report_tables", "report_provenance", "report_dag",
)  # fmt: skip
WORK: dict[str, Callable[[Task], list[Term]]] = {
    **dict.fromkeys(SMALL, _small),
    "liquid_walks": _liquid_walks,
    "liquid_certify": _liquid_certify,
    "label_shard": label_shard,
    "train_member": _train_member,
    "train_heldout": _train_heldout,
    "train_zero": _train_zero,
    "explore_walks": _explore_walks,
    "explore_selection": _explore_select,
    "explore_audit": _explore_audit,
    "benchmark_structures": benchmark_structures,
    "benchmark_volumes": benchmark_volumes,
    "benchmark_relaxed": benchmark_relaxed,
    "benchmark_relaxed_reference": benchmark_relaxed_reference,
    "benchmark_vdos": benchmark_vdos,
    "benchmark_melt": benchmark_melt,
    "search_melts": _search_melts,
    "search_structures": _search_structures,
    "search_uspex_run": _search_structures,
    "search_uspex_structures": _search_structures,  # at most: what USPEX relaxed is near its end
    "search_others": _search_others,
    "search_unique": _search_unique,
    "search_names": search_names,
    "search_stability": search_stability,
    "search_enthalpies": search_enthalpies,
}


def planned_seconds(
    study: Study, jobs: Iterable[Job], boxes: Mapping[int, Box], units: dict[str, UnitCost]
) -> dict[int, float]:
    """Wall seconds of each job by the unit costs, by its number; without those whose rule has no law."""
    known = [job for job in jobs if job.rule in WORK]
    return {number: row.job_s for row in rows_of(study, known, boxes, [], units) for number in row.jobs}


def rows_of(
    study: Study,
    jobs: Iterable[Job],
    boxes: Mapping[int, Box],
    order: Sequence[str],
    units: dict[str, UnitCost],
) -> list[Row]:
    """One row for each rule in each box.

    Args:
        boxes: box of each job by number.
        order: titles of boxes as they shall follow each other.

    Raises:
        UserError: nobody said what a job of one of the rules costs.
    """
    jobs = with_outputs(jobs)
    unplanned = sorted({f"{job.rule} ({job.file})" for job in jobs if job.rule not in WORK})
    if unplanned:
        raise UserError(
            f"{', '.join(unplanned)}: no law says what a job of this rule costs; add the rule to WORK in {HERE} with a "
            "formula, or to SMALL there if it takes seconds"
        )
    groups: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for job in jobs:
        groups[boxes[job.number].title, job.rule].append(job)
    place = {title: position for position, title in enumerate(order)}
    rows = []
    for (box, rule), members in sorted(groups.items(), key=lambda item: place.get(item[0][0], len(place))):
        meter = Meter(units)
        terms = WORK[rule](Task(study, members, meter))
        first = members[0]
        rows.append(
            Row(box, rule, tuple(terms), tuple(job.number for job in members), first.threads, first.gpus,
                first.runtime_min, meter.basis)
        )  # fmt: skip
    return rows
