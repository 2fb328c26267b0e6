#!/usr/bin/env bash
# Makes the images of what runs beside the injector in the end-to-end tests, from programs that are installed
# here, and prints their archives: Vault, PostgreSQL, and an application that prints its file.
set -euo pipefail
# shellcheck source=e2e/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

directory=$ROOT/target/e2e-images
maker=manifests/images/image.py
application=e2e/suite/cluster/application.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$directory"

busybox=$(command -v busybox) || die "busybox is missing: apt-get install busybox-static"
# The newest, where there are several.
postgres=$(compgen -G '/usr/lib/postgresql/*' | sort -V | tail -n 1) || die "PostgreSQL is missing: apt-get install postgresql"
vault=$(e2e/scripts/vault.sh)

printf 'root:x:0:0:root:/:/bin/sh\nvault:x:100:1000:vault:/vault:/bin/sh\npostgres:x:999:999:postgres:/data:/bin/sh\n' >"$work/passwd"
printf 'root:x:0:\nvault:x:1000:\npostgres:x:999:\n' >"$work/group"
basis=(--file "$busybox:/bin/busybox" --file "$work/passwd:/etc/passwd:644" --file "$work/group:/etc/group:644"
    --directory /tmp:1777)
while read -r applet; do
    [[ $applet == busybox ]] || basis+=(--link "busybox:/bin/$applet")
done < <("$busybox" --list)

# is_current ARCHIVE INPUT...: whether the archive is newer than everything that goes into it.
is_current() {
    local archive=$1 input
    shift
    for input in "$maker" "${BASH_SOURCE[0]}" "$busybox" "$@"; do
        [[ $archive -nt $input ]] || return
    done
}

# with_libraries PROGRAM...: the --file arguments of the programs and of all that they load.
with_libraries() {
    local path
    for path in "$@"; do
        printf -- '--file\n%s:%s\n' "$path" "$path"
    done
    ldd "$@" 2>/dev/null | sed -nE 's/.*=> (\/[^ ]+) .*/\1/p; s/^[[:space:]]+(\/[^ ]*ld-linux[^ ]*) .*/\1/p' | sort -u |
        while read -r path; do
            printf -- '--file\n%s:%s\n' "$(realpath "$path")" "$path"
        done
}

make_postgres() {
    local share=/usr/share/postgresql/${postgres##*/} path
    mapfile -t files < <(
        with_libraries "$postgres"/bin/{postgres,initdb,psql} "$postgres"/lib/{plpgsql,dict_snowball}.so
        find "$share" -type f ! -path "*/extension/*" -print -o -path "*/extension/plpgsql*" -print | sort |
            while read -r path; do
                printf -- '--file\n%s:%s:644\n' "$path" "$path"
            done
        echo "--file"
        echo "/usr/share/zoneinfo/UTC:/usr/share/zoneinfo/UTC:644"
    )
    "$maker" --name testbed.local/postgres:1 --output "$1" "${basis[@]}" "${files[@]}" --user 999:999 \
        --environment "PATH=$postgres/bin:/bin" --environment TZ=UTC --environment LC_ALL=C
}

# The server of these tests, and the agent where a stock image is asked for: nothing in it may tell an agent where
# Vault is.
make_vault() {
    "$maker" --name testbed.local/vault:1 --output "$1" "${basis[@]}" --file "$vault:/bin/vault" --user 100:1000 \
        --environment HOME=/vault
}

# Its name is the guide's.
make_api() {
    "$maker" --name api:latest --output "$1" "${basis[@]}" --file "$application:/application" --user 65532:65532 \
        --entrypoint /bin/sh /application
}

is_current "$directory/postgres.tar" "$postgres/bin/postgres" || make_postgres "$directory/postgres.tar" >&2
is_current "$directory/vault.tar" "$vault" || make_vault "$directory/vault.tar" >&2
is_current "$directory/api.tar" "$application" || make_api "$directory/api.tar" >&2
printf '%s\n' "$directory"/{postgres,vault,api}.tar
