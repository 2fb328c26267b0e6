"""What the image maker promises. Run by `make test`: python3 -m unittest discover -s manifests/images"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import image

MAKER = Path(image.__file__)


class ImageMaker(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.program = self.directory / "program"
        self.program.write_bytes(b"\x7fELF program")

    def run_maker(self, output: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, MAKER, "--output", self.directory / output, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    def make(self, output: str = "image.tar", *arguments: str) -> Path:
        result = self.run_maker(
            output,
            *("--name", "tool:1.2", "--file", f"{self.program}:/usr/bin/tool", "--user", "65532:65532"),
            *("--entrypoint", "/usr/bin/tool", "--label", "org.opencontainers.image.version=1.2"),
            *arguments,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.directory / output

    def files(self, archive: Path) -> dict[str, bytes]:
        with tarfile.open(archive) as tar:
            members = [member for member in tar.getmembers() if member.isfile()]
            return {member.name: tar.extractfile(member).read() for member in members}

    def manifest(self, files: dict[str, bytes]) -> dict:
        [entry] = json.loads(files["index.json"])["manifests"]
        return json.loads(files["blobs/" + entry["digest"].replace(":", "/")])

    def config(self, archive: Path) -> dict:
        files = self.files(archive)
        return json.loads(files["blobs/" + self.manifest(files)["config"]["digest"].replace(":", "/")])

    def layers(self, archive: Path) -> list[tarfile.TarFile]:
        files = self.files(archive)
        names = ["blobs/" + layer["digest"].replace(":", "/") for layer in self.manifest(files)["layers"]]
        opened = []
        for name in names:
            path = self.directory / name.replace("/", "_")
            path.write_bytes(files[name])
            opened.append(tarfile.open(path))
            self.addCleanup(opened[-1].close)
        return opened

    def test_the_same_input_gives_the_same_bytes(self) -> None:
        first = self.make("first.tar").read_bytes()
        os.utime(self.program, (1, 1))
        self.program.chmod(0o600)
        self.assertEqual(first, self.make("second.tar").read_bytes())

    def test_other_content_gives_other_bytes(self) -> None:
        first = self.make("first.tar").read_bytes()
        self.program.write_bytes(b"\x7fELF another")
        self.assertNotEqual(first, self.make("second.tar").read_bytes())

    def test_every_digest_and_size_is_that_of_its_blob(self) -> None:
        files = self.files(self.make())
        self.assertEqual(json.loads(files["oci-layout"]), {"imageLayoutVersion": "1.0.0"})
        manifest = self.manifest(files)
        [index_entry] = json.loads(files["index.json"])["manifests"]
        for entry in [index_entry, manifest["config"], *manifest["layers"]]:
            algorithm, digest = entry["digest"].split(":")
            blob = files[f"blobs/{algorithm}/{digest}"]
            self.assertEqual(hashlib.sha256(blob).hexdigest(), digest)
            self.assertEqual(len(blob), entry["size"])
        blobs = [name for name in files if name.startswith("blobs/")]
        self.assertEqual(len(blobs), 3, "a layer, a configuration, a manifest, and nothing else")

    def test_the_manifest_for_docker_names_the_same_blobs(self) -> None:
        files = self.files(self.make())
        [for_docker] = json.loads(files["manifest.json"])
        manifest = self.manifest(files)
        self.assertEqual(for_docker["RepoTags"], ["tool:1.2"])
        self.assertEqual(for_docker["Config"], "blobs/" + manifest["config"]["digest"].replace(":", "/"))
        self.assertEqual(
            for_docker["Layers"], ["blobs/" + layer["digest"].replace(":", "/") for layer in manifest["layers"]]
        )

    def test_the_configuration_says_who_runs_what(self) -> None:
        config = self.config(self.make())
        self.assertEqual(config["config"]["User"], "65532:65532")
        self.assertEqual(config["config"]["Entrypoint"], ["/usr/bin/tool"])
        self.assertEqual(config["config"]["Labels"], {"org.opencontainers.image.version": "1.2"})
        self.assertNotIn("created", config)

    def test_entries_carry_no_time_and_no_owner(self) -> None:
        [layer] = self.layers(self.make())
        for member in layer.getmembers():
            self.assertEqual((member.mtime, member.uid, member.gid, member.uname), (0, 0, 0, ""), member.name)

    def test_an_archive_ends_without_the_padding_of_a_tape(self) -> None:
        content = image.tar_of([image.Entry("/file", tarfile.REGTYPE, 0o644, b"x" * 700)])
        header, padded, end = 512, 1024, 1024
        self.assertEqual(len(content), header + padded + end)

    def test_parents_come_before_their_files(self) -> None:
        [layer] = self.layers(self.make("image.tar", "--directory", "/tmp:1777", "--link", "tool:/usr/bin/alias"))
        self.assertEqual(layer.getnames(), ["usr", "usr/bin", "usr/bin/tool", "tmp", "usr/bin/alias"])
        self.assertEqual(layer.getmember("tmp").mode, 0o1777)
        self.assertEqual(layer.getmember("usr/bin/tool").mode, 0o755)
        self.assertEqual(layer.getmember("usr/bin/alias").linkname, "tool")

    def test_a_base_shares_its_layers(self) -> None:
        base = self.make("base.tar")
        result = self.run_maker(
            "derived.tar", "--name", "tool:1.2-shell", "--base", str(base), "--link", "tool:/usr/bin/vault"
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        derived = self.directory / "derived.tar"
        base_layers = self.manifest(self.files(base))["layers"]
        derived_layers = self.manifest(self.files(derived))["layers"]
        self.assertEqual(derived_layers[:1], base_layers)
        self.assertEqual(len(derived_layers), 2)
        self.assertEqual(
            self.config(derived)["rootfs"]["diff_ids"], [layer["digest"] for layer in derived_layers]
        )

    def test_the_same_path_twice_is_refused(self) -> None:
        result = self.run_maker(
            "image.tar", "--name", "tool:1", "--file", f"{self.program}:/tool", "--link", "other:/tool"
        )
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("/tool is there twice", result.stderr)
        self.assertFalse((self.directory / "image.tar").exists())

    def test_an_image_over_its_limit_is_not_written(self) -> None:
        result = self.run_maker(
            "image.tar", "--name", "tool:1", "--file", f"{self.program}:/tool", "--limit", "100"
        )
        self.assertEqual(result.returncode, 1)
        self.assertIn("over the limit of 100", result.stderr)
        self.assertFalse((self.directory / "image.tar").exists())

    def test_a_name_without_a_tag_is_refused(self) -> None:
        result = self.run_maker("image.tar", "--name", "registry.example:5000/tool")
        self.assertEqual(result.returncode, 2)
        self.assertIn("needs a tag", result.stderr)

    def test_names_get_the_registry_that_a_cluster_would_add(self) -> None:
        for name, full in {
            "tool:1": "docker.io/library/tool:1",
            "team/tool:1": "docker.io/team/tool:1",
            "localhost/tool:1": "localhost/tool:1",
            "registry.example:5000/tool:1": "registry.example:5000/tool:1",
        }.items():
            self.assertEqual(image.full_name(name), full)


if __name__ == "__main__":
    unittest.main()
