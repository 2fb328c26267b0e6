//! Certificates that change while the server runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
use serve_tls::{CertificateFiles, CertificateStore, Watcher};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::harness::*;

/// A Secret volume: files are links through `..data`, which is swapped.
struct Volume {
    directory: TempDir,
}

impl Volume {
    fn new() -> (Self, String) {
        let volume = Self {
            directory: TempDir::new().unwrap(),
        };
        let authority = volume.update("first");
        for file in ["tls.crt", "tls.key"] {
            symlink(
                Path::new("..data").join(file),
                volume.directory.path().join(file),
            )
            .unwrap();
        }
        (volume, authority)
    }

    /// Writes a new pair and swaps the link to it.
    #[expect(clippy::disallowed_methods, reason = "a test's key is no secret")]
    fn update(&self, version: &str) -> String {
        let Made { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let root = self.directory.path();
        fs::create_dir(root.join(version)).unwrap();
        fs::write(root.join(version).join("tls.crt"), cert.pem()).unwrap();
        fs::write(
            root.join(version).join("tls.key"),
            signing_key.serialize_pem(),
        )
        .unwrap();
        symlink(version, root.join("..data_tmp")).unwrap();
        fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
        cert.pem()
    }

    fn files(&self) -> CertificateFiles {
        let root = self.directory.path();
        CertificateFiles::new(root.join("tls.crt"), root.join("tls.key"))
    }
}

#[tokio::test]
async fn a_swapped_volume_replaces_the_certificate_without_a_restart() {
    let (volume, first) = Volume::new();
    let store = CertificateStore::new(volume.files().load().unwrap());
    let watcher = Watcher::new(volume.files(), Arc::clone(&store));
    let mut generation = watcher.generation();
    let watching = tokio::spawn(watcher.run());
    let server = Running::start(store, Duration::ZERO);
    timeout(DEADLINE, generation.wait_for(|generation| *generation == 1))
        .await
        .expect("the first look must come")
        .unwrap();
    assert!(
        send(server.address, &first, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );

    let second = volume.update("second");
    timeout(DEADLINE, generation.wait_for(|generation| *generation == 2))
        .await
        .expect("the swap must be seen")
        .unwrap();
    assert!(
        send(server.address, &second, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );
    let error = send(server.address, &first, READY)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("certificate"), "{error}");
    watching.abort();
}
