#!/usr/bin/env bash
# Makes the cluster's certificates in $TESTBED/state/pki, once: everything in them is constant.
set -euo pipefail
# shellcheck source=e2e/testbed/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=e2e/testbed/certificates.sh
. "$HERE/certificates.sh"

# Made anew when these scripts or the addresses change.
identity=$(cat "${BASH_SOURCE[0]}" "$HERE/certificates.sh" "$HERE/lib.sh" | sha256sum)
if [[ -f $PKI/identity && $(<"$PKI/identity") == "$identity" ]] &&
    openssl x509 -checkend 86400 -noout -in "$PKI/apiserver.crt" >/dev/null; then
    exit 0
fi
rm -rf "$PKI"
mkdir -p "$PKI"
chmod 0700 "$PKI"
cd "$PKI"

service=kubernetes.default
api_names="DNS:kubernetes,DNS:$service,DNS:$service.svc,DNS:$service.svc.cluster.local,DNS:localhost"
api_names+=",IP:127.0.0.1,IP:$NODE_IP,IP:$API_SERVICE_IP"

authority ca
authority front-proxy-ca
certificate apiserver ca /CN=kube-apiserver serverAuth "$api_names"
certificate apiserver-kubelet ca /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
certificate front-proxy-client front-proxy-ca /CN=front-proxy-client clientAuth
certificate kubelet-server ca "/O=system:nodes/CN=system:node:$NODE" serverAuth "DNS:$NODE,IP:$NODE_IP,IP:127.0.0.1"
certificate admin ca /O=system:masters/CN=admin clientAuth
certificate kube-controller-manager ca /CN=system:kube-controller-manager clientAuth
certificate kube-scheduler ca /CN=system:kube-scheduler clientAuth
certificate kube-proxy ca /CN=system:kube-proxy clientAuth
certificate kubelet ca "/O=system:nodes/CN=system:node:$NODE" clientAuth
openssl genrsa -out service-account.key 2048 2>/dev/null
openssl rsa -in service-account.key -pubout -out service-account.pub 2>/dev/null
echo "$identity" >identity
