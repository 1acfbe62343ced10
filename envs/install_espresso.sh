#!/usr/bin/env bash
# Quantum ESPRESSO and the two pseudopotentials of the default reference, from Debian (or Ubuntu) packages: make env-espresso.
# Nothing is installed if all of it is there already. Without root it says what to do, and ends with status 1.
set -euo pipefail

PACKAGES=(quantum-espresso quantum-espresso-data openmpi-bin libopenblas0-pthread)
FOLDER=/usr/share/espresso/pseudo
# of reference.checksums (melt2crystal/sections/reference.py); tests/unit/engines/test_espresso_install.py compares them
declare -A CHECKSUMS=(
    [Si.pbe-nl-rrkjus_psl.1.0.0.UPF]=2bd1a6a56a5231397d3d090c5009683b9e2caeebd80ebaa8452b1cf228ed2d27
    [O.pbe-kjpaw.UPF]=2b6ba2a535fad72e0dd8046da3f14876a13829f33e398447fc366012bd7b8999
)

complete() {
    local name
    command -v pw.x > /dev/null && command -v mpirun > /dev/null || return 1
    for name in "${!CHECKSUMS[@]}"; do
        [ -f "$FOLDER/$name" ] || return 1
    done
}

fast_algebra() {  # the reference BLAS is many times slower than OpenBLAS; a pw.x without a shared BLAS is left alone
    local library target
    library=$(ldd "$(command -v pw.x)" 2> /dev/null | awk '/libblas\.so/ {print $3}')
    [ -n "$library" ] || return 0
    target=$(readlink -f "$library") || target=$library
    [[ "$target" != */blas/libblas* ]]
}

explain() {
    cat >&2 << TEXT

Quantum ESPRESSO is not complete here, and it can't be installed: $1.
One of these helps:
  * ask an administrator for the packages: apt-get install --no-install-recommends ${PACKAGES[*]}
  * without root, conda or mamba: create an environment with the package qe of conda-forge, and put its bin on PATH
  * on a cluster: load its module (module avail espresso), or name the program in the study: reference.command
Pseudopotentials that lie elsewhere than $FOLDER: reference.pseudopotential_folder.
TEXT
    exit 1
}

install() {
    local as_root=()
    command -v apt-get > /dev/null || explain "there is no apt-get"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo > /dev/null && sudo -n true 2> /dev/null || explain "this needs root, or sudo without a password"
        as_root=(sudo -n)
    fi
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
    if ! apt-cache show "${PACKAGES[0]}" > /dev/null 2>&1; then
        timeout 300 "${as_root[@]}" "${apt[@]}" update || explain "apt-get update failed"
    fi
    timeout 900 "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "${PACKAGES[@]}" > /dev/null ||
        explain "apt-get install failed (its message is above)"
}

check() {
    local name found folder
    complete || explain "the packages did not bring pw.x, mpirun and the pseudopotentials"
    for name in "${!CHECKSUMS[@]}"; do
        found=$(sha256sum "$FOLDER/$name")
        if [ "${found%% *}" != "${CHECKSUMS[$name]}" ]; then
            echo "$FOLDER/$name: the checksum is ${found%% *}, the released labels were made with ${CHECKSUMS[$name]};" \
                "get that file (reference.pseudopotential_folder), or pin your own (reference.checksums, a new digest)" >&2
            exit 1
        fi
    done
    folder=$(mktemp -d)  # pw.x leaves files where it runs
    # it ends with an error on an empty input, after it has told its version
    (cd "$folder" && timeout 60 pw.x < /dev/null 2> /dev/null | sed -n 's/^ *Program PWSCF \(v[^ ]*\).*/\1/p') > "$folder/version" || true
    if [ ! -s "$folder/version" ]; then
        rm -rf "$folder"
        echo "$(command -v pw.x) does not start; run it by hand to see why" >&2
        exit 1
    fi
    echo "Quantum ESPRESSO $(head -1 "$folder/version"): $(command -v pw.x); pseudopotentials in $FOLDER have their checksums"
    rm -rf "$folder"
    fast_algebra || echo "warning: pw.x uses the slow reference BLAS; install libopenblas0-pthread" >&2
}

complete || install
check
