# What the rules from the melt to the potentials ask: files of a batch, an ensemble, an iteration. Functions only.
from functools import lru_cache
from math import ceil

from melt2crystal.study.batches import largest_batch

PURPOSES = ["train", "heldout"]
MELT = f"{RESULTS}/liquid/{{purpose}}/p{{pressure}}"
PURPOSE_OF = {"initial": "train", "heldout": "heldout"}


def frames_per_walk(purpose):
    liquid = STUDY.liquid
    return liquid.frames_per_state if purpose == "train" else liquid.heldout_frames_per_state


def length_of_walks(wildcards):
    if wildcards.purpose == "heldout":
        return STUDY.liquid.heldout_walk_ps
    return ROWS[wildcards.pressure].walk_ps or STUDY.liquid.walk_ps


def melt_tables(name):
    """A file of every melt, training first, pressures in the grid's order."""
    return [f"{RESULTS}/liquid/{purpose}/p{pressure}/{name}" for purpose in PURPOSES for pressure in PRESSURES]


def melt_folder(purpose):
    """Where the melts of a study lie that takes them from files."""
    return f"{RESULTS}/liquid/{purpose}/given"


# Melts from files need not lie at the pressures that are explored: each walk starts from the nearest of all.
STARTS_OF_WALKS = (
    f"{melt_folder('train')}/certified.extxyz"
    if STUDY.liquid.frames
    else f"{RESULTS}/liquid/train/p{{pressure}}/certified.extxyz"
)


@lru_cache
def number_of_shards(batch):
    if not STUDY.label.compute or (STUDY.liquid.frames and batch in PURPOSE_OF):
        return 1  # looked up, or of a number that only the files know
    return max(1, ceil(largest_batch(STUDY, batch) / STUDY.jobs.frames_per_shard(STUDY.label.frames_per_shard)))


def shards_of(wildcards):
    return [
        f"{RESULTS}/label/{wildcards.batch}/shard-{shard}.extxyz" for shard in range(number_of_shards(wildcards.batch))
    ]


def parts_of_dataset(wildcards):
    """dataset(i) = dataset(i-1) + labels(i-1)."""
    number = int(wildcards.iteration)
    if number == 0:
        return [f"{RESULTS}/label/initial/labels.extxyz"]
    return [
        f"{RESULTS}/dataset/{number - 1:02d}/dataset.extxyz",
        f"{RESULTS}/label/iteration-{number - 1:02d}/labels.extxyz",
    ]


TRAINED_AS = ("model", "compressed")
COMPRESSED = "" if PYTORCH else "--compressed {output.compressed}"  # of a command


def model_files(folder, frozen, compressed):
    """Files of a member's model: frozen, and compressed where that can be (se_e2_a)."""
    names = {"frozen": frozen} if PYTORCH else {"frozen": frozen, "compressed": compressed}
    return {kind: f"{folder}/{name}.{STUDY.train.network.suffix}" for kind, name in names.items()}


def best_model(folder, frozen, compressed):
    """The compressed one, if there is one."""
    return [*model_files(folder, frozen, compressed).values()][-1]


# Folders of potentials that were trained elsewhere.
GIVEN = {name: folder for name in ("lp", "hp") if (folder := getattr(STUDY.release, name).given)}
TRAINED = "|".join([r"iteration-\d\d", *(name for name in ("lp", "hp") if name not in GIVEN)])


def given_manifest(ensemble):
    """What a potential that was trained elsewhere has seen."""
    return f"{GIVEN[ensemble]}/manifest.json" if ensemble in GIVEN else []


def iteration_of(ensemble):
    return ensemble.removeprefix("iteration-") if ensemble.startswith("iteration") else final_iteration()


def manifest_of(wildcards):
    return f"{RESULTS}/dataset/{iteration_of(wildcards.ensemble)}/manifest.json"


def dataset_of(wildcards):
    return f"{RESULTS}/dataset/{iteration_of(wildcards.ensemble)}/dataset.extxyz"


def pressures_of(ensemble):
    """Pressures an ensemble may see, null for all."""
    return None if ensemble.startswith("iteration") else getattr(STUDY.release, ensemble).pressures_GPa
