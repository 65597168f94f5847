//! A disk that fails when it is told to.
//!
//! A small library in C stands in front of the system's own write and sync calls inside the server's
//! process, so the binary under test is the one that ships. What it does is read from a control file.

use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::ServerProcess;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/crash/faults.c");

/// How a disk lets the server down.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// fsync and fdatasync fail with EIO.
    SyncFails,
    /// Writes fail with ENOSPC.
    Full,
}

/// The control of one server's disk.
pub struct Disk {
    control: PathBuf,
}

impl Disk {
    /// Builds the library and puts it before the server's calls from its next start on.
    pub fn of(server: &mut ServerProcess, directory: &Path) -> Self {
        let library = directory.join("faults.so");
        let compiler = std::env::var("LIANQIAO_CC").unwrap_or_else(|_| "cc".to_owned());
        let status = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .args([SOURCE, "-ldl"])
            .status()
            .expect("a C compiler is there; the build of RocksDB needs one too");
        assert!(status.success(), "faults.c is compiled");
        let control = directory.join("fault");
        server.set_environment("LD_PRELOAD", library);
        server.set_environment("LIANQIAO_FAULT_FILE", &control);
        server.set_environment("LIANQIAO_FAULT_DIRECTORY", directory.join("data"));
        Self { control }
    }

    /// From now on the disk fails.
    pub fn breaks(&self, fault: Fault) {
        let word = match fault {
            Fault::SyncFails => "sync",
            Fault::Full => "full",
        };
        std::fs::write(&self.control, word).expect("the control file is written");
    }

    /// From now on the disk works.
    pub fn heals(&self) {
        let _ = std::fs::remove_file(&self.control);
    }
}
