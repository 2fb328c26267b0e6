#!/usr/bin/env bash
# Installs the Debian packages that the end-to-end tests need, where they are missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

postgres_is_there() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

if postgres_is_there; then
    exit
fi
[[ $(id -u) == 0 ]] || die "PostgreSQL is missing: apt-get install postgresql"
command -v apt-get >/dev/null || die "PostgreSQL is missing and there is no apt-get here: install it under /usr/lib/postgresql"

export DEBIAN_FRONTEND=noninteractive
say "installing postgresql"
apt-get update -qq
# The tests make clusters of their own; the package shall not start one.
apt-get install -y -qq --no-install-recommends postgresql-common >&2
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/vault-injector-e2e.conf
apt-get install -y -qq --no-install-recommends postgresql >&2
postgres_is_there || die "postgresql is installed, but there is no /usr/lib/postgresql/*/bin/initdb"
