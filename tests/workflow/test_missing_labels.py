"""Labels that fail end no study: the summary is written, says which are missing and why."""

import json

import pandas as pd

from melt2crystal.frames import read_frames, write_frames

WHY = "SCF did not converge in 150 steps"


def lose(batch, wanted):
    """The labels of some frames of a batch failed: rows of the shard's table, as the engine would have left them."""
    requested = {frame.info["frame_id"]: frame.info for frame in read_frames(batch / "requested.extxyz")}
    lost = {name for name, info in requested.items() if wanted(info)}
    for path in batch.glob("shard-*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        gone = table["frame_id"].isin(lost)
        table.loc[gone, "status"], table.loc[gone, "reason"] = "unconverged", WHY
        table.to_csv(path, index=False)
        frames = path.with_suffix(".extxyz")
        write_frames(frames, [frame for frame in read_frames(frames) if frame.info["frame_id"] not in lost])
    return len(lost)


def test_a_study_with_failed_labels_has_its_summary(edited):
    """A volume of one crystal, all volumes of another, one of three found structures."""
    results = edited.folder / "results/ci"
    points = lose(
        results / "label/eos",
        lambda info: info["polymorph"] == "stishovite" or float(info["volume_scale"]) == 0.92,
    )
    assert points == 6
    ids = sorted(frame.info["id"] for frame in read_frames(results / "label/found-p10/requested.extxyz"))
    assert lose(results / "label/found-p10", lambda info: info["id"] == ids[0]) == 1
    edited.snakemake("results/ci/summary.md", "results/ci/figures/figure2.png", "results/ci/figures/figure3.png")
    text = (results / "summary.md").read_text()
    assert "7 of the" in text and f"| found-p10 | structure {ids[0]} | unconverged | {WHY} |" in text
    assert f"| eos | alpha_quartz at 0.92 of its volume | unconverged | {WHY} |" in text
    summary = json.loads((results / "summary.json").read_text())
    missing = {batch["batch"]: len(batch["missing"]) for batch in summary["labels"]}
    assert (missing["eos"], missing["found-p10"], missing["initial"]) == (6, 1, 0)
    assert [part["polymorph"] for part in summary["energy_volume"]["hp"]["polymorphs"]] == ["alpha_quartz"]
    assert summary["search"]["labelled"] == len(ids) - 1
