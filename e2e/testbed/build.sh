#!/usr/bin/env bash
# Builds the cluster's programs from their Go modules, once for each version, into $TESTBED/bin.
#
# The first build takes about twelve minutes on two cores; after that it is a look-up. The versions stand in
# cluster/go.mod and coredns/go.mod, so that raising one there builds that component anew and no other.
#
#   --control-plane   etcd and Kubernetes alone, for a cluster without nodes
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

IMAGE=$ROOT/manifests/images/image.py
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false

# install_directory TARGET COMMAND...: runs the command with an empty directory as its last argument and gives
# that directory its final name when all went well. An interrupted build leaves no half-filled TARGET.
install_directory() {
    local target=$1 unfinished=$1.unfinished start=$SECONDS
    shift
    [[ ! -d $target ]] || return 0
    say "building $(basename "$target") (once)"
    rm -rf "$unfinished"
    mkdir "$unfinished"
    "$@" "$unfinished"
    mv "$unfinished" "$target"
    say "built $(basename "$target") in $((SECONDS - start)) s"
}

build_kubernetes() {
    local directory=$1 flags='-s -w' package
    local minor=${KUBERNETES_VERSION#*.}
    minor=${minor%%.*}
    # Unstamped, the programs call themselves v0.0.0, and clients choose their behaviour by this version.
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        flags+=" -X $package.gitVersion=v$KUBERNETES_VERSION -X $package.gitMajor=${KUBERNETES_VERSION%%.*}"
        flags+=" -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
    done
    (cd "$HERE/cluster" && go_build -ldflags="$flags" -o "$directory/" \
        k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kube-proxy,kubectl})
}

build_etcd() {
    # The package is called "server": it needs a file name, not only a directory.
    (cd "$HERE/cluster" && go_build -ldflags='-s -w' -o "$1/etcd" go.etcd.io/etcd/server/v3)
}

build_coredns() {
    (cd "$HERE/coredns" && go_build -ldflags='-s -w' -o "$1/coredns" .)
    "$IMAGE" --name testbed.local/coredns:1 --output "$1/coredns.tar" --file "$1/coredns:/coredns" \
        --entrypoint /coredns
}

# The pods' own programs, and images from them.
build_tools() {
    local applet links=()
    (cd "$HERE/cluster" && go_build -ldflags='-s -w' -o "$1/" ./cmd/cri-purge ./cmd/probe)
    cc -Os -static -s -o "$1/pause" "$HERE/pause.c"
    "$IMAGE" --name testbed.local/pause:1 --output "$1/pause.tar" --file "$1/pause:/pause" --entrypoint /pause
    for applet in $(/bin/busybox --list); do
        [[ $applet == busybox ]] || links+=(--link "busybox:/bin/$applet")
    done
    "$IMAGE" --name testbed.local/tools:1 --output "$1/tools.tar" --file /bin/busybox:/bin/busybox \
        --file "$1/probe:/bin/probe" "${links[@]}" --directory /tmp:1777 --command /bin/sh
    # They change with every edit, and only the latest are of use.
    find "$TESTBED/bin" -maxdepth 1 -name 'tools-*' ! -name "$(basename "$TOOLS_BIN")*" -exec rm -rf {} +
}

# Leaves the machine usable while it compiles for minutes.
go_build() { nice go build -trimpath "$@"; }

case ${1:-} in
'') node=("$TOOLS_BIN" "$COREDNS_BIN") ;;
--control-plane) node=() ;;
*) die "usage: build.sh [--control-plane]" ;;
esac
missing=()
for directory in "$KUBERNETES_BIN" "$ETCD_BIN" "${node[@]}"; do
    [[ -d $directory ]] || missing+=("$(basename "$directory")")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0
command -v go >/dev/null || die "Go is needed to build ${missing[*]}"
[[ ${#node[@]} == 0 ]] || command -v cc >/dev/null ||
    die "a C compiler is needed to build ${missing[*]}: apt-get install gcc libc6-dev"

# Two runs at a time build it once.
mkdir -p "$TESTBED/bin"
exec 8>"$TESTBED/bin/.lock"
flock 8
if [[ ${#node[@]} -gt 0 ]]; then
    install_directory "$TOOLS_BIN" build_tools
    install_directory "$COREDNS_BIN" build_coredns
fi
install_directory "$ETCD_BIN" build_etcd
install_directory "$KUBERNETES_BIN" build_kubernetes
