# The images for those who have a container engine. `make images` makes the same ones without, and is what the tests
# run:
#   docker build --target injector      --tag vault-injector:VERSION .
#   docker build --target agent         --tag vault-injector-agent:VERSION .
#   docker build --target agent-busybox --tag vault-injector-agent:VERSION-busybox .
#   docker build --target operator      --tag secrets-operator:VERSION .

FROM rust:1-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends busybox-static cmake
WORKDIR /source
COPY . .
# An explicit target keeps the flags away from build scripts.
RUN target="$(uname -m)-unknown-linux-gnu" \
    && export RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=/usr/local/cargo=/cargo" \
    && cargo build --locked --profile dist --target "$target" -p vault-injector \
    && cargo build --locked --profile dist --target "$target" -p secrets-operator \
    && cargo build --locked --profile dist-agent --target "$target" -p vault-agent \
    && mkdir /programs \
    && for program in dist/vault-injector dist/secrets-operator dist-agent/vault-agent; do \
        objcopy --remove-section=.eh_frame --remove-section=.eh_frame_hdr \
            "target/$target/$program" "/programs/${program#*/}" || exit; \
    done
RUN mkdir -p /shell/bin && install --directory --mode=1777 /shell/tmp \
    && cp /bin/busybox /shell/bin/ \
    && for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "/shell/bin/$applet"; done \
    && ln -s /vault-agent /shell/bin/vault

FROM scratch AS base
COPY manifests/images/passwd /etc/passwd
COPY manifests/images/group /etc/group
USER 65532:65532

FROM base AS injector
LABEL org.opencontainers.image.title=vault-injector org.opencontainers.image.licenses=Apache-2.0
COPY --from=build /programs/vault-injector /vault-injector
ENTRYPOINT ["/vault-injector"]

FROM base AS operator
LABEL org.opencontainers.image.title=secrets-operator org.opencontainers.image.licenses=Apache-2.0
COPY --from=build /programs/secrets-operator /secrets-operator
ENTRYPOINT ["/secrets-operator"]

FROM base AS agent
LABEL org.opencontainers.image.title=vault-injector-agent org.opencontainers.image.licenses=Apache-2.0
COPY --from=build /programs/vault-agent /vault-agent
ENTRYPOINT ["/vault-agent"]

FROM agent AS agent-busybox
LABEL org.opencontainers.image.licenses="Apache-2.0 AND GPL-2.0-only"
COPY --from=build /shell /
