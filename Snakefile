# melt2crystal: does a machine-learning potential that has seen only the melt know the crystals?
# This file is the table of contents. Settings: config/. One stage, one file: rules/.
from snakemake.utils import min_version

min_version("9.0")


container: "envs/melt2crystal.sif"


configfile: "config/config.yaml"


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/functions_needs.smk"
include: "rules/functions_packages.smk"
include: "rules/functions_potentials.smk"
include: "rules/functions_evaluation.smk"
include: "rules/functions_report.smk"
include: "rules/liquid_given.smk" if STUDY.liquid.frames else "rules/liquid.smk"
include: "rules/label.smk"
include: "rules/train.smk"
include: "rules/explore.smk"
include: "rules/release.smk"
include: "rules/benchmark_structures.smk"
include: "rules/benchmark.smk"
include: "rules/benchmark_vdos.smk"
include: "rules/benchmark_harmonic.smk"
include: "rules/search.smk"
include: "rules/search_given.smk"
include: "rules/figures.smk"
include: "rules/figures_loop.smk"
include: "rules/summary.smk"


# One target for each part of the paper: `snakemake potentials`, `snakemake benchmark`, ...
rule potentials:
    input:
        f"{RESULTS}/liquid/liquid.png",
        expand(f"{RESULTS}/models/{{potential}}/card.md", potential=["lp", "hp"]),
    localrule: True


rule benchmark:
    input:
        ENERGY_VOLUME,
        f"{RESULTS}/benchmark/vdos/overlaps.csv" if SPECTRA_OF else [],
        f"{RESULTS}/benchmark/harmonic/overlaps.csv" if HARMONIC else [],
    localrule: True


rule search:
    input:
        f"{RESULTS}/search/found.csv" if STUDY.search.enabled else [],
    localrule: True


rule all:
    default_target: True
    input:
        rules.potentials.input,
        rules.benchmark.input,
        rules.search.input,
        rules.figures.input,
        f"{RESULTS}/summary.json",
        f"{RESULTS}/summary.md",
    localrule: True


include: "rules/report.smk"
