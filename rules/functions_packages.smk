# Packages of the lock whose release the numbers of a job depend on; a rule names its own. Functions, and one check.
# Left out on purpose: what only reads, carries or tabulates (numpy, scipy, pandas, dpdata, and ASE where it moves no
# atom). And jobs of the reference name none: labels and relaxed crystals that were paid for outlive an upgrade.
from importlib.util import find_spec

from melt2crystal.report.versions import pins_text

# training a model, and each evaluation of one
PYTORCH = STUDY.train.network.passes_messages
BACKEND = ("e3nn", "torch", "vesin") if PYTORCH else ("tensorflow-cpu",)
MODELS = ("deepmd-kit", *BACKEND)
LOCKS = [ROOT / "envs" / f"{name}.txt" for name in ("requirements", *(["requirements-pytorch"] if PYTORCH else []))]


def packages(*names):
    """Pinned versions of these packages, as a parameter: an edit of the lock reruns the jobs that name an edited one."""
    try:
        return pins_text(LOCKS, names)
    except UserError as error:
        raise WorkflowError(str(error)) from None


onstart:
    # a dry run needs none
    if lacking := [name for name in BACKEND if PYTORCH and find_spec(name) is None]:
        raise WorkflowError(f"train.network.descriptor: dpa4 needs {', '.join(lacking)}; run 'make env-pytorch'")
