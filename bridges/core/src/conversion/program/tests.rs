//! The bounds of the program, held against small programs that the tests write.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::atomic::{AtomicU64, Ordering},
};

use super::*;

/// What a program says that it can do.
const LIST: &str = "case \"$*\" in \
    *-encoders*) echo ' A..... libopus Opus'; echo ' A..... libopencore_amrnb AMR'; exit 0;; \
    *-decoders*) echo ' VFS..D hevc HEVC'; echo ' V..... libdav1d AV1'; exit 0;; \
    *-protocols*) echo '  fd'; echo '  pipe'; exit 0;; \
    esac";
const BOUNDS: (u64, Duration) = (1_000, Duration::from_secs(60));

/// A program of the tests, taken away at the end.
pub(in crate::conversion) struct Stand(pub Program);

impl Drop for Stand {
    fn drop(&mut self) {
        fs::remove_file(&self.0.0).ok();
    }
}

impl Stand {
    /// A program that says what it can do and does this otherwise.
    pub fn doing(what: &str) -> Self {
        static COUNTED: AtomicU64 = AtomicU64::new(0);
        let number = COUNTED.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("lianqiao-program-{}-{number}", std::process::id()));
        // Written by another process: a file that a thread of ours still has open for writing cannot be started.
        let text = format!("#!/bin/sh\nPATH=/bin:/usr/bin\n{LIST}\n{what}\n");
        fs::write(path.with_extension("text"), text).expect("it is written");
        let copied = std::process::Command::new("cp").arg(path.with_extension("text")).arg(&path).status();
        assert!(copied.expect("cp").success());
        fs::remove_file(path.with_extension("text")).ok();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("it may be started");
        Self(Program(path))
    }

    async fn writes(&self, arguments: &[&str], input: Input) -> String {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let made = self.0.run(&arguments, input, BOUNDS).await.expect("it ends well");
        String::from_utf8(made.to_vec()).expect("words")
    }
}

#[tokio::test]
async fn the_memory_of_a_program_has_a_bound_as_a_whole() {
    let stand = Stand::doing("ulimit -v; ulimit -H -v");
    let said = stand.writes(&[], Input::Pipe(Bytes::new())).await;
    let bounds: Vec<u64> = said.split_whitespace().filter_map(|said| said.parse().ok()).collect();
    let most = PROGRAM_MEMORY_BYTES_MAX / 1_024;
    assert!(bounds.len() == 2 && bounds.iter().all(|bound| *bound <= most), "{said}");
}

#[tokio::test]
async fn what_a_program_is_told_is_no_text_of_a_shell() {
    let stand = Stand::doing("for each; do printf '<%s>' \"$each\"; done");
    let hostile = ["$(id)", "; exit 3", "a b", "\"", "`id`", ""];
    let said = stand.writes(&hostile, Input::Pipe(Bytes::new())).await;
    assert_eq!(said, "<$(id)><; exit 3><a b><\"><`id`><>");
}

#[tokio::test]
async fn a_program_sees_nothing_around_it() {
    let stand = Stand::doing(
        "env | grep -v -e ^MALLOC_ARENA_MAX= -e ^PATH= -e ^PWD= -e ^OLDPWD= -e ^SHLVL= -e ^_=; true",
    );
    assert_eq!(stand.writes(&[], Input::Pipe(Bytes::new())).await, "");
}

#[tokio::test]
async fn a_file_that_a_program_reads_has_no_name() {
    let stand = Stand::doing("cat; readlink /proc/self/fd/0");
    let said = stand.writes(&[], Input::File(Bytes::from_static(b"abcdef "))).await;
    assert!(said.starts_with("abcdef ") && said.ends_with("(deleted)\n"), "{said}");
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_left() {
    let stand = Stand::doing("exec sleep 600");
    let bounds = (100, Duration::from_millis(50));
    let made = stand.0.run(&[], Input::Pipe(Bytes::new()), bounds).await;
    assert!(matches!(made, Err(ProgramError::TooLong)));
}

#[tokio::test]
async fn a_program_that_is_not_there_has_nothing() {
    assert!(Program(PathBuf::from("/nowhere/ffmpeg")).list("-encoders").await.is_empty());
}
