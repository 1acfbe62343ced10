# Members of an ensemble whose network runs on PyTorch: the last checkpoint is the model, nothing is compressed (dpa4).
from importlib.util import find_spec


onstart:
    # a dry run needs none
    if lacking := [name for name in ("torch", "e3nn", "vesin") if find_spec(name) is None]:
        raise WorkflowError(f"train.network.descriptor: dpa4 needs {', '.join(lacking)}; run 'make env-pytorch'")


rule train_member:
    input:
        info=f"{RESULTS}/train/{{ensemble}}/info.json",
        training=ancient(f"{RESULTS}/train/{{ensemble}}/training.hdf5"),
        validation=ancient(f"{RESULTS}/train/{{ensemble}}/validation.hdf5"),
    output:
        frozen=f"{RESULTS}/train/{{ensemble}}/{{member}}/model.pt",
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
        "python scripts/train_member.py --info {input.info} --training {input.training} "
        "--validation {input.validation} --ensemble {wildcards.ensemble} --member {wildcards.member} "
        "--frozen {output.frozen} --curve {output.curve} --inputs {output.inputs} --settings {params.settings:q} "
        "> {log} 2>&1"


rule train_given:
    input:
        frozen=lambda wildcards: f"{GIVEN[wildcards.ensemble]}/{wildcards.member}.pt",
        inputs=lambda wildcards: f"{GIVEN[wildcards.ensemble]}/{wildcards.member}-input.json",
    output:
        frozen=f"{RESULTS}/train/{{ensemble}}/{{member}}/model.pt",
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
        "python scripts/train_given.py --given {input.frozen} --given-inputs {input.inputs} --frozen {output.frozen} "
        "--inputs {output.inputs} --settings {params.settings:q} > {log} 2>&1"


rule release_member:
    input:
        frozen=f"{RESULTS}/train/{{potential}}/{{member}}/model.pt",
        inputs=f"{RESULTS}/train/{{potential}}/{{member}}/input.json",
    output:
        frozen=f"{RESULTS}/models/{{potential}}/{{member}}.pt",
        inputs=f"{RESULTS}/models/{{potential}}/{{member}}-input.json",
    log:
        log("release_member", "{potential}-{member}"),
    benchmark:
        cost("release_member", "{potential}-{member}")
    localrule: True
    resources:
        mem_mb=500,
        runtime=5,
    message:
        "Releasing member {wildcards.member} of {wildcards.potential}"
    shell:
        "(cp {input.frozen} {output.frozen} && cp {input.inputs} {output.inputs}) > {log} 2>&1"
