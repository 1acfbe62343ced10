"""What the judges of known crystals and melts cost, as products of factors that the plan shows."""

from melt2crystal.plan.crystals import cells, supercell_atoms
from melt2crystal.plan.label_work import relaxed
from melt2crystal.plan.laws import classical_step_s, model_step_s, search_evaluations
from melt2crystal.plan.rows import Factor, Term
from melt2crystal.plan.task import Task
from melt2crystal.study.parameters import melt_states


def benchmark_structures(task: Task) -> list[Term]:
    """Crystals relaxed once by the reference, where that is asked for."""
    return relaxed(task, task.study.benchmark.energy_volume.structures == "reference", 1)


def benchmark_volumes(task: Task) -> list[Term]:
    """Ions relaxed by the reference at each volume, where that is asked for."""
    rules = task.study.benchmark.energy_volume
    return relaxed(task, rules.ions == "relaxed", len(rules.volume_scales))


def benchmark_relaxed(task: Task) -> list[Term]:
    """Relaxations of the polymorphs by each member of each potential."""
    rules, sizes = task.study.benchmark.relaxed, cells(task.study)
    points = len(sizes) * len(rules.pressures_GPa)
    terms: list[Term] = []
    for potential, jobs in task.of("potential").items():
        each = [relaxation_s(task, cell.atoms, rules.steps, True, potential) for cell in sizes.values()]
        mean = sum(evaluations * seconds for evaluations, seconds in each) / len(each)
        members = task.study.training_of(potential).members
        counts = (Factor(jobs * points, "relaxations"), Factor(members, "members"))
        terms.append((*counts, Factor(mean, f"s ({potential})")))
    return [*terms, task.starts("small_job_s")]


def benchmark_relaxed_reference(task: Task) -> list[Term]:
    """The same by the reference, from each of its starts."""
    rules = task.study.benchmark.relaxed
    return relaxed(task, task.study.reference_relaxes_crystals, rules.starts * len(rules.pressures_GPa))


def benchmark_vdos(task: Task) -> list[Term]:
    """Walks of the polymorphs by HP and by the reference."""
    rules, terms = task.study.benchmark.vdos, []
    sizes = supercell_atoms(task.study)
    steps = (rules.equilibrate_ps + rules.walk_ps) * 1000 / rules.time_step_fs
    for potential in task.of("potential"):
        if potential == "hp":
            each = [model_step_s(task.network, atoms, task.meter, gpu=False) for atoms in sizes.values()]
        else:
            each = [classical_step_s(atoms, task.meter) for atoms in sizes.values()]
        words = f"s at {min(sizes.values())}-{max(sizes.values())} atoms ({potential})"
        terms.append((Factor(len(sizes), "walks"), Factor(steps, "steps"), Factor(sum(each) / len(each), words)))
    hp = task.of("potential").get("hp", 0)
    return [*terms, (Factor(hp, "starts"), Factor(task.meter("walk_start_s"), "s"))]


def benchmark_melt(task: Task) -> list[Term]:
    """Walks of the melt by each potential, and twice by the reference."""
    rules = task.study.benchmark.melt
    terms: list[Term] = []
    steps = (rules.equilibrate_ps + rules.walk_ps) * 1000 / rules.time_step_fs
    walks = Factor(len(melt_states(task.study)), "walks")
    for whose, jobs in task.of("whose").items():
        if whose in task.study.potentials:
            each = model_step_s(task.network, task.atoms, task.meter, gpu=False)
            terms.append((Factor(jobs, "starts"), Factor(task.meter("walk_start_s"), "s")))
        else:
            each = classical_step_s(task.atoms, task.meter)
        terms.append((walks, Factor(steps, "steps"), Factor(each, f"s at {task.atoms} atoms ({whose})")))
    return terms


def relaxation_s(task: Task, atoms: int, most: int, alone: bool, potential: str = "hp") -> tuple[float, float]:
    """Evaluations of a relaxation, at most ``most``, and seconds of each: ``alone``, or many in lock step."""
    units = max(1, atoms // task.study.substance.atoms_per_formula_unit)
    number = search_evaluations(units, atoms, most, task.meter)
    beside = task.meter("search_ms_per_evaluation" if alone else "search_lock_step_ms_per_evaluation", atoms) / 1e3
    calculator = (task.study.release.lp if potential == "lp" else task.study.release.hp).calculator
    base = 0.0 if calculator else task.meter("walk_base_ms") / 1e3  # of LAMMPS; the search has ASE's instead
    return number, beside + task.evaluation_s(potential, atoms) - base
