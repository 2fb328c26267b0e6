# Sourced: keys and certificates as files in the working directory.
# shellcheck shell=bash

DAYS=3650

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# authority NAME
authority() {
    new_key "$1"
    openssl req -x509 -new -key "$1.key" -sha256 -days "$DAYS" -subj "/CN=$1" -out "$1.crt" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
}

# certificate NAME AUTHORITY SUBJECT USAGE [ALTERNATIVE_NAMES]
certificate() {
    local name=$1 authority=$2 subject=$3 usage=$4 names=${5:-}
    new_key "$name"
    openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr"
    {
        echo "basicConstraints=CA:FALSE"
        echo "keyUsage=digitalSignature,keyEncipherment"
        echo "extendedKeyUsage=$usage"
        [[ -z $names ]] || echo "subjectAltName=$names"
    } >"$name.ext"
    openssl x509 -req -in "$name.csr" -CA "$authority.crt" -CAkey "$authority.key" -CAcreateserial \
        -days "$DAYS" -sha256 -extfile "$name.ext" -out "$name.crt" 2>/dev/null
    rm "$name.csr" "$name.ext"
}
