#!/usr/bin/env bash
# load.sh ARCHIVE...: gives image archives to the running cluster's node.
set -euo pipefail
# shellcheck source=e2e/testbed/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ $# -gt 0 ]] || die "usage: load.sh ARCHIVE..."
[[ -z ${E2E_KUBECONFIG:-} ]] || die "E2E_KUBECONFIG names a cluster of yours: push the images to where it pulls from"
is_running containerd || die "the cluster is not up: make cluster-up"
import_image "$@"
