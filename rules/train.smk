# Ensembles of DeePMD models: those of the loop (iteration-00, ...) and the two released ones (lp, hp) alike.


rule train_data:
    input:
        manifest=manifest_of,  # small, holds the dataset's digest: an identical dataset retrains nothing
        dataset=ancient(dataset_of),
    output:
        training=f"{RESULTS}/train/{{ensemble}}/training.hdf5",
        validation=f"{RESULTS}/train/{{ensemble}}/validation.hdf5",
        info=f"{RESULTS}/train/{{ensemble}}/info.json",
    log:
        log("train_data", "{ensemble}"),
    benchmark:
        cost("train_data", "{ensemble}")
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=30,
    params:
        *code("train_data"),
        settings=lambda wildcards: settings(
            "substance",
            "train.network",
            "seed",
            pressures_GPa=pressures_of(wildcards.ensemble),
            validation_fraction=STUDY.train.validation_fraction,
        ),
    message:
        "Preparing training data of ensemble {wildcards.ensemble}"
    shell:
        "python scripts/train_data.py --dataset {input.dataset} --training {output.training} "
        "--validation {output.validation} --info {output.info} --settings {params.settings:q} > {log} 2>&1"


rule train_heldout:
    input:
        models=lambda wildcards: models_of(wildcards.ensemble),
        seen=lambda wildcards: given_manifest(wildcards.ensemble),
        heldout=f"{RESULTS}/label/heldout/labels.extxyz",
    output:
        arrays=f"{RESULTS}/train/{{ensemble}}/heldout.npz",
        errors=f"{RESULTS}/train/{{ensemble}}/heldout.json",
    log:
        log("train_heldout", "{ensemble}"),
    benchmark:
        cost("train_heldout", "{ensemble}")
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    params:
        *code("train_heldout"),
        packages=packages(*MODELS),
    message:
        "Testing ensemble {wildcards.ensemble} on held-out melt"
    shell:
        "python scripts/train_heldout.py {input.models} --heldout {input.heldout} --seen '{input.seen}' "
        "--arrays {output.arrays} --errors {output.errors} > {log} 2>&1"
