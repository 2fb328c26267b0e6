#!/usr/bin/env bash
# Prints the path of a Helm binary: the one that HELM_BIN names, else one built from the Go module that e2e/helm
# pins. The first build takes two to three minutes on two cores; after that it is a look-up.
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ -n ${HELM_BIN:-} ]]; then
    [[ -x $HELM_BIN ]] || die "HELM_BIN=$HELM_BIN is not an executable file"
    realpath "$HELM_BIN"
    exit
fi

# required_version MODULE: the version that e2e/helm pins, without its "v".
required_version() {
    awk -v module="$1" '{ sub(/^require /, "") } $1 == module { print substr($2, 2); exit }' "$ROOT/e2e/helm/go.mod"
}

version=$(required_version helm.sh/helm/v3)
[[ -n $version ]] || die "e2e/helm/go.mod names no version of helm.sh/helm/v3"
directory=$CACHE/helm-$version
binary=$directory/helm

# Unstamped, Helm renders for a Kubernetes of years ago.
stamps() {
    local kubernetes package
    kubernetes=$(required_version k8s.io/client-go)
    kubernetes=${kubernetes#*.}
    printf -- '-s -w -X helm.sh/helm/v3/internal/version.version=v%s' "$version"
    for package in chartutil lint/rules; do
        printf -- ' -X helm.sh/helm/v3/pkg/%s.k8sVersionMajor=1' "$package"
        printf -- ' -X helm.sh/helm/v3/pkg/%s.k8sVersionMinor=%s' "$package" "${kubernetes%%.*}"
    done
}

if [[ ! -x $binary ]]; then
    command -v go >/dev/null || die "Go is needed to build Helm $version; or name a binary with HELM_BIN"
    mkdir -p "$directory"
    # Two runs at a time build it once.
    exec 9>"$directory/.lock"
    flock 9
    if [[ ! -x $binary ]]; then
        say "building Helm $version into $directory (once)"
        unfinished=$directory/.helm.$$
        trap 'rm -f "$unfinished"' EXIT
        (cd "$ROOT/e2e/helm" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false \
            nice go build -trimpath -ldflags "$(stamps)" -o "$unfinished" helm.sh/helm/v3/cmd/helm) >&2
        mv "$unfinished" "$binary"
    fi
fi
echo "$binary"
