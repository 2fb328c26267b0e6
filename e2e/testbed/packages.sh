#!/usr/bin/env bash
# packages.sh PROGRAM=PACKAGE...: installs the Debian packages whose program is missing. The program is a name on
# the PATH or an absolute path, which may hold wildcards.
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

# An ordinary user's PATH leaves out where system programs lie.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

is_there() { command -v "$1" >/dev/null || compgen -G "$1" >/dev/null; }

missing_packages() {
    local pair
    for pair in "$@"; do
        is_there "${pair%%=*}" || echo "${pair#*=}"
    done
}

mapfile -t missing < <(missing_packages "$@" | sort -u)
[[ ${#missing[@]} -gt 0 ]] || exit 0
command -v apt-get >/dev/null || die "missing, and there is no apt-get here to install them: ${missing[*]}"
[[ $(id -u) == 0 ]] || die "missing packages: apt-get install ${missing[*]}"

say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || die "cannot install ${missing[*]}"
mapfile -t missing < <(missing_packages "$@" | sort -u)
[[ ${#missing[@]} == 0 ]] || die "installed, but their programs are still not there: ${missing[*]}"
