#!/usr/bin/env bash
# Builds the release programs, static, and makes the container images from them, without a container engine. The
# archives land in target/images; `docker load`, `podman load` and `ctr images import` take them.
#
#   IMAGES   another directory for the archives
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../e2e/scripts/lib.sh"
cd "$ROOT"

HERE=manifests/images
OUTPUT=${IMAGES:-target/images}
VERSION=$(awk -F '"' '/^version = / { print $2; exit }' Cargo.toml)
TARGET=$(uname -m)-unknown-linux-gnu
# Where the program PROGRAM ends up; the agent is built for size alone.
profile_of() {
    if [[ $1 == vault-agent ]]; then echo dist-agent; else echo dist; fi
}

# As cargo leaves it, and as it goes into the image.
built_file() {
    echo "target/$TARGET/$(profile_of "$1")/$1"
}

program_file() {
    echo "target/$TARGET/$(profile_of "$1")/slim/$1"
}

# What an image may weigh, unpacked, in bytes.
AGENT_LIMIT=6000000
INJECTOR_LIMIT=12000000

# An explicit target keeps these flags away from build scripts and from the development builds' directory. Panic
# messages name source files: ours are relative already, and those of dependencies need not tell the builder's home.
flags() {
    local home=${CARGO_HOME:-$HOME/.cargo} glibc
    echo "-C target-feature=+crt-static --remap-path-prefix=$home=/cargo"
    # The compact form of relocations, 0.3 MB less. A static program applies them itself, from glibc 2.36 on.
    glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || return 0
    if [[ $(printf '%s\n' 2.36 "${glibc##* }" | sort -V | head -n 1) == 2.36 ]]; then
        echo "-C link-arg=-Wl,-z,pack-relative-relocs"
    fi
}

# One at a time: built together, each would get the dependencies' features that only the other one needs.
build_programs() {
    local program
    for program in vault-agent vault-injector secrets-operator; do
        RUSTFLAGS=$(flags | tr '\n' ' ') \
            nice cargo build --locked --profile "$(profile_of "$program")" --target "$TARGET" -p "$program"
        without_unwind_tables "$program"
    done
}

# A panic ends the process, so nobody reads them: an eighth of a program. `-C force-unwind-tables=no` has no effect, as
# the standard library comes with its own.
without_unwind_tables() {
    mkdir -p "$(dirname "$(program_file "$1")")"
    objcopy --remove-section=.eh_frame --remove-section=.eh_frame_hdr "$(built_file "$1")" "$(program_file "$1")"
}

# starts_alone PROGRAM: it runs where there is nothing else: no loader, no libraries, no files.
starts_alone() {
    local program=$1 root status=0
    root=$(mktemp -d)
    cp "$(program_file "$program")" "$root/"
    chmod 0755 "$root"
    if [[ $(id -u) == 0 ]]; then
        chroot --userspec=65532:65532 "$root" "/$program" --version || status=$?
    elif unshare --map-root-user true 2>/dev/null; then
        unshare --map-root-user --root="$root" "/$program" --version || status=$?
    else
        say "not tried in an empty root: that needs root or user namespaces"
    fi
    rm -rf "$root"
    [[ $status == 0 ]] || die "$program does not start in an empty root"
}

# image NAME ARGUMENT...: what all of our images have in common. The tag is a version, never "latest".
image() {
    local tagged=$1
    shift
    $HERE/image.py --name "$tagged" --output "$OUTPUT/${tagged/:/_}.tar" --user 65532:65532 \
        --label org.opencontainers.image.version="$VERSION" "$@"
}

agent_image() {
    image "vault-injector-agent:$VERSION" --limit "$AGENT_LIMIT" --entrypoint /vault-agent \
        --file $HERE/passwd:/etc/passwd:644 --file $HERE/group:/etc/group:644 --file "$(program_file vault-agent):/vault-agent" \
        --label org.opencontainers.image.title=vault-injector-agent \
        --label org.opencontainers.image.licenses=Apache-2.0
}

# The same with a shell, for commands that are shell lines. `vault agent` is what such lines may call.
agent_busybox_image() {
    local applet links=()
    for applet in $(/bin/busybox --list); do
        [[ $applet == busybox ]] || links+=(--link "busybox:/bin/$applet")
    done
    image "vault-injector-agent:$VERSION-busybox" --base "$OUTPUT/vault-injector-agent_$VERSION.tar" \
        --entrypoint /vault-agent --file /bin/busybox:/bin/busybox "${links[@]}" --link /vault-agent:/bin/vault \
        --directory /tmp:1777 \
        --label org.opencontainers.image.title=vault-injector-agent \
        --label org.opencontainers.image.licenses="Apache-2.0 AND GPL-2.0-only"
}

injector_image() {
    image "vault-injector:$VERSION" --limit "$INJECTOR_LIMIT" --entrypoint /vault-injector \
        --file $HERE/passwd:/etc/passwd:644 --file $HERE/group:/etc/group:644 \
        --file "$(program_file vault-injector):/vault-injector" \
        --label org.opencontainers.image.title=vault-injector \
        --label org.opencontainers.image.licenses=Apache-2.0
}

operator_image() {
    image "secrets-operator:$VERSION" --entrypoint /secrets-operator \
        --file $HERE/passwd:/etc/passwd:644 --file $HERE/group:/etc/group:644 \
        --file "$(program_file secrets-operator):/secrets-operator" \
        --label org.opencontainers.image.title=secrets-operator \
        --label org.opencontainers.image.licenses=Apache-2.0
}

e2e/testbed/packages.sh /bin/busybox=busybox-static python3=python3
build_programs
starts_alone vault-agent
starts_alone vault-injector
starts_alone secrets-operator

mkdir -p "$OUTPUT"
# Archives of other versions would be imported beside these.
rm -f "$OUTPUT"/vault-injector*.tar "$OUTPUT"/secrets-operator*.tar
agent_image
agent_busybox_image
injector_image
operator_image
say "image archives in $OUTPUT"
