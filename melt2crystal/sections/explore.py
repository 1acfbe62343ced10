"""Exploration and selection: the active-learning loop."""

from typing import Literal

from pydantic import Field, model_validator

from melt2crystal.settings import Section, amount


class Explore(Section):
    """Molecular dynamics driven by the ensemble over the (T, p) grid."""

    walk_ps: float = Field(200.0, gt=0, description="length of each walk, ps")
    time_step_fs: float = Field(1.0, ge=0.001, le=5, description="time step, fs")
    frame_every_steps: int = Field(100, ge=1, description="deviation and frame are written every so many steps")
    thermostat_fs: float = Field(100.0, gt=0, description="thermostat damping time, fs")
    barostat_fs: float = Field(500.0, gt=0, description="barostat damping time, fs")
    skip_ps: float = Field(0.0, ge=0, description="beginning of each walk that is not looked at, ps")


class Window(Section):
    """Deviation window; half-open as in DP-GEN: eps_lo <= eps < eps_hi is a candidate."""

    mode: Literal["fixed", "calibrated"] = Field(
        "fixed",
        description="fixed: the two numbers; calibrated: from the deviation on held-out melt, never below those",
    )
    eps_lo: float = Field(0.15, gt=0, description="lower force deviation, eV/Å")
    eps_hi: float = Field(0.30, gt=0, description="upper force deviation, eV/Å")
    lo_percentile: float = Field(
        90.0, gt=0, lt=100, description="calibrated eps_lo: this percentile of the held-out deviation"
    )
    hi_factor: float = Field(3.0, gt=1, description="calibrated eps_hi: this factor times eps_lo")
    lo_share_of_force_max: float = Field(
        0.25,
        gt=0,
        le=1,
        description="calibrated eps_lo: never above this share of the root-mean-square force on an atom of the "
        "held-out labels, in which the models have no part",
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Window":
        if self.eps_lo >= self.eps_hi:
            raise ValueError(f"eps_lo ({self.eps_lo:g}) must be smaller than eps_hi ({self.eps_hi:g})")
        return self


class Select(Section):
    """Which explored frames are labelled, and when the loop ends."""

    max_iterations: int = amount(8, ge=0, le=99, description="largest number of explore-select-label rounds")
    window: Window = Field(Window(), description="deviation window")
    frames_per_iteration: int = Field(200, ge=1, le=100_000, description="most frames labelled in one iteration")
    strategy: Literal["spread", "random"] = Field(
        "spread", description="spread: even over (T, p) and far apart in time; random: a seeded draw, as DP-GEN"
    )
    candidate_fraction_max: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="the loop ends when no (T, p) cell has a larger share of frames that are not accurate",
    )
    frames_per_cell_min: int = Field(
        20, ge=1, description="the loop can't end saturated before every (T, p) cell has shown so many frames"
    )
    audit_frames_per_cell: int = Field(
        1,
        ge=0,
        le=1000,
        description="accurate frames of each (T, p) cell that are labelled too, drawn at random: what was not chosen",
    )
    density_range_g_per_cm3: tuple[float, float] | None = Field(
        None, description="frames outside are invalid, g/cm3; null: around the densities of the study's own melts"
    )
    density_margin: float = Field(
        0.5,
        gt=0,
        le=10,
        description="how far around: 1 + this times the densest certified melt frame, and the least dense one divided "
        "by that",
    )
