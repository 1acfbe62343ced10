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


rule train_member:
    input:
        info=f"{RESULTS}/train/{{ensemble}}/info.json",
        training=ancient(f"{RESULTS}/train/{{ensemble}}/training.hdf5"),
        validation=ancient(f"{RESULTS}/train/{{ensemble}}/validation.hdf5"),
    output:
        **model_files(f"{RESULTS}/train/{{ensemble}}/{{member}}", *TRAINED_AS),
        curve=f"{RESULTS}/train/{{ensemble}}/{{member}}/lcurve.csv",
        inputs=f"{RESULTS}/train/{{ensemble}}/{{member}}/input.json",
    log:
        log("train_member", "{ensemble}-{member}"),
    benchmark:
        cost("train_member", "{ensemble}-{member}")
    wildcard_constraints:
        ensemble=TRAINED,
    priority: 10  # on the critical path
    threads: 1
    resources:
        mem_mb=memory(4000),
        gpu=GPUS,
        runtime=1440,
    params:
        *code("train_member"),
        settings=lambda wildcards: settings("train.network", "seed", training=training_settings(wildcards.ensemble)),
        packages=packages(*MODELS),
    message:
        "Training member {wildcards.member} of ensemble {wildcards.ensemble}"
    shell:
        " ".join(
            (
                "python scripts/train_member.py --info {input.info} --training {input.training}",
                "--validation {input.validation} --ensemble {wildcards.ensemble} --member {wildcards.member}",
                f"--frozen {{output.frozen}} {COMPRESSED} --curve {{output.curve}} --inputs {{output.inputs}}",
                "--settings {params.settings:q} > {log} 2>&1",
            )
        )


rule train_given:
    input:
        frozen=lambda wildcards: f"{GIVEN[wildcards.ensemble]}/{wildcards.member}.{STUDY.train.network.suffix}",
        inputs=lambda wildcards: f"{GIVEN[wildcards.ensemble]}/{wildcards.member}-input.json",
    output:
        **model_files(f"{RESULTS}/train/{{ensemble}}/{{member}}", *TRAINED_AS),
        inputs=f"{RESULTS}/train/{{ensemble}}/{{member}}/input.json",
    log:
        log("train_given", "{ensemble}-{member}"),
    benchmark:
        cost("train_given", "{ensemble}-{member}")
    wildcard_constraints:
        ensemble="|".join(GIVEN) or "none is given",
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=30,
    params:
        *code("train_given"),
        settings=settings("substance"),
        packages=packages(*MODELS),
    message:
        "Taking member {wildcards.member} of {wildcards.ensemble} from where it was trained"
    shell:
        " ".join(
            (
                "python scripts/train_given.py --given {input.frozen} --given-inputs {input.inputs}",
                f"--frozen {{output.frozen}} {COMPRESSED} --inputs {{output.inputs}}",
                "--settings {params.settings:q} > {log} 2>&1",
            )
        )


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
