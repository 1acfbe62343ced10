# What jobs need, wherever they run: memory, GPUs, ranks, and packages of the lock. Queues, accounts and modules are the
# profile's. Functions alone.
from melt2crystal.report.versions import pins_text
from melt2crystal.settings import places_text

GPUS = STUDY.jobs.gpus
RANKS = STUDY.jobs.label_ranks or getattr(STUDY.reference, "ranks", 1)
# The slurm plugin gives such a job its cores as tasks and leaves them to the launcher that the reference calls (srun);
# on a laptop `threads` count. With `threads` alone, srun would wait for ever for the cores that its own job step holds.
RANKS_AS_TASKS = {"mpi": "srun", "tasks": RANKS, "cpus_per_task": 1} if RANKS > 1 else {}
if RANKS > 1:
    os.environ.update(SLURM_NTASKS=str(RANKS))  # the plugin hides it from the job, and srun would start a single rank
# No melt begins while the reference is being checked: a missing program or file is told before walks have cost hours. By a
# resource, of which the check takes all: as an input of the walks, its file would melt finished studies again.
MELTING = 10_000
workflow.register_resource("melting", MELTING)
# Where labels are only looked up, a missing one is told before the trainings have cost hours.
LABELS_FIRST = 0 if STUDY.computes_labels else 20


PLACES = places_text(STUDY.reference)
TOLERANCE = STUDY.label.failure_tolerance
BATCHES_OF_MELTS = re.compile("initial|heldout|iteration-")  # batches of melts; the others only judge


@signed
def places(wildcards, output):
    """Command, ranks and folders of the reference. Snakemake keeps no record of a parameter that is a function of
    ``output`` (here for that alone): so none of it reruns a label."""
    return PLACES


@signed
def tolerated(wildcards, output):
    """Share of a batch's labels that may fail; of crystals and found structures, which only judge, any. Not recorded,
    as places are not: another tolerance asks a batch that stopped once more, and no other."""
    return TOLERANCE if BATCHES_OF_MELTS.match(wildcards.batch) else 1.0


def relaxing(used):
    """Resources of a job that relaxes crystals with the reference, if it does."""
    if not used:
        return {"mem_mb": memory(1000)}
    return {**RANKS_AS_TASKS, "mem_mb": memory(STUDY.jobs.label_MB_per_rank * RANKS)}


def of_clone(*paths):
    """Files of the repository as inputs of a rule: relative, unless the workflow works in another folder."""
    return list(paths) if PROJECT == ROOT else [str(ROOT / path) for path in paths]


def memory(megabytes):
    """mem_mb that grows with every attempt: a job killed for its memory gets more (`retries` of the profile)."""
    return signed(lambda wildcards, attempt: megabytes * min(attempt, 3))


# Packages of the lock whose release the numbers of a job depend on; a rule names its own.
# Left out on purpose: what only reads, carries or tabulates (numpy, scipy, pandas, dpdata, and ASE where it moves no
# atom). And jobs of the reference name none: labels and relaxed crystals that were paid for outlive an upgrade.
PYTORCH = STUDY.train.network.passes_messages
BACKEND = ("e3nn", "torch", "vesin") if PYTORCH else ("tensorflow-cpu",)
MODELS = ("deepmd-kit", *BACKEND)  # for training a model, and each evaluation of one
LOCKS = [ROOT / "envs" / f"{name}.txt" for name in ("requirements", *(["requirements-pytorch"] if PYTORCH else []))]


def packages(*names):
    """Pinned versions of these packages, as a parameter: an edit of the lock reruns the jobs that name an edited one."""
    try:
        return pins_text(LOCKS, names)
    except UserError as error:
        raise WorkflowError(str(error)) from None


TITLE_OF = {
    "figures_parity": ("1", "Held-out melt: energies and forces"),
    "figures_energy_volume": ("2", "Energy-volume curves of the polymorphs"),
    "figures_found_energies": ("3", "Energies of the structures found"),
    "figures_found_crystals": ("4", "Structures found beside known crystals"),
    "figures_relaxed": ("5", "Crystals relaxed"),
    "figures_harmonic": ("6", "Harmonic vibrations"),
    "figures_melt": ("7", "The melt itself"),
    "figures_enthalpies": ("8", "Enthalpies over pressure"),
    "figures_gallery": ("9", "The best structures found"),
    "figures_landscape": ("9", "Enthalpy against volume"),
    "figures_convergence": ("E", "Convergence of the search"),
    "liquid_plot": ("A", "Melts and their certificates"),
    "liquid_plot_frames": ("A", "Melts and their certificates"),
    "figures_selection": ("B", "Selection of frames in the loop"),
    "figures_audit": ("C", "Audit of the selection"),
    "figures_learning": ("D", "Learning curves"),
}


def picture(rule, path=None):
    """PNG of a figure, in the report with its caption."""
    number, shows = TITLE_OF[rule]
    return report(
        path or PATHS.figure(rule, "png"),
        caption=f"../report/{rule}.rst",
        category="2. Figures",
        labels={"Figure": number, "Shows": shows},
    )
