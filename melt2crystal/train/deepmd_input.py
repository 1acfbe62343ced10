"""DeePMD-kit's training input for the two networks, from the study's settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from melt2crystal.sections.train import Network, Training

CHECKPOINT = "model.ckpt"


def training_input(
    network: "Network",
    training: "Training",
    species: Sequence[str],
    sel: Sequence[int],
    systems: dict[str, list[str]],
    seed: int,
) -> dict[str, Any]:
    """DeePMD's input for one model.

    Args:
        sel: neighbours per species (se_e2_a).
        systems: "training" and "validation" -> paths as DeePMD reads them (``file.hdf5#/system``).
        seed: the only thing that differs between the members of an ensemble.
    """
    report_every = max(1, training.steps // 50)
    start, limit = zip(
        *(training.prefactors.energy, training.prefactors.force, training.prefactors.virial), strict=True
    )
    loss: dict[str, Any] = {"type": "ener"}
    for letter, first, last in zip("efv", start, limit, strict=True):
        loss[f"start_pref_{letter}"], loss[f"limit_pref_{letter}"] = first, last
    result: dict[str, Any] = {
        "model": _message_passing(network, species, seed)
        if network.passes_messages
        else _two_bodies(network, species, sel, seed),
        "learning_rate": {
            "type": "exp",
            "start_lr": training.learning_rate_start,
            "stop_lr": training.learning_rate_stop,
            "decay_steps": max(1, min(5000, training.steps // 100)),
        },
        "loss": loss,
        "training": {
            "training_data": {"systems": systems["training"], "batch_size": training.batch_size},
            "validation_data": {"systems": systems["validation"], "batch_size": 1, "numb_btch": 2},
            "numb_steps": training.steps,
            "seed": seed,
            "disp_file": "lcurve.out",
            "disp_freq": report_every,
            "save_freq": report_every * 5,
            "save_ckpt": CHECKPOINT,
            "max_ckpt_keep": 2,
        },
    }
    if network.passes_messages:
        result["optimizer"] = {"type": "HybridMuon", "weight_decay": 0.0}  # what DeePMD-kit trains DPA4 with
        result["training"]["gradient_max_norm"] = 5.0
    return result


def _two_bodies(network: "Network", species: Sequence[str], sel: Sequence[int], seed: int) -> dict[str, Any]:
    """The paper's network, se_e2_a (L. Zhang et al., NeurIPS 31, 4436 (2018))."""
    return {
        "type_map": list(species),
        "descriptor": {
            "type": "se_e2_a",
            "sel": list(sel),
            "rcut": network.r_cut_A,
            "rcut_smth": network.r_smth_A,
            "neuron": network.embedding,
            "axis_neuron": network.axis_neurons,
            "resnet_dt": False,
            "precision": network.precision,
            "seed": seed,
        },
        "fitting_net": {
            "neuron": network.fitting,
            "resnet_dt": True,
            "precision": network.precision,
            "seed": seed,
        },
    }


def _message_passing(network: "Network", species: Sequence[str], seed: int) -> dict[str, Any]:
    """DPA4; what isn't in the settings is DeePMD-kit's default, or the smaller of its choices."""
    return {
        "type": "DPA4",
        "type_map": list(species),
        "descriptor": {
            "rcut": network.r_cut_A,
            "channels": network.channels,
            "n_radial": 12,
            "lmax": network.degree,
            "mmax": 1,
            "n_blocks": network.blocks,
            "mixing_layers": 2,
            "n_focus": 1,
            "edge_norm": False,
            "ffn_so3_grid": False,
            "message_node_so3": False,
            "use_amp": False,
            "precision": network.precision,
            "seed": seed,
        },
        "fitting_net": {"neuron": [0], "precision": network.precision, "seed": seed},  # 0: as wide as the descriptor
        "use_compile": False,
        "enable_tf32": False,
    }


def member_input(
    network: "Network", training: "Training", info: dict[str, Any], study_seed: int, ensemble: str, member: int
) -> dict[str, Any]:
    """DeePMD's input for one member of an ensemble, whose folder lies beside the training data.

    Args:
        info: what info.json of the training data says.
        study_seed: seed of the study; the member's own is drawn from it.
    """
    from melt2crystal.seeds import seed_for  # here: the server that forks dp's commands needs none of it

    systems = {
        kind: [f"../{kind}.hdf5#/{name}" for name in info[f"{kind}_systems"]] for kind in ("training", "validation")
    }
    seed = seed_for(study_seed, "train", ensemble, member)
    return training_input(network, training, info["species"], info["sel"], systems, seed)
