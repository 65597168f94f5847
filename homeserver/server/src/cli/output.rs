//! Words for the person at the terminal. A closed pipe is no reason to fail.

use std::{io::Write as _, process::ExitCode};

/// Writes a line to standard output.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a line to standard error, beside what a program reads from standard output.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes why a command failed to standard error.
pub(crate) fn failed(reason: &str) -> ExitCode {
    complain(&format!("lianqiao: {reason}"));
    ExitCode::FAILURE
}
