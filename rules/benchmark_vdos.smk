# Benchmark: vibrational spectra of the known crystals, HP against the reference (after benchmark.smk).

SPECTRA_OF = (["hp", "reference"] if STUDY.benchmark.vdos.reference else ["hp"]) if STUDY.benchmark.vdos.enabled else []


def chunks():
    """Polymorphs whose walks share a process; one more polymorph at the end of the list leaves the full chunks alone."""
    size = STUDY.benchmark.vdos.polymorphs_per_job
    return [POLYMORPHS[start : start + size] for start in range(0, len(POLYMORPHS), size)]


def vdos_settings(wildcards):
    states = of_polymorphs("temperature_K", "pressure_GPa", names=chunks()[int(wildcards.chunk)])
    sections = ["benchmark.vdos", "substance", "seed", *(["reference"] if wildcards.potential == "reference" else [])]
    return settings(*sections, states=states)


def spectra():
    """Spectra of every polymorph, for figure 2."""
    return [f"{RESULTS}/benchmark/vdos/{potential}/{name}.csv" for potential in SPECTRA_OF for name in POLYMORPHS]


rule benchmark_vdos:
    input:
        code=code("benchmark_vdos"),
        structures=f"{RESULTS}/benchmark/structures.extxyz",
        model=lambda wildcards: released_models("hp")[0] if wildcards.potential == "hp" else [],
        files=lambda wildcards: reference_files() if wildcards.potential == "reference" else [],
    output:
        spectra=f"{RESULTS}/benchmark/vdos/walks/{{potential}}-{{chunk}}.csv",
        states=f"{RESULTS}/benchmark/vdos/walks/{{potential}}-{{chunk}}.states.csv",
    log:
        log("benchmark_vdos", "{potential}-{chunk}"),
    benchmark:
        cost("benchmark_vdos", "{potential}-{chunk}")
    wildcard_constraints:
        potential="hp|reference",
        chunk=r"\d+",
    threads: 1
    resources:
        mem_mb=2000,
        runtime=720,
    params:
        settings=vdos_settings,
        model=lambda wildcards: "--model" if wildcards.potential == "hp" else "",
    shell:
        "python scripts/benchmark_vdos.py {params.model} {input.model} --structures {input.structures} "
        "--spectra {output.spectra} --states {output.states} --settings {params.settings:q} > {log} 2>&1"


rule benchmark_overlaps:
    input:
        code=code("benchmark_overlaps"),
        spectra=collect(
            f"{RESULTS}/benchmark/vdos/walks/{{name}}-{{chunk}}.csv", name=SPECTRA_OF, chunk=range(len(chunks()))
        ),
        states=collect(
            f"{RESULTS}/benchmark/vdos/walks/{{name}}-{{chunk}}.states.csv",
            name=SPECTRA_OF,
            chunk=range(len(chunks())),
        ),
    output:
        spectra=spectra(),
        table=f"{RESULTS}/benchmark/vdos/overlaps.csv",
    log:
        log("benchmark_overlaps"),
    benchmark:
        cost("benchmark_overlaps")
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        settings=settings("benchmark.vdos.resolution_THz", polymorphs=POLYMORPHS),
        folder=f"{RESULTS}/benchmark/vdos",
    shell:
        "python scripts/benchmark_overlaps.py {input.spectra} --folder {params.folder} --out {output.table} "
        "--settings {params.settings:q} > {log} 2>&1"
