#!/usr/bin/env bash
# Prints what a shell needs to talk to the cluster: eval "$(e2e/testbed/env.sh)"
set -euo pipefail
# shellcheck source=e2e/testbed/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ -n ${E2E_KUBECONFIG:-} ]]; then
    printf 'export KUBECONFIG=%q\n' "$E2E_KUBECONFIG"
else
    [[ -f $ADMIN_KUBECONFIG ]] || die "the cluster is not up: make cluster-up"
    # The shell that reads this has a PATH of its own.
    # shellcheck disable=SC2016
    printf 'export KUBECONFIG=%q KUBECACHEDIR=%q PATH=%q:$PATH\n' \
        "$ADMIN_KUBECONFIG" "$STATE/kubectl" "$KUBERNETES_BIN"
fi
