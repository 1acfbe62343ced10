"""DeePMD models: network, loss, schedule. Defaults are Table 1 of the paper."""

from typing import Any, Literal

from pydantic import Field, model_validator

from melt2crystal.sections.reference import AseCalculator
from melt2crystal.settings import Section, amount


class Network(Section):
    """Descriptor and fitting network: the paper's two-body one (se_e2_a), or one whose atoms pass messages (DPA4).

    DPA4 is DeePMD-kit's SeZM network (doi:10.48550/arXiv.2606.02419). It runs on PyTorch, has a cutoff of its own
    shape and no ``sel``, and can't be compressed.
    """

    descriptor: Literal["se_e2_a", "dpa4"] = Field(
        "se_e2_a",
        description="se_e2_a: two bodies (TensorFlow); dpa4: atoms pass messages (PyTorch: make env-pytorch), for "
        "studies without walks of the model: select.max_iterations 0, benchmark.vdos.enabled false",
    )
    r_cut_A: float = Field(7.0, gt=1, le=15, description="cutoff radius, A (dpa4: of one message)")
    r_smth_A: float = Field(4.0, gt=0, description="where the smooth cutoff begins, A (se_e2_a)")
    embedding: list[int] = Field([50, 100], min_length=1, description="embedding net, neurons per layer (se_e2_a)")
    axis_neurons: int = Field(16, ge=1, description="axis neurons of the descriptor (se_e2_a)")
    fitting: list[int] = Field([250, 250, 250], min_length=1, description="fitting net, neurons per layer (se_e2_a)")
    selection_margin: float = Field(
        1.3, ge=1, le=4, description="sel = margin times the most neighbours found in the data (se_e2_a)"
    )
    channels: int = Field(16, ge=4, le=512, description="features of each atom and degree (dpa4)")
    degree: int = Field(2, ge=1, le=6, description="highest degree of the spherical harmonics (dpa4)")
    blocks: int = Field(2, ge=1, le=8, description="blocks, each of which passes messages once (dpa4)")
    precision: Literal["float64", "float32"] = Field("float64", description="floating-point precision of the networks")

    @property
    def passes_messages(self) -> bool:
        """Whether the model is trained and evaluated by PyTorch; else by TensorFlow."""
        return self.descriptor == "dpa4"

    @property
    def suffix(self) -> str:
        """How the file of a model ends: DeePMD-kit chooses its backend by it."""
        return "pt" if self.passes_messages else "pb"

    @model_validator(mode="after")
    def _shapes(self) -> "Network":
        if self.r_smth_A >= self.r_cut_A:
            raise ValueError(f"r_smth_A ({self.r_smth_A:g}) must be smaller than r_cut_A ({self.r_cut_A:g})")
        if any(n < 1 for n in (*self.embedding, *self.fitting)):
            raise ValueError("a layer has no neurons; every number in embedding and fitting must be at least 1")
        if self.axis_neurons > self.embedding[-1]:
            raise ValueError(
                f"axis_neurons ({self.axis_neurons}) must not exceed the last embedding layer ({self.embedding[-1]})"
            )
        return self


class Prefactors(Section):
    """Loss prefactors [start, limit]; the paper gives one value each, kept constant."""

    energy: tuple[float, float] = Field((5.0, 5.0), description="p_e at the start and the limit")
    force: tuple[float, float] = Field((500.0, 500.0), description="p_f at the start and the limit")
    virial: tuple[float, float] = Field((5.0, 5.0), description="p_v at the start and the limit")

    @model_validator(mode="after")
    def _not_negative(self) -> "Prefactors":
        for name in ("energy", "force", "virial"):
            if min(getattr(self, name)) < 0:
                raise ValueError(f"{name}: a prefactor must not be negative")
        return self


class Training(Section):
    """How one ensemble is trained; the members differ only in the seed."""

    members: int = amount(4, ge=2, le=64, description="models in the ensemble")
    steps: int = Field(1_000_000, ge=10, description="training steps")
    learning_rate_start: float = Field(1e-3, gt=0, lt=1, description="learning rate at the start")
    learning_rate_stop: float = Field(1e-5, gt=0, lt=1, description="learning rate at the end")
    batch_size: int = Field(1, ge=1, description="frames per step")
    prefactors: Prefactors = Field(Prefactors(), description="loss prefactors")

    @model_validator(mode="after")
    def _rate_falls(self) -> "Training":
        if self.learning_rate_stop > self.learning_rate_start:
            raise ValueError("learning_rate_stop must not exceed learning_rate_start")
        return self


class ReleasedTraining(Training):
    """The same; one model may be judged alone."""

    members: int = amount(
        4,
        ge=1,
        le=64,
        description="models in the ensemble; where they are given: so many, default those that are there, at most 4",
    )


class Train(Section):
    """The network, and the ensembles of the loop."""

    network: Network = Field(Network(), description="network of every model")
    loop: Training = Field(Training(), description="ensembles that drive the exploration")
    validation_fraction: float = Field(
        0.1, gt=0, lt=0.5, description="share of the dataset kept for the learning curve"
    )


class AsePotential(AseCalculator):
    """A potential that is judged: any ASE calculator, if need be in another Python environment."""

    calculator_per_frame: bool = Field(
        False, description="a new calculator for each frame, for those that remember the frame before"
    )


class ReleasedPotential(Section):
    """One of the two released potentials."""

    pressures_GPa: list[float] | None = Field(None, description="pressures of the melts it may see; null: all")
    given: str | AsePotential | None = Field(
        None,
        description="a potential that was trained elsewhere is judged, nothing is trained: a folder, as "
        "results/STUDY/models/hp is one, or an ASE calculator by name, with the keys of a reference whose engine is "
        "ase (docs/guides/universal-potentials.md); null: train",
    )
    training: ReleasedTraining = Field(ReleasedTraining(), description="training of the released ensemble")

    @property
    def folder(self) -> str | None:
        """Where a potential of DeePMD-kit that was trained elsewhere lies; None if it is none."""
        return self.given if isinstance(self.given, str) else None

    @property
    def calculator(self) -> AsePotential | None:
        """The ASE calculator that is judged; None if it is none."""
        return self.given if isinstance(self.given, AsePotential) else None

    @property
    def origin(self) -> str | None:
        """The folder or the calculator, as people read it; None: trained here."""
        return self.calculator.calculator if self.calculator else self.folder

    @model_validator(mode="after")
    def _one_calculator(self) -> "ReleasedPotential":
        if self.calculator and "members" in self.training.model_fields_set and self.training.members != 1:
            raise ValueError(
                f"training.members: {self.training.members}: an ASE calculator is one member; say training: "
                "{members: 1}"
            )
        return self

    @model_validator(mode="after")
    def _an_ensemble_where_it_is_trained(self) -> "ReleasedPotential":
        if self.given is None and self.training.members < 2:
            raise ValueError(
                "training.members: 1: an ensemble that is trained here has two members or more; their deviation says "
                "where it does not know a structure (one that is given may be alone)"
            )
        return self


class LowPressurePotential(ReleasedPotential):
    """The potential beside HP, which a study can do without."""

    enabled: bool = amount(
        True,
        description="whether there is one; default: false where release names release.hp.given and no lp: that one is "
        "judged alone, without loop and training set",
    )


class Release(Section):
    """LP (melts at low pressure, 0 GPa by default) and HP (all pressures)."""

    lp: LowPressurePotential = Field(
        LowPressurePotential(pressures_GPa=[0.0]), description="the low-pressure potential"
    )
    hp: ReleasedPotential = Field(ReleasedPotential(), description="the high-pressure potential")

    @model_validator(mode="before")
    @classmethod
    def _one_alone(cls, given: Any) -> Any:
        """``{hp: {given: folder}}`` asks for a judgement of this potential, not for another to be trained beside it."""
        if (
            isinstance(given, dict)
            and "lp" not in given
            and isinstance(given.get("hp"), dict)
            and given["hp"].get("given")
        ):
            return {**given, "lp": {"enabled": False}}
        return given
