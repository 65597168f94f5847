//! What administrators ask about media, and deletion.

use ruma::{OwnedServerName, OwnedUserId, ServerName, UserId};
use store::{Batch, Scan};

use crate::{
    Digest, Media, MediaError,
    limits::{COMMIT_ATTEMPTS_MAX, PAGE_ROWS_MAX},
    references::Attempt,
    tables::{
        MEDIA, MEDIA_ACCESSED, MEDIA_BY_USER, MEDIA_EXPIRY, MEDIA_RESERVED, MEDIA_USAGE, MediaKind,
        MediaRecord, QUARANTINED, QuarantineRecord, Usage,
    },
};

/// All that is known of a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaInfo {
    /// The server of its URI.
    pub server: OwnedServerName,
    /// The id of its URI.
    pub media_id: String,
    /// Where it came from.
    pub kind: MediaKind,
    /// Who uploaded it; unknown for a copy of what another server has.
    pub uploader: Option<OwnedUserId>,
    /// When its id was made, in ms.
    pub created_ms: u64,
    /// When it was last asked for, in ms, to within a day; known only where retention is on.
    pub accessed_ms: Option<u64>,
    /// Its length; none without content.
    pub bytes: Option<u64>,
    /// The type that the uploader gave.
    pub content_type: Option<String>,
    /// The name that the uploader gave.
    pub file_name: Option<String>,
    /// SHA-256 of its content in hexadecimal.
    pub sha256: Option<String>,
    /// Who quarantined it.
    pub quarantined_by: Option<OwnedUserId>,
    /// Whether sweeping quarantines pass it by.
    pub protected: bool,
}

/// A place in the list of a user's media: the creation time and the id of the last one shown.
pub type MediaPosition = (u64, OwnedServerName, String);

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaPage {
    /// The media of this page.
    pub media: Vec<MediaInfo>,
    /// Where the next page begins; none at the end.
    pub next: Option<MediaPosition>,
}

impl Media {
    /// What is known of a medium; nothing when it does not exist.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn info(&self, server: &ServerName, media_id: &str) -> Result<Option<MediaInfo>, MediaError> {
        let Some(record) = self.record(server, media_id).await? else { return Ok(None) };
        self.describe(server.to_owned(), media_id.to_owned(), record).await.map(Some)
    }

    /// The media of a user by age, up to `limit` (at most [`PAGE_ROWS_MAX`]) after `from`.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn of_user(
        &self,
        user: &UserId,
        from: Option<MediaPosition>,
        limit: usize,
        newest_first: bool,
    ) -> Result<MediaPage, MediaError> {
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let mut scan = Scan::prefix(user).limit(limit + 1);
        let key = from.map(|(at_ms, server, media_id)| (user.to_owned(), at_ms, server, media_id));
        match (&key, newest_first) {
            (Some(key), true) => scan = scan.until(key),
            (Some(key), false) => scan = scan.after(key),
            (None, _) => {}
        }
        if newest_first {
            scan = scan.reverse();
        }
        let mut rows = self.0.store.scan(&MEDIA_BY_USER, scan).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(|((_, at_ms, server, id), ())| (*at_ms, server.clone(), id.clone()));
        let mut media = Vec::with_capacity(rows.len());
        for ((_, _, server, media_id), ()) in rows {
            media.extend(self.info(&server, &media_id).await?);
        }
        Ok(MediaPage { media, next: last.filter(|_| more) })
    }

    /// What the uploads of a user take together.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn usage(&self, user: &UserId) -> Result<Usage, MediaError> {
        Ok(self.0.store.get(&MEDIA_USAGE, user).await?.unwrap_or_default())
    }

    /// What the uploads of users take, by user id, up to `limit` (at most [`PAGE_ROWS_MAX`]) after
    /// `from`.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn usage_by_user(
        &self,
        from: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<(OwnedUserId, Usage)>, MediaError> {
        let mut scan = Scan::all().limit(limit.clamp(1, PAGE_ROWS_MAX));
        if let Some(from) = from {
            scan = scan.after(from);
        }
        Ok(self.0.store.scan(&MEDIA_USAGE, scan).await?)
    }

    /// Deletes a medium at once; its content goes after the grace period, if nobody else refers to it.
    ///
    /// # Errors
    /// [`MediaError::NotFound`] when there is no such medium.
    pub async fn delete(&self, server: &ServerName, media_id: &str) -> Result<(), MediaError> {
        let key = (server.to_owned(), media_id.to_owned());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let record = self.0.store.get(&MEDIA, &key).await?.ok_or(MediaError::NotFound)?;
            let batch = self.deletion(&key, &record).await?;
            if matches!(self.try_commit(batch).await?, Attempt::Committed) {
                metrics::counter!("media_deleted_total").increment(1);
                return Ok(());
            }
        }
        Err(MediaError::Busy)
    }

    async fn deletion(
        &self,
        key: &(OwnedServerName, String),
        record: &MediaRecord,
    ) -> Result<Batch, MediaError> {
        let (server, media_id) = key.clone();
        let mut batch = Batch::new();
        batch.expect_eq(&MEDIA, key, record).delete(&MEDIA, key).delete(&MEDIA_ACCESSED, key);
        if let Some(expires_ms) = record.expires_ms {
            batch.delete(&MEDIA_EXPIRY, &(expires_ms, server.clone(), media_id.clone()));
        }
        if let Some(attached) = &record.content {
            self.release(&mut batch, &Digest(attached.digest)).await?;
        }
        if record.kind == MediaKind::Remote {
            self.count_copies(&mut batch, Some(record), None).await?;
        }
        let Some(user) = &record.uploader else { return Ok(batch) };
        batch.delete(&MEDIA_RESERVED, &(user.clone(), media_id.clone()));
        batch.delete(&MEDIA_BY_USER, &(user.clone(), record.created_ms, server, media_id));
        if let (MediaKind::Upload, Some(attached)) = (record.kind, &record.content) {
            let known = self.0.store.get(&MEDIA_USAGE, user).await?;
            let mut usage = known.unwrap_or_default();
            usage.count = usage.count.saturating_sub(1);
            usage.bytes = usage.bytes.saturating_sub(attached.bytes);
            batch.expect_read(&MEDIA_USAGE, user, known.as_ref()).put(&MEDIA_USAGE, user, &usage);
        }
        Ok(batch)
    }

    async fn describe(
        &self,
        server: OwnedServerName,
        media_id: String,
        record: MediaRecord,
    ) -> Result<MediaInfo, MediaError> {
        let key = (server, media_id);
        let accessed_ms = self.0.store.get(&MEDIA_ACCESSED, &key).await?;
        let digest = record.content.as_ref().map(|attached| Digest(attached.digest));
        let (mut quarantined_by, mut protected) = (None, false);
        if let Some(digest) = &digest {
            let row: Option<QuarantineRecord> = self.0.store.get(&QUARANTINED, &digest.0).await?;
            quarantined_by = row.map(|row| row.by);
            protected = self.is_protected(digest).await?;
        }
        let (server, media_id) = key;
        let bytes = record.content.as_ref().map(|attached| attached.bytes);
        let (content_type, file_name) =
            record.content.map(|attached| (attached.content_type, attached.file_name)).unwrap_or_default();
        Ok(MediaInfo {
            server,
            media_id,
            kind: record.kind,
            uploader: record.uploader,
            created_ms: record.created_ms,
            accessed_ms,
            bytes,
            content_type,
            file_name,
            sha256: digest.map(|digest| digest.to_string()),
            quarantined_by,
            protected,
        })
    }
}
