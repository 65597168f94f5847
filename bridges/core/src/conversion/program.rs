//! The operator's ffmpeg, which gives sound and pictures other forms.
//!
//! It is given what people sent, so it gets nothing else: nothing of our environment, no files and no network (the one protocol that it may open is
//! named by whoever calls it), a bound of time, of what it writes, and of its memory as a whole. A shell sets the last one and becomes
//! the program then; its text never changes, everything else is an argument. A program that does not keep its bounds is killed or ends
//! by itself, and what is not converted stays what it was.

use std::{
    convert::Infallible,
    fs::File,
    io::{Seek as _, Write as _},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
    time::timeout,
};

use crate::limits::{PROGRAM_LOOK_BYTES_MAX, PROGRAM_LOOK_TIME_MAX, PROGRAM_MEMORY_BYTES_MAX};

const SHELL: &str = "/bin/sh";
/// Its allocator sets addresses aside for each thread otherwise, and it has one for each tile of a picture.
const ALLOCATOR: (&str, &str) = ("MALLOC_ARENA_MAX", "2");
/// Sets the bound of memory, in kibibytes, and becomes the program. Where somebody set a lower one already, that one holds.
const BOUNDED: &str = r#"ulimit -v "$1" || [ "$(ulimit -H -v)" != unlimited ] || exit 126; shift; exec "$@""#;

/// Why something stays what it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProgramError {
    /// There is no program, or it cannot read or write the form.
    #[error("no program knows this form")]
    NoProgram,
    /// It does not start, or breaks off.
    #[error("the program that converts: {0}")]
    Program(String),
    /// It takes too long.
    #[error("the program that converts takes too long")]
    TooLong,
    /// What goes in or comes out has too many bytes.
    #[error("what is converted is too large")]
    TooLarge,
}

/// What the program reads.
pub(super) enum Input {
    /// Once, from its beginning to its end.
    Pipe(Bytes),
    /// To and fro: a file without a name, which is gone with the program.
    File(Bytes),
}

/// The program.
#[derive(Clone, Debug)]
pub(super) struct Program(pub PathBuf);

impl Program {
    /// The words of a list of what it has, `-encoders` for one. None of them, with a line in the log, where it does not
    /// say so in time.
    pub async fn list(&self, what: &str) -> Vec<String> {
        let arguments = ["-hide_banner", "-nostdin", what].map(str::to_owned);
        let bounds = (PROGRAM_LOOK_BYTES_MAX, PROGRAM_LOOK_TIME_MAX);
        match self.run(&arguments, Input::Pipe(Bytes::new()), bounds).await {
            Ok(list) => String::from_utf8_lossy(&list).split_whitespace().map(str::to_owned).collect(),
            Err(error) => {
                let program = self.0.display();
                tracing::warn!(%error, %program, what, "the program that converts sound and pictures does not say what it can do");
                Vec::new()
            }
        }
    }

    /// What it writes when it is given this, in at most so many bytes and within this time. Who drops this kills it.
    ///
    /// # Errors
    /// See [`ProgramError`].
    pub async fn run(
        &self,
        arguments: &[String],
        input: Input,
        (bytes_max, time_max): (u64, Duration),
    ) -> Result<Bytes, ProgramError> {
        let made = timeout(time_max, self.run_to_end(arguments, input, bytes_max)).await;
        made.map_err(|_| ProgramError::TooLong)?
    }

    async fn run_to_end(
        &self,
        arguments: &[String],
        input: Input,
        bytes_max: u64,
    ) -> Result<Bytes, ProgramError> {
        let (stdin, piped) = match input {
            Input::Pipe(bytes) => (Stdio::piped(), Some(bytes)),
            Input::File(bytes) => (nameless(bytes).await?.into(), None),
        };
        let mut child = Command::new(SHELL)
            .args(["-c", BOUNDED, "sh", &(PROGRAM_MEMORY_BYTES_MAX / 1_024).to_string()])
            .arg(&self.0)
            .args(arguments)
            .env_clear()
            .env(ALLOCATOR.0, ALLOCATOR.1)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let Some(output) = child.stdout.take() else {
            return Err(ProgramError::Program("it has no streams".to_owned()));
        };
        let input = child.stdin.take().zip(piped);
        let given = async move {
            if let Some((mut input, bytes)) = input {
                // It may have read enough and close its end.
                drop(input.write_all(&bytes).await);
            }
            std::future::pending::<Infallible>().await
        };
        let read = async move {
            let mut made = Vec::new();
            output.take(bytes_max.saturating_add(1)).read_to_end(&mut made).await.map(|_| made)
        };
        // What is too large is not written to its end, so nobody waits until all was given.
        let made = tokio::select! {
            made = read => made,
            never = given => match never {},
        };
        let made = made.map_err(failed)?;
        if u64::try_from(made.len()).is_ok_and(|size| size > bytes_max) {
            return Err(ProgramError::TooLarge);
        }
        match child.wait().await {
            Ok(status) if status.success() => Ok(made.into()),
            Ok(status) => Err(ProgramError::Program(status.to_string())),
            Err(error) => Err(failed(error)),
        }
    }
}

/// A file that holds these bytes and has no name, so that nobody else opens it and nothing of it stays.
async fn nameless(bytes: Bytes) -> Result<File, ProgramError> {
    let written = tokio::task::spawn_blocking(move || {
        let mut file = tempfile::tempfile()?;
        file.write_all(&bytes)?;
        file.rewind()?;
        Ok(file)
    });
    match written.await {
        Ok(written) => written.map_err(failed),
        Err(error) => Err(ProgramError::Program(error.to_string())),
    }
}

fn failed(error: std::io::Error) -> ProgramError {
    ProgramError::Program(error.to_string())
}

#[cfg(test)]
pub(super) mod tests;
