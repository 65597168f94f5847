//! Links to files that a platform does not take: whoever sees the message there opens them without an account, for some days.
//!
//! A link says itself what it leads to and until when, sealed with a key of the bridges' own store, so nobody makes one or turns
//! one into another. Kept is only for which message it stands, until it ends: the homeserver is asked at each opening whether that
//! was taken back. The file is read as the bridge's bot, piece by piece.

mod giving;
mod seal;

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::BoxStream};
use kit::{CallError, FileStream, limits::REQUEST_TIME_MAX, texts::Lang};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::{sync::mpsc, time::timeout};

pub(crate) use self::seal::LinkKey;
use self::seal::Sealed;
use crate::{
    Bridges,
    limits::{LINK_DAYS, LINK_PIECE_TIME_MAX, LINK_PIECES_MAX, LINK_TIME_MAX},
    tables::{LINKS, LinkRow},
};

/// What a part of a path and a parameter of a header have to write otherwise.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parts of a link behind its path, decoded and not believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLink {
    /// When it ends, in milliseconds since the Unix epoch.
    pub until_ms: String,
    /// What proves that it is one of ours.
    pub seal: String,
    /// The server of the file.
    pub server: String,
    /// Its id there.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// A file behind a link.
pub struct LinkedFile {
    /// The value of `Content-Disposition` that has a browser keep it under its name.
    pub disposition: String,
    /// How many bytes it has, where that is known.
    pub bytes: Option<u64>,
    /// Its pieces; where not all of them come, the last one is an error.
    pub pieces: BoxStream<'static, Result<Bytes, std::io::Error>>,
}

/// Why a link does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefused {
    /// It is none of ours.
    Unknown,
    /// Its days are over.
    Over,
    /// The file was taken away, or the message that it came with.
    Gone,
    /// As many as may be are open; [`LinkRefused::RETRY_AFTER`] says when to try again.
    Busy,
    /// The homeserver cannot be asked at present.
    Later,
}

impl LinkRefused {
    /// When what passes is worth another try.
    pub const RETRY_AFTER: Duration = Duration::from_secs(30);

    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Unknown => 404,
            Self::Over | Self::Gone => 410,
            Self::Busy | Self::Later => 503,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "bridge.link.unknown",
            Self::Over => "bridge.link.over",
            Self::Gone => "bridge.link.gone",
            Self::Busy | Self::Later => "bridge.link.busy",
        }
    }
}

impl Bridges {
    /// Refuses a link whose message was taken back, or stands where the bridge's bot cannot look any more: nobody could take it back
    /// there. One from before messages were kept opens until its end.
    async fn check_message(&self, until_ms: u64, seal: &str) -> Result<(), LinkRefused> {
        let row = self.0.store.get(&LINKS, &(until_ms, seal)).await;
        let Some(LinkRow { room, events }) = row.map_err(|_| LinkRefused::Later)? else { return Ok(()) };
        let bot = self.bot_intent().map_err(|_| LinkRefused::Later)?;
        for event in &events {
            match bot.event_of(&room, event).await {
                Ok(Some(event)) if event["unsigned"]["redacted_because"].is_null() => {}
                Ok(_) | Err(CallError::Refused { .. }) => return Err(LinkRefused::Gone),
                Err(CallError::Limited(_) | CallError::Unreachable(_)) => return Err(LinkRefused::Later),
            }
        }
        Ok(())
    }

    /// Opens a link of [`FileLink`] as the bridge's bot. At most [`crate::limits::LINKS_AT_ONCE`] are open at once, each for at most
    /// [`LINK_TIME_MAX`] and while every piece is taken within [`LINK_PIECE_TIME_MAX`].
    ///
    /// # Errors
    /// See [`LinkRefused`].
    pub async fn open_link(&self, link: &FileLink) -> Result<LinkedFile, LinkRefused> {
        let until_ms = link.until_ms.parse::<u64>().map_err(|_| LinkRefused::Unknown)?;
        let sealed = Sealed { until_ms, server: &link.server, id: &link.id, name: &link.name };
        if !self.0.link_key.is_sealed(&sealed, &link.seal) {
            return Err(LinkRefused::Unknown);
        }
        if until_ms <= self.0.clock.now_ms() {
            return Err(LinkRefused::Over);
        }
        let place = self.0.links_open.clone().try_acquire_owned().map_err(|_| LinkRefused::Busy)?;
        self.check_message(until_ms, &link.seal).await?;
        let bot = self.bot_intent().map_err(|_| LinkRefused::Later)?;
        let address = format!("mxc://{}/{}", link.server, link.id);
        // The time that the file itself may take is no time to wait for its beginning.
        let opened = timeout(REQUEST_TIME_MAX, bot.open(&address)).await.map_err(|_| LinkRefused::Later)?;
        let file = opened.map_err(|error| match error {
            CallError::Refused { .. } => LinkRefused::Gone,
            CallError::Limited(_) | CallError::Unreachable(_) => LinkRefused::Later,
        })?;
        let disposition =
            format!("attachment; filename*=utf-8''{}", utf8_percent_encode(&link.name, ENCODED));
        let bytes = file.bytes;
        let (pieces, coming) = mpsc::channel(LINK_PIECES_MAX);
        // Whoever stops reading keeps no place beyond this time.
        tokio::spawn(async move {
            let _place = place;
            if timeout(LINK_TIME_MAX, hand_over(file, pieces)).await.is_err() {
                tracing::debug!("whoever opened a link read too slowly");
            }
        });
        Ok(LinkedFile { disposition, bytes, pieces: Box::pin(whole(coming)) })
    }

    /// What people are told of a link that does not open, in both languages: nobody knows who opened it.
    #[must_use]
    pub fn link_refusal(&self, refused: LinkRefused) -> String {
        let days = LINK_DAYS.to_string();
        let said = |lang| self.0.kit.texts().fill(lang, refused.text(), &[("days", &days)]);
        format!("{}\n{}\n", said(Lang::Zh), said(Lang::En))
    }
}

/// Hands a file over piece by piece, and its end.
async fn hand_over(mut file: FileStream, pieces: mpsc::Sender<Option<Bytes>>) {
    while let Some(piece) = file.pieces.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => {
                tracing::warn!(%error, "a file behind a link is not read to its end");
                return;
            }
        };
        if !is_taken(&pieces, Some(piece)).await {
            return;
        }
    }
    is_taken(&pieces, None).await;
}

/// Whether there is room for one more piece in time.
async fn is_taken(pieces: &mpsc::Sender<Option<Bytes>>, piece: Option<Bytes>) -> bool {
    match timeout(LINK_PIECE_TIME_MAX, pieces.send(piece)).await {
        Ok(sent) => sent.is_ok(),
        Err(_) => {
            tracing::debug!("whoever opened a link stopped reading");
            false
        }
    }
}

/// The pieces as they come; what ends without its end is an error, so that nobody takes it for the whole file.
fn whole(
    coming: mpsc::Receiver<Option<Bytes>>,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::unfold(Some(coming), |coming| async move {
        let mut coming = coming?;
        match coming.recv().await {
            Some(Some(piece)) => Some((Ok(piece), Some(coming))),
            Some(None) => None,
            None => Some((Err(std::io::Error::other("the file is cut off")), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_ends_too_early_is_no_file() {
        for (is_whole, expected) in [(true, 1), (false, 2)] {
            let (pieces, coming) = mpsc::channel(LINK_PIECES_MAX);
            let piece = || Ok(Bytes::from_static(b"a"));
            let cut = (!is_whole).then(|| Err(CallError::Unreachable("away".to_owned())));
            let all = futures_util::stream::iter([piece()].into_iter().chain(cut));
            hand_over(FileStream { bytes: None, pieces: Box::pin(all) }, pieces).await;
            let came: Vec<_> = whole(coming).collect().await;
            assert_eq!(came.len(), expected);
            assert_eq!(came.iter().all(Result::is_ok), is_whole);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_reading_keeps_no_place() {
        let (pieces, coming) = mpsc::channel(LINK_PIECES_MAX);
        let all = futures_util::stream::repeat_with(|| Ok(Bytes::from_static(b"a")));
        let begin = tokio::time::Instant::now();
        hand_over(FileStream { bytes: None, pieces: Box::pin(all) }, pieces).await;
        assert_eq!(begin.elapsed(), LINK_PIECE_TIME_MAX);
        let came: Vec<_> = whole(coming).collect().await;
        assert!(came.len() == LINK_PIECES_MAX + 1 && came.last().is_some_and(Result::is_err), "{came:?}");
    }
}
