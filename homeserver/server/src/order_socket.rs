//! Sockets over which the command line gives orders to a process that runs: one JSON order a line, one JSON answer.
//!
//! The databases belong to one process, so who else wants something of them asks that process. A socket is readable by
//! its own user only.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use base::Shutdown;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinHandle,
    time::timeout,
};

use crate::limits::ADMINISTRATION_TIMEOUT_MS;

/// Offers a socket until the shutdown; none when the folder cannot hold one, which costs only the command line.
/// `execute` gets the order, or why the line is none.
pub(crate) fn serve<Order, Answer, Executing>(
    path: PathBuf,
    line_bytes_max: u64,
    shutdown: Shutdown,
    execute: impl Fn(Result<Order, String>) -> Executing + Clone + Send + Sync + 'static,
) -> Option<JoinHandle<()>>
where
    Order: DeserializeOwned + Send + 'static,
    Answer: Serialize + Send + 'static,
    Executing: Future<Output = Answer> + Send + 'static,
{
    // The database lock says that nobody else serves this folder, so an old socket is a leftover.
    let _ = std::fs::remove_file(&path);
    let bound = UnixListener::bind(&path).and_then(|listener| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    });
    let listener = match bound {
        Ok(listener) => listener,
        Err(error) => {
            tracing::debug!(path = %path.display(), %error, "no socket for the command line");
            return None;
        }
    };
    Some(tokio::spawn(async move {
        loop {
            tokio::select! {
                () = shutdown.wait() => break,
                accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                    tokio::spawn(answer(stream, line_bytes_max, execute.clone()));
                },
            }
        }
        let _ = std::fs::remove_file(&path);
    }))
}

async fn answer<Order, Answer, Executing>(
    stream: UnixStream,
    line_bytes_max: u64,
    execute: impl Fn(Result<Order, String>) -> Executing,
) where
    Order: DeserializeOwned,
    Answer: Serialize,
    Executing: Future<Output = Answer>,
{
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(line_bytes_max));
    let patience = Duration::from_millis(ADMINISTRATION_TIMEOUT_MS);
    let Ok(Ok(_)) = timeout(patience, reader.read_line(&mut line)).await else { return };
    let order = serde_json::from_str(&line).map_err(|error| format!("not an order: {error}"));
    let answer = execute(order).await;
    if let Ok(mut text) = serde_json::to_vec(&answer) {
        text.push(b'\n');
        let _ = write.write_all(&text).await;
    }
}

/// Sends an order to the process that offers a socket; none when nobody does.
pub(crate) async fn send<Order: Serialize, Answer: DeserializeOwned>(
    path: &Path,
    order: &Order,
) -> Option<Result<Answer, String>> {
    let stream = UnixStream::connect(path).await.ok()?;
    Some(exchange(stream, order).await)
}

async fn exchange<Order: Serialize, Answer: DeserializeOwned>(
    stream: UnixStream,
    order: &Order,
) -> Result<Answer, String> {
    let (read, mut write) = stream.into_split();
    let mut text = serde_json::to_vec(order).map_err(|error| error.to_string())?;
    text.push(b'\n');
    write.write_all(&text).await.map_err(|error| error.to_string())?;
    let mut line = String::new();
    let patience = Duration::from_millis(ADMINISTRATION_TIMEOUT_MS);
    match timeout(patience, BufReader::new(read).read_line(&mut line)).await {
        Ok(Ok(_)) => serde_json::from_str(&line).map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the running server does not answer".to_owned()),
    }
}

/// Whether somebody offers this socket.
pub(crate) async fn is_offered(path: &Path) -> bool {
    UnixStream::connect(path).await.is_ok()
}
