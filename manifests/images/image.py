#!/usr/bin/env python3
"""Makes a container image archive from files, without a container engine.

The archive is an OCI image layout in a tar file, with the manifest that `docker load` asks for beside it, so that
`ctr images import`, `podman load`, `docker load` and `skopeo copy oci-archive:` all take it.

The same input gives the same bytes: entries have no times and no owner, and their order is the order of the
arguments. Layers are not compressed, because compressors differ between versions; whoever pushes compresses.
"""

import argparse
import dataclasses
import hashlib
import io
import json
import os
import platform
import re
import sys
import tarfile
from pathlib import Path, PurePosixPath

LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass(frozen=True)
class Entry:
    """What stands at one path of a layer: a file, a directory or a symbolic link."""

    path: str
    kind: bytes
    mode: int
    content: bytes = b""
    target: str = ""


@dataclasses.dataclass(frozen=True)
class Settings:
    """How containers of the image start."""

    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


def full_name(name: str) -> str:
    """The name as a cluster's container runtime knows it: `tool:1` is `docker.io/library/tool:1` there."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


# Two empty blocks end an archive (POSIX, pax, "ustar Interchange Format").
END_BLOCKS = 2


def tar_of(entries: list[Entry]) -> bytes:
    """A tar file of the entries, with their parent directories before them."""
    buffer = io.BytesIO()
    seen: set[str] = set()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:

        def add(entry: Entry) -> None:
            path = entry.path.strip("/")
            if path in seen:
                if entry.kind == tarfile.DIRTYPE:
                    return
                raise ValueError(f"{entry.path} is there twice")
            for parent in reversed(PurePosixPath(path).parents[:-1]):
                add(Entry(str(parent), tarfile.DIRTYPE, 0o755))
            seen.add(path)
            info = tarfile.TarInfo(path)
            info.type, info.mode = entry.kind, entry.mode
            info.size, info.linkname = len(entry.content), entry.target
            archive.addfile(info, io.BytesIO(entry.content))

        for entry in entries:
            add(entry)
        end = archive.offset + END_BLOCKS * tarfile.BLOCKSIZE
    # Without the padding to a tape's record, of which every pull would have up to 10 KB.
    return buffer.getvalue()[:end]


def digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def to_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def descriptor(media_type: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": f"sha256:{digest(blob)}", "size": len(blob)}


def config_of(layers: list[bytes], settings: Settings, architecture: str) -> bytes:
    run: dict[str, object] = {"Env": [f"PATH={DEFAULT_PATH}", *settings.environment], "WorkingDir": "/"}
    if settings.user:
        run["User"] = settings.user
    if settings.entrypoint:
        run["Entrypoint"] = list(settings.entrypoint)
    if settings.command:
        run["Cmd"] = list(settings.command)
    if settings.labels:
        run["Labels"] = dict(settings.labels)
    return to_json(
        {
            "architecture": architecture,
            "os": "linux",
            "config": run,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(layer)}" for layer in layers]},
        }
    )


def archive_of(name: str, layers: list[bytes], settings: Settings, architecture: str) -> bytes:
    """The whole archive: layers, configuration and manifest as blobs, and the two indices that name them."""
    config = config_of(layers, settings, architecture)
    manifest = to_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, config),
            "layers": [descriptor(LAYER, layer) for layer in layers],
        }
    )
    names = {
        "io.containerd.image.name": full_name(name),
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [descriptor(MANIFEST, manifest) | {"annotations": names}],
    }
    for_docker = [
        {
            "Config": f"blobs/sha256/{digest(config)}",
            "RepoTags": [name],
            "Layers": [f"blobs/sha256/{digest(layer)}" for layer in layers],
        }
    ]
    files = {f"blobs/sha256/{digest(blob)}": blob for blob in [*layers, config, manifest]}
    files["index.json"] = to_json(index)
    files["manifest.json"] = to_json(for_docker)
    files["oci-layout"] = to_json({"imageLayoutVersion": "1.0.0"})
    return tar_of([Entry(path, tarfile.REGTYPE, 0o644, content) for path, content in sorted(files.items())])


def layers_of(archive: Path) -> list[bytes]:
    """The layers of an archive that this program has made."""
    with tarfile.open(archive) as tar:

        def read(path: str) -> bytes:
            member = tar.extractfile(path)
            if member is None:
                raise ValueError(f"{archive}: {path} is no file")
            return member.read()

        [image] = json.loads(read("manifest.json"))
        return [read(path) for path in image["Layers"]]


def file_entry(text: str) -> Entry:
    source, path, *mode = text.split(":")
    return Entry(path, tarfile.REGTYPE, int(mode[0], 8) if mode else 0o755, Path(source).read_bytes())


def link_entry(text: str) -> Entry:
    target, path = text.split(":")
    return Entry(path, tarfile.SYMTYPE, 0o777, target=target)


def directory_entry(text: str) -> Entry:
    path, *mode = text.split(":")
    return Entry(path, tarfile.DIRTYPE, int(mode[0], 8) if mode else 0o755)


def pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, metavar="NAME:TAG")
    parser.add_argument("--output", required=True, type=Path, metavar="ARCHIVE")
    parser.add_argument("--base", type=Path, metavar="ARCHIVE", help="the layers of this archive come first")
    # One list for the three, because their order is the order in the layer.
    for option, kind, form in (
        ("--directory", directory_entry, "PATH[:MODE]"),
        ("--file", file_entry, "SOURCE:PATH[:MODE]"),
        ("--link", link_entry, "TARGET:PATH"),
    ):
        parser.add_argument(option, dest="entries", action="append", type=kind, default=[], metavar=form)
    parser.add_argument("--user", default="", metavar="UID:GID")
    parser.add_argument("--entrypoint", nargs="+", default=[], metavar="WORD")
    parser.add_argument("--command", nargs="+", default=[], metavar="WORD")
    parser.add_argument("--environment", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--label", dest="labels", action="append", type=pair, default=[], metavar="KEY=VALUE")
    parser.add_argument("--limit", type=int, metavar="BYTES", help="fail where the layers are larger")
    machine = platform.machine()
    parser.add_argument("--architecture", default=ARCHITECTURES.get(machine, machine))
    chosen = parser.parse_args()
    if not re.fullmatch(r".+:[\w][\w.-]{0,127}", chosen.name):
        parser.error(f"{chosen.name}: the name needs a tag")
    return chosen


def main() -> int:
    chosen = arguments()
    layers = layers_of(chosen.base) if chosen.base else []
    layers.append(tar_of(chosen.entries))
    size = sum(len(layer) for layer in layers)
    if chosen.limit and size > chosen.limit:
        print(f"{chosen.name}: {size} bytes are over the limit of {chosen.limit}", file=sys.stderr)
        return 1
    settings = Settings(
        user=chosen.user,
        entrypoint=tuple(chosen.entrypoint),
        command=tuple(chosen.command),
        environment=tuple(chosen.environment),
        labels=tuple(chosen.labels),
    )
    unfinished = chosen.output.with_name(f"{chosen.output.name}.unfinished")
    unfinished.write_bytes(archive_of(chosen.name, layers, settings, chosen.architecture))
    os.replace(unfinished, chosen.output)
    print(f"{size / 1e6:7.2f} MB  {chosen.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
