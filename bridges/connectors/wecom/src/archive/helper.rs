//! Does what the library can do by a process that loads it: started when it is needed, started again after a pause when it ends,
//! killed when it hangs or when nobody needs it any more.

use std::process::Stdio;

use async_trait::async_trait;
use bridge_api::{
    Rng, doubled_pause,
    lenient::{items, number, text},
};
use bytes::Bytes;
use serde_json::Value;
use tokio::{
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{
    Archive, ArchiveError, ArchiveSettings, Piece, Sealed,
    frames::{self, FrameError},
    limits::{
        CALL_TIME_MAX, LIBRARY_SECONDS, PIECE_BYTES_MAX, RESTART_PAUSE_MAX, RESTART_PAUSE_MIN, START_TIME_MAX,
    },
};

/// What somebody does whose helper cannot be started.
const HELPER_ADVICE: &str =
    "build it with `make -C bridges/connectors/wecom/archive-helper` and name it in wecom.archive_helper";
/// What somebody does whose library cannot be loaded.
const LIBRARY_ADVICE: &str = "fetch libWeWorkFinanceSdk_C.so from WeCom's developer pages (会话内容存档) and name it in wecom.archive_library";
/// What the helper says of a page that is longer than its bound.
const TOO_LARGE: &[u8] = b"too large";

/// The library behind a helper process.
pub struct Helper {
    corp_id: String,
    settings: ArchiveSettings,
    rng: Rng,
    state: Mutex<State>,
}

/// The process, if one runs, and when another one may be started.
#[derive(Default)]
struct State {
    running: Option<Running>,
    failed: u32,
    not_before: Option<Instant>,
}

struct Running {
    /// Killed when it is dropped.
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Helper {
    /// A helper of one company. Nothing is started yet.
    pub fn new(corp_id: String, settings: ArchiveSettings, rng: Rng) -> Self {
        Self { corp_id, settings, rng, state: Mutex::default() }
    }

    /// Asks and waits for the answer, for a bounded time. Calls wait for each other: the library is not known to stand two at once.
    async fn ask(&self, fields: &[&[u8]]) -> Result<Vec<Bytes>, ArchiveError> {
        let mut state = self.state.lock().await;
        // Taken out while it works: who drops this call drops with it a process that is in the middle of an answer.
        let mut running = match state.running.take() {
            Some(running) => running,
            None => self.started(&mut state).await?,
        };
        match timeout(CALL_TIME_MAX, exchange(&mut running, fields)).await {
            Ok(Ok(answer)) => {
                (state.running, state.failed) = (Some(running), 0);
                verdict(answer)
            }
            Ok(Err(error)) => Err(self.lost(&mut state, &error.to_string())),
            Err(_) => Err(self.lost(&mut state, "no answer in time")),
        }
    }

    /// Notes that there is no process any more, and how long another one is not started.
    fn lost(&self, state: &mut State, reason: &str) -> ArchiveError {
        self.pause(state);
        metrics::counter!("bridge_wecom_archive_helper_lost_total").increment(1);
        ArchiveError::Helper(reason.to_owned())
    }

    fn pause(&self, state: &mut State) {
        let pause = doubled_pause(RESTART_PAUSE_MIN, RESTART_PAUSE_MAX, state.failed, &self.rng);
        state.failed = state.failed.saturating_add(1);
        state.not_before = Some(Instant::now() + pause);
    }

    async fn started(&self, state: &mut State) -> Result<Running, ArchiveError> {
        if state.not_before.is_some_and(|until| Instant::now() < until) {
            return Err(ArchiveError::Helper("it is started again in a moment".to_owned()));
        }
        let started = timeout(START_TIME_MAX, self.start()).await;
        let started = started.unwrap_or_else(|_| Err(ArchiveError::Helper("it does not start".to_owned())));
        if started.is_err() {
            self.pause(state);
        }
        started
    }

    async fn start(&self) -> Result<Running, ArchiveError> {
        let (helper, library) = (&self.settings.helper, &self.settings.library);
        let spawned = Command::new(helper)
            .arg(library)
            // Our own environment holds what is none of a closed library's business.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let missing = |reason: String| ArchiveError::Missing(format!("{}: {reason}", helper.display()));
        let mut child = spawned
            .map_err(|error| missing(format!("the helper does not start, {error}; {HELPER_ADVICE}")))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(missing("the helper has no streams".to_owned()));
        };
        let mut running = Running { _child: child, input, output };
        let seconds = LIBRARY_SECONDS.to_string();
        let init = [
            "init",
            &self.corp_id,
            self.settings.secret.expose(),
            &self.settings.proxy,
            self.settings.proxy_password.expose(),
            &seconds,
        ];
        let answer = exchange(&mut running, &init.map(str::as_bytes)).await;
        let answer = answer.map_err(|error| {
            missing(format!("the helper ended as soon as it was started, {error}; {HELPER_ADVICE}"))
        })?;
        match verdict(answer) {
            Ok(_) => Ok(running),
            Err(ArchiveError::Helper(reason)) => {
                Err(ArchiveError::Missing(format!("{}: {reason}; {LIBRARY_ADVICE}", library.display())))
            }
            Err(error) => Err(error),
        }
    }
}

async fn exchange(running: &mut Running, fields: &[&[u8]]) -> Result<Vec<Bytes>, FrameError> {
    frames::write(&mut running.input, fields).await?;
    frames::read(&mut running.output).await
}

/// The fields of an answer, without the one that says what it is.
fn verdict(mut answer: Vec<Bytes>) -> Result<Vec<Bytes>, ArchiveError> {
    let senseless = || ArchiveError::Helper("an answer without sense".to_owned());
    if answer.is_empty() {
        return Err(senseless());
    }
    let kind = answer.remove(0);
    let words = || answer.first().map(|words| String::from_utf8_lossy(words).into_owned());
    match &kind[..] {
        b"ok" => Ok(answer),
        b"code" => {
            Err(words().and_then(|code| code.parse().ok()).map_or_else(senseless, ArchiveError::Library))
        }
        b"failure" if answer.first().is_some_and(|words| words == TOO_LARGE) => Err(ArchiveError::TooLarge),
        b"failure" => Err(words().map_or_else(senseless, ArchiveError::Helper)),
        _ => Err(senseless()),
    }
}

#[async_trait]
impl Archive for Helper {
    async fn sign_in(&self) -> Result<(), ArchiveError> {
        let mut state = self.state.lock().await;
        if state.running.is_none() {
            state.running = Some(self.started(&mut state).await?);
        }
        Ok(())
    }

    async fn entries(&self, after: u64, most: u32) -> Result<Vec<Sealed>, ArchiveError> {
        let (after, most) = (after.to_string(), most.to_string());
        let answer = self.ask(&[b"fetch", after.as_bytes(), most.as_bytes()]).await?;
        page(answer.first().map(AsRef::as_ref).unwrap_or_default())
    }

    async fn decrypted(&self, key: &str, message: &str) -> Result<String, ArchiveError> {
        let answer = self.ask(&[b"decrypt", key.as_bytes(), message.as_bytes()]).await?;
        Ok(answer.first().map(|words| String::from_utf8_lossy(words).into_owned()).unwrap_or_default())
    }

    async fn piece(&self, file: &str, index: &str) -> Result<Piece, ArchiveError> {
        let answer = self.ask(&[b"media", index.as_bytes(), file.as_bytes()]).await?;
        let senseless = || ArchiveError::Helper("a piece of a file without sense".to_owned());
        let [next, is_last, bytes] = &answer[..] else { return Err(senseless()) };
        if bytes.len() > PIECE_BYTES_MAX {
            return Err(ArchiveError::TooLarge);
        }
        let next = (is_last != "1").then(|| String::from_utf8_lossy(next).into_owned());
        // Without an index the file would begin anew for ever.
        if next.as_ref().is_some_and(String::is_empty) {
            return Err(senseless());
        }
        Ok(Piece { bytes: bytes.clone(), next })
    }
}

/// The entries of a page.
fn page(answer: &[u8]) -> Result<Vec<Sealed>, ArchiveError> {
    let senseless = || ArchiveError::Helper("a page without sense".to_owned());
    let page: Value = serde_json::from_slice(answer).map_err(|_| senseless())?;
    match page.get("errcode").and_then(Value::as_i64) {
        Some(0) | None => {}
        Some(code) => return Err(ArchiveError::Platform(code)),
    }
    let sealed = |entry: &Value| {
        Some(Sealed {
            seq: number(entry, "seq")?,
            message_id: text(entry, "msgid").unwrap_or_default(),
            key_version: number(entry, "publickey_ver").unwrap_or_default(),
            key: text(entry, "encrypt_random_key").unwrap_or_default(),
            message: text(entry, "encrypt_chat_msg").unwrap_or_default(),
        })
    };
    let mut entries: Vec<Sealed> =
        items(&page, "chatdata").iter().map(sealed).collect::<Option<_>>().ok_or_else(senseless)?;
    entries.sort_by_key(|entry| entry.seq);
    Ok(entries)
}

#[cfg(test)]
mod tests;
