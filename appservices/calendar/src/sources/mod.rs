//! Calendars of our people elsewhere: which they are, and when their owners are busy by them.

mod caldav;
mod fault;
mod feeds;
mod first;

use outbound::Url;
use serde::{Deserialize, Serialize};
use store::{Batch, Scan};

pub use self::{
    fault::SourceFault,
    first::{FirstLook, FirstLooks, Seen},
};
use crate::{
    Address, Busy, CalendarError, Calendars, Span,
    limits::{LINK_BYTES_MAX, SOURCES_OF_PERSON_MAX},
    tables::{FETCHED, SOURCES},
};

/// Letters of the id of a source.
const ID_LETTERS: usize = 6;

/// A calendar elsewhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// A calendar of a CalDAV server, asked when somebody wants to know.
    CalDav {
        /// The address of the calendar.
        url: String,
        /// Who asks.
        user: String,
        /// Their password there. It has to be shown there each time, so it is kept as it is.
        password: String,
    },
    /// A file that is fetched every quarter of an hour.
    Feed {
        /// Its address.
        url: String,
    },
}

impl Source {
    /// Its address, which may be all that it takes to read it.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Self::CalDav { url, .. } | Self::Feed { url } => url,
        }
    }

    /// Its server, which may be shown; empty where the address is none.
    #[must_use]
    pub fn host(&self) -> String {
        let url = Url::parse(self.url()).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl std::fmt::Debug for Source {
    /// Without the password, and without the path, which opens a feed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CalDav { .. } => write!(f, "CalDav({})", self.host()),
            Self::Feed { .. } => write!(f, "Feed({})", self.host()),
        }
    }
}

/// A calendar elsewhere, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSource {
    /// By which it is dropped.
    pub id: String,
    /// What it is.
    pub source: Source,
    /// Why it cannot be counted on, if it cannot; for logs.
    #[serde(default)]
    pub trouble: Option<String>,
    /// The same for its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<SourceFault>,
}

/// What calendars elsewhere say.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    pub intervals: Vec<Busy>,
    /// Whether all of them answered.
    pub is_known: bool,
}

impl Calendars {
    /// Adds a calendar elsewhere; returns its id. It is looked at at once by whoever fetches.
    ///
    /// # Errors
    /// [`CalendarError::Elsewhere`] for an address that is none, [`CalendarError::TooLarge`], the store's own.
    pub async fn add_source(
        &self,
        batch: &mut Batch,
        owner: &Address,
        source: Source,
    ) -> Result<String, CalendarError> {
        let wrong = |reason: &str| SourceFault::Address.because(reason);
        // How calendars to subscribe to are written.
        let url = source.url().replacen("webcal://", "https://", 1).replacen("webcals://", "https://", 1);
        if url.len() > LINK_BYTES_MAX {
            return Err(CalendarError::TooLarge("the address"));
        }
        let parsed = Url::parse(&url).map_err(|_| wrong("this is no address"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong("the address must begin with https://"));
        }
        if matches!(&source, Source::CalDav { .. })
            && parsed.scheme() != "https"
            && !self.0.parts.allows_plain_sources
        {
            return Err(SourceFault::Plain.because("a password is sent by https:// only"));
        }
        let source = match source {
            Source::CalDav { user, password, .. } => Source::CalDav { url, user, password },
            Source::Feed { .. } => Source::Feed { url },
        };
        let owner = owner.to_string();
        let count = Scan::prefix(owner.as_str()).limit(SOURCES_OF_PERSON_MAX);
        if self.store().count(&SOURCES, count).await? >= SOURCES_OF_PERSON_MAX {
            return Err(CalendarError::TooLarge("the number of calendars elsewhere; drop one first"));
        }
        let id = self.0.parts.rng.string(ID_LETTERS);
        let kept = KeptSource { id: id.clone(), source, trouble: None, fault: None };
        batch.put(&SOURCES, &(owner, id.clone()), &kept);
        let inner = std::sync::Arc::clone(&self.0);
        batch.on_visible(move |_| inner.sources_changed.notify_one());
        Ok(id)
    }

    /// The calendars elsewhere of this person.
    ///
    /// # Errors
    /// The store's own.
    pub async fn sources(&self, owner: &Address) -> Result<Vec<KeptSource>, CalendarError> {
        let owner = owner.to_string();
        let mut sources = self.source_rows(&owner).await?;
        for kept in &mut sources {
            let fetched = self.store().get(&FETCHED, &(owner.as_str(), kept.id.as_str())).await?;
            (kept.trouble, kept.fault) = fetched.map_or((None, None), |row| (row.trouble, row.fault));
        }
        Ok(sources)
    }

    /// Forgets a calendar elsewhere; whether there was one of this id.
    ///
    /// # Errors
    /// The store's own.
    pub async fn drop_source(
        &self,
        batch: &mut Batch,
        owner: &Address,
        id: &str,
    ) -> Result<bool, CalendarError> {
        let key = (owner.to_string(), id.to_owned());
        let is_there = self.store().exists(&SOURCES, &key).await?;
        batch.delete(&SOURCES, &key);
        batch.delete(&FETCHED, &key);
        Ok(is_there)
    }

    async fn source_rows(&self, owner: &str) -> Result<Vec<KeptSource>, CalendarError> {
        let scan = Scan::prefix(owner).limit(SOURCES_OF_PERSON_MAX);
        Ok(self.store().scan(&SOURCES, scan).await?.into_iter().map(|(_, kept)| kept).collect())
    }

    /// When this person is busy by their calendars elsewhere, all asked at once.
    pub(crate) async fn elsewhere(&self, owner: &str, within: Span) -> Result<Elsewhere, CalendarError> {
        let sources = self.source_rows(owner).await?;
        let asked = sources.iter().map(|kept| self.ask(owner, kept, within));
        let mut found = Elsewhere { intervals: Vec::new(), is_known: true };
        for answer in futures_util::future::join_all(asked).await {
            match answer? {
                Some(intervals) => found.intervals.extend(intervals),
                None => found.is_known = false,
            }
        }
        Ok(found)
    }

    /// What one calendar says; none when it cannot be known.
    async fn ask(
        &self,
        owner: &str,
        kept: &KeptSource,
        within: Span,
    ) -> Result<Option<Vec<Busy>>, CalendarError> {
        match &kept.source {
            Source::Feed { .. } => self.ask_feed(owner, &kept.id, within).await,
            Source::CalDav { url, user, password } => {
                match self.ask_caldav(owner, &kept.id, url, (user, password), within).await {
                    Ok(intervals) => Ok(Some(intervals)),
                    Err(CalendarError::Store(error)) => Err(error.into()),
                    Err(error) => {
                        tracing::info!(owner, source = ?kept.source, %error, "a calendar elsewhere gave no answer");
                        Ok(None)
                    }
                }
            }
        }
    }
}
