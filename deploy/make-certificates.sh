#!/bin/bash
# Certificates for TLS between the machines of a Dask cluster: deploy/make-certificates.sh FOLDER
#
# Makes FOLDER/ca.pem, the authority; FOLDER/node.pem and FOLDER/node-key.pem, one certificate for
# all machines; and FOLDER/dask.yaml, Dask's configuration. Whoever has node-key.pem can run code on
# all machines. The authority's own key is not kept.

set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
umask 077
secret=$(mktemp -d)
trap 'rm -r "$secret"' EXIT
days=365

openssl req -x509 -newkey rsa:3072 -nodes -days "$days" -subj "/CN=finfuzz cluster authority" \
    -keyout "$secret/ca-key.pem" -out "$folder/ca.pem" 2>"$secret/log"
openssl req -newkey rsa:3072 -nodes -subj "/CN=finfuzz cluster" \
    -keyout "$folder/node-key.pem" -out "$secret/request.pem" 2>>"$secret/log"
openssl x509 -req -days "$days" -in "$secret/request.pem" -CA "$folder/ca.pem" \
    -CAkey "$secret/ca-key.pem" -CAcreateserial -CAserial "$secret/serial" \
    -out "$folder/node.pem" 2>>"$secret/log"

cat >"$folder/dask.yaml" <<END
distributed:
  comm:
    require-encryption: true
    tls:
      ca-file: $folder/ca.pem
      scheduler: {cert: $folder/node.pem, key: $folder/node-key.pem}
      worker: {cert: $folder/node.pem, key: $folder/node-key.pem}
      client: {cert: $folder/node.pem, key: $folder/node-key.pem}
END
