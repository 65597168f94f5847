//! Reads on in the archive from where it stopped, hands over what it finds, and only then notes how far it came: a kill at any
//! moment loses nothing, and what comes twice is known by its key.

use std::{sync::Arc, time::Duration};

use bridge_api::{
    Arrival, Clock, Failure, FailureKind, Inbox, Rng, Shelf, Shutdown, Words, doubled_pause, handed_over,
    words,
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::sleep;

use super::{
    Archive, ArchiveError, Sealed,
    keys::Keys,
    limits::{
        DECRYPT_TRIES_MAX, ENTRIES_MAX, FAILED_PAUSE_MAX, FAILED_PAUSE_MIN, LAG_TOLD_AFTER,
        MISCONFIGURED_PAUSE, PLACE_KEPT_MS, POLL_PAUSE,
    },
    reader::Reader,
};
use crate::{failing::Failing, lenient::number, limits::TAKEN_WITHIN};

words! {
    LATE = "会话内容存档落后数小时；企业微信只保留五天" | "the chat archive lags behind by hours, and WeCom keeps five days of it";
}

/// Under what the shelf keeps how far the archive was read.
const PLACE: &str = "archive:place";

/// Keeps reading.
pub(super) struct Keeper {
    pub archive: Arc<dyn Archive>,
    pub keys: Arc<Keys>,
    pub reader: Reader,
    pub shelf: Arc<dyn Shelf>,
    pub clock: Clock,
    pub rng: Rng,
    pub progress: Mutex<Progress>,
    pub failing: Failing,
}

/// What is known of how it goes. Forgotten with the process.
#[derive(Default)]
pub(super) struct Progress {
    /// Versions of keys that opened something: what they do not open is broken by itself.
    proven: Vec<u64>,
    /// An entry that could not be decrypted, and how often.
    broken: Option<(u64, u32)>,
    /// Entries of one page, fewer after one that was too large.
    most: Option<u32>,
    is_late: bool,
}

/// What one look came to.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// There may be more at once.
    More,
    /// Everything that the archive holds was read.
    AllRead,
}

impl Keeper {
    /// Keeps reading until `shutdown` fires.
    pub(super) async fn keep(&self, inbox: &dyn Inbox, shutdown: &Shutdown) {
        let (mut failed, mut told) = (0_u32, String::new());
        loop {
            let looked = tokio::select! {
                () = shutdown.wait() => return,
                looked = Box::pin(self.look(inbox)) => looked,
            };
            let pause = match looked {
                Ok(look) => {
                    self.failing.note(false);
                    if failed > 0 {
                        tracing::info!("the chat archive is read again");
                    }
                    (failed, told) = (0, String::new());
                    metrics::gauge!("bridge_wecom_archive_up").set(1.0);
                    if look == Look::More { Duration::ZERO } else { POLL_PAUSE }
                }
                Err(failure) => {
                    self.failing.note(true);
                    metrics::gauge!("bridge_wecom_archive_up").set(0.0);
                    let words = failure.to_string();
                    let is_misconfigured = matches!(failure.kind, FailureKind::NotSignedIn(_));
                    // The rest of the connector goes on, so the log says why, beside what whoever asks is told.
                    match (is_misconfigured, words == told) {
                        (true, false) => {
                            tracing::error!(%failure, "the chat archive is not read before this is mended")
                        }
                        (false, false) => {
                            tracing::warn!(%failure, "the chat archive is not read for a moment")
                        }
                        (_, true) => tracing::debug!(%failure, "the chat archive is still not read"),
                    }
                    told = words;
                    failed = failed.saturating_add(1);
                    if is_misconfigured {
                        MISCONFIGURED_PAUSE
                    } else {
                        doubled_pause(FAILED_PAUSE_MIN, FAILED_PAUSE_MAX, failed - 1, &self.rng)
                    }
                }
            };
            tokio::select! {
                () = shutdown.wait() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// What does not work of it, in words for people.
    pub(super) fn amiss(&self) -> Option<Words> {
        let is_late = self.progress.lock().is_late;
        self.failing.told().or_else(|| is_late.then_some(LATE))
    }

    /// Reads one page.
    async fn look(&self, inbox: &dyn Inbox) -> Result<Look, Failure> {
        let place = self.place().await?;
        let most = self.progress.lock().most.unwrap_or(ENTRIES_MAX);
        let page = match self.archive.entries(place, most).await {
            Err(ArchiveError::TooLarge) if most > 1 => {
                self.progress.lock().most = Some(most / 2);
                return Ok(Look::More);
            }
            page => page?,
        };
        let (mut arrivals, mut reached, mut stopped) = (Vec::new(), place, None);
        let (count, mut last_at_ms) = (page.len(), None);
        for sealed in page.into_iter().filter(|sealed| sealed.seq > place) {
            match self.entry(&sealed).await {
                Ok(None) => {}
                Ok(Some((at_ms, found))) => {
                    last_at_ms = at_ms.or(last_at_ms);
                    arrivals.extend(found);
                }
                Err(failure) => {
                    stopped = Some(failure);
                    break;
                }
            }
            reached = sealed.seq;
        }
        self.take(inbox, arrivals, place, reached).await?;
        self.progress.lock().most = None;
        let is_full = u32::try_from(count).unwrap_or(u32::MAX) >= most;
        self.measure(last_at_ms, is_full);
        match stopped {
            Some(failure) => Err(failure),
            None => Ok(if is_full { Look::More } else { Look::AllRead }),
        }
    }

    /// Up to where everything was handed over.
    pub(super) async fn place(&self) -> Result<u64, Failure> {
        Ok(self.shelf.read(PLACE).await?.unwrap_or_default())
    }

    /// Hands over what was found, and notes that it is.
    async fn take(
        &self,
        inbox: &dyn Inbox,
        arrivals: Vec<Arrival>,
        place: u64,
        reached: u64,
    ) -> Result<(), Failure> {
        if !handed_over(inbox, arrivals, TAKEN_WITHIN).await {
            return Err(Failure::later("what the archive says is not taken in at the moment"));
        }
        if reached > place {
            self.shelf.write(PLACE, &reached, PLACE_KEPT_MS).await?;
        }
        Ok(())
    }

    /// What an entry is here, and when it was; nothing for one that nobody can read.
    async fn entry(&self, sealed: &Sealed) -> Result<Option<(Option<u64>, Vec<Arrival>)>, Failure> {
        let opened = match self.opened(sealed).await {
            Err(error) if self.is_broken(sealed, &error) => {
                metrics::counter!("bridge_wecom_archive_left_out_total").increment(1);
                tracing::error!(%error, seq = sealed.seq, id = %sealed.message_id, "leave out an entry of the archive that cannot be read");
                return Ok(None);
            }
            opened => opened?,
        };
        Ok(Some((number(&opened, "msgtime"), self.reader.read(&opened).await?)))
    }

    async fn opened(&self, sealed: &Sealed) -> Result<Value, ArchiveError> {
        let (keys, version, key) = (Arc::clone(&self.keys), sealed.key_version, sealed.key.clone());
        // A millisecond or two of arithmetic, which is nothing for a thread that serves others.
        let key = tokio::task::spawn_blocking(move || keys.opened(version, &key)).await;
        let key = key.map_err(|error| ArchiveError::Helper(error.to_string()))??;
        {
            let mut progress = self.progress.lock();
            if !progress.proven.contains(&version) {
                progress.proven.push(version);
            }
        }
        let plain = self.archive.decrypted(key.expose(), &sealed.message).await?;
        serde_json::from_str(&plain).map_err(|_| ArchiveError::Library(10_006))
    }

    /// Whether it is this entry that is broken and not the settings, and was tried often enough.
    fn is_broken(&self, sealed: &Sealed, error: &ArchiveError) -> bool {
        let mut progress = self.progress.lock();
        match error {
            // A key that opened others does not open this one, however often it is tried.
            ArchiveError::Key(_) => return progress.proven.contains(&sealed.key_version),
            other if !other.is_of_entry() => return false,
            _ => {}
        }
        let tries = progress.broken.filter(|(seq, _)| *seq == sealed.seq).map_or(1, |(_, tries)| tries + 1);
        progress.broken = Some((sealed.seq, tries));
        tries >= DECRYPT_TRIES_MAX
    }

    /// How far it lags behind. Only a full page says that there is more than what was just said.
    fn measure(&self, last_at_ms: Option<u64>, is_full: bool) {
        let lag_ms = last_at_ms.filter(|_| is_full).map_or(0, |at| self.clock.now_ms().saturating_sub(at));
        let lag = Duration::from_millis(lag_ms);
        metrics::gauge!("bridge_wecom_archive_lag_seconds").set(lag.as_secs_f64());
        let mut progress = self.progress.lock();
        let is_late = lag > LAG_TOLD_AFTER;
        if is_late && !progress.is_late {
            let hours = lag.as_secs() / 3_600;
            tracing::error!(hours, "the chat archive lags behind, and WeCom keeps five days of it");
        }
        progress.is_late = is_late;
    }
}
