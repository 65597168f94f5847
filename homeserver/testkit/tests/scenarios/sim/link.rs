//! The wire from one server to another: a TCP port that carries bytes, slowly, partly or not at all.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::time::Motion;

const CHUNK_BYTES: usize = 16_384;

/// What the wire does with what it is given. Every change of it ends the connections that are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    /// Carries everything.
    Clear,
    /// Carries every chunk this much later.
    Slow {
        /// The delay of a chunk.
        delay_ms: u64,
    },
    /// Carries requests, and ends the connection after so many bytes of answers: a request that was
    /// heard and never confirmed.
    Torn {
        /// Bytes of answers that come through.
        answer_bytes: u64,
    },
    /// Ends every connection at once.
    Cut,
}

/// One wire. It is gone when it is dropped.
pub(super) struct Link {
    weather: watch::Sender<Weather>,
    accepting: JoinHandle<()>,
}

impl Link {
    /// Listens on `address` and carries what comes to `target`.
    pub(super) async fn open(address: SocketAddr, target: SocketAddr, motion: Motion) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let (weather, changes) = watch::channel(Weather::Clear);
        let accepting = tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                tokio::spawn(carry(caller, target, changes.clone(), motion.clone()));
            }
        });
        Ok(Self { weather, accepting })
    }

    /// Changes the weather.
    pub(super) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
        self.weather.send_replace(Weather::Cut);
    }
}

async fn carry(caller: TcpStream, target: SocketAddr, mut changes: watch::Receiver<Weather>, motion: Motion) {
    let weather = *changes.borrow_and_update();
    if weather == Weather::Cut {
        return;
    }
    let Ok(callee) = TcpStream::connect(target).await else { return };
    let ((from_caller, to_caller), (from_callee, to_callee)) = (caller.into_split(), callee.into_split());
    let delay = match weather {
        Weather::Slow { delay_ms } => Duration::from_millis(delay_ms),
        Weather::Clear | Weather::Torn { .. } | Weather::Cut => Duration::ZERO,
    };
    let answer_bytes_max = match weather {
        Weather::Torn { answer_bytes } => answer_bytes,
        Weather::Clear | Weather::Slow { .. } | Weather::Cut => u64::MAX,
    };
    tokio::select! {
        () = pump(from_caller, to_callee, delay, u64::MAX, &motion) => {}
        () = pump(from_callee, to_caller, delay, answer_bytes_max, &motion) => {}
        _ = changes.changed() => {}
    }
}

/// Carries chunks until the end, an error, or the bound.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    delay: Duration,
    bytes_max: u64,
    motion: &Motion,
) {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut carried = 0;
    while let Ok(read) = from.read(&mut chunk).await {
        if read == 0 {
            break;
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        carried += read as u64;
        motion.add(read as u64);
        if carried > bytes_max || to.write_all(&chunk[..read]).await.is_err() {
            break;
        }
    }
}
