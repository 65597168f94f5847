//! Threads for work that nobody waits for at a screen, so that people's requests go first where processors are few.

use std::{cell::Cell, future::Future, io, sync::Arc};

use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How much less its threads ask for than others, of nineteen: where all processors are busy they get about a sixtieth of what the
/// others get, and all of what these leave. With ten, people waited more than four times as long as on an idle server.
const NICENESS: i32 = 19;

thread_local! {
    /// Whether this thread yields to others.
    static YIELDS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is called on a thread of a [`Background`]: nobody waits at a screen for what it asks of others.
#[must_use]
pub fn in_background() -> bool {
    YIELDS.get()
}

/// Where such work runs. Cloning shares the threads; they end when the last clone is gone.
#[derive(Clone, Debug, Default)]
pub struct Background(Option<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    handle: Handle,
    _ends: Arc<DropGuard>,
}

impl Background {
    /// Starts so many threads, with stacks of this size in bytes. The default has none and runs everything where it is spawned.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start(threads: usize, stack_bytes: usize) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("background")
            .thread_stack_size(stack_bytes)
            .on_thread_start(yield_to_others)
            .enable_all()
            .build()?;
        let (handle, end) = (runtime.handle().clone(), CancellationToken::new());
        let ends = Arc::new(end.clone().drop_guard());
        // A runtime must not end within another one, so a thread of its own owns it.
        std::thread::Builder::new().name("background-owner".to_owned()).spawn(move || {
            runtime.block_on(end.cancelled());
            runtime.shutdown_background();
        })?;
        Ok(Self(Some(Inner { handle, _ends: ends })))
    }

    /// The runtime to spawn on: that of these threads, or the caller's when there are none.
    ///
    /// # Panics
    /// Without threads, when it is called outside of a runtime.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.0.as_ref().map_or_else(Handle::current, |inner| inner.handle.clone())
    }

    /// Whether there are threads of its own.
    #[must_use]
    pub const fn has_threads(&self) -> bool {
        self.0.is_some()
    }

    /// Runs a future on these threads, or where it is called when there are none.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle().spawn(future)
    }
}

/// The thread yields. One that may not is as good as any other, only no better for people.
fn yield_to_others() {
    YIELDS.set(true);
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "a background thread cannot yield to others");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_on_threads_that_yield() {
        let background = Background::start(1, 512 * 1024).unwrap();
        let done = background.spawn(async {
            let name = std::thread::current().name().map(str::to_owned);
            // A thread's own figure: nothing is added to it.
            (name, rustix::process::nice(0).unwrap(), in_background())
        });
        let (name, niceness, known) = done.await.unwrap();
        assert_eq!(name.as_deref(), Some("background"));
        assert!(known && !in_background());
        // There is nothing below the lowest, wherever the test itself stands.
        assert_eq!(niceness, (rustix::process::nice(0).unwrap() + NICENESS).min(19));
    }

    #[tokio::test]
    async fn without_threads_it_is_done_where_it_is_spawned() {
        let here = std::thread::current().id();
        let done = Background::default().spawn(async { std::thread::current().id() });
        assert_eq!(done.await.unwrap(), here);
    }
}
