//! Uploads: the policy is asked before the first byte is taken, the row is committed after the last one
//! is durable.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use ruma::{OwnedMxcUri, OwnedUserId, ServerName, UserId};
use store::Batch;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    Media, MediaError,
    content::{Incoming, Spooled},
    limits::{
        COMMIT_ATTEMPTS_MAX, CONTENT_TYPE_BYTES_MAX, FILE_NAME_LENGTH_MAX, UPLOADS_RUNNING_PER_USER_MAX,
    },
    references::Attempt,
    tables::{
        Attached, MEDIA, MEDIA_BY_USER, MEDIA_EXPIRY, MEDIA_RESERVED, MEDIA_USAGE, MediaKind, MediaRecord,
    },
};

/// What an uploader says about a content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Its type; kept as it is, and never believed.
    pub content_type: Option<String>,
    /// Its file name.
    pub file_name: Option<String>,
}

impl Named {
    /// Keeps what can be handed out again: a type that fits into a header, a name without control
    /// characters, both within their bounds.
    #[must_use]
    pub fn cleaned(self) -> Self {
        let is_good = |text: &String| {
            !text.is_empty()
                && text.len() <= CONTENT_TYPE_BYTES_MAX
                && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        };
        let clean = |text: String| -> String {
            text.chars().filter(|character| !character.is_control()).take(FILE_NAME_LENGTH_MAX).collect()
        };
        Self {
            content_type: self.content_type.filter(is_good),
            file_name: self.file_name.map(clean).filter(|name| !name.is_empty()),
        }
    }
}

/// An upload that arrives: push its bytes, then hand it to [`Media::upload`] or [`Media::fill`].
/// Dropping it throws everything away.
pub struct Receiving {
    incoming: Incoming,
    uploader: OwnedUserId,
    named: Named,
    _permits: Permits,
}

impl Receiving {
    /// Adds bytes.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`] as soon as the bound is passed.
    pub async fn push(&mut self, chunk: &[u8]) -> Result<(), MediaError> {
        self.incoming.write(chunk).await
    }
}

/// A place among the running uploads, of all users and of this one.
struct Permits {
    _all: OwnedSemaphorePermit,
    user: OwnedUserId,
    by_user: Arc<Mutex<HashMap<OwnedUserId, usize>>>,
}

impl Drop for Permits {
    fn drop(&mut self) {
        let mut by_user = self.by_user.lock();
        match by_user.get_mut(&self.user) {
            Some(running) if *running > 1 => *running -= 1,
            Some(_) | None => drop(by_user.remove(&self.user)),
        }
    }
}

impl Media {
    /// Asks the policy and makes room for an upload. `announced_bytes` is the length that the client
    /// says it will send.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`], [`MediaError::Forbidden`] by type or quota, [`MediaError::Busy`] when
    /// too many uploads run.
    pub async fn begin_upload(
        &self,
        uploader: &UserId,
        named: Named,
        announced_bytes: Option<u64>,
    ) -> Result<Receiving, MediaError> {
        let settings = &self.0.settings;
        let bytes_max = settings.upload_bytes_max;
        if announced_bytes.is_some_and(|bytes| bytes > bytes_max) {
            return Err(MediaError::TooLarge { bytes_max });
        }
        let named = named.cleaned();
        check_type(&settings.allowed_types, &settings.denied_types, named.content_type.as_deref())?;
        self.check_quota(uploader, announced_bytes.unwrap_or(0)).await?;
        let permits = self.permits(uploader)?;
        let incoming = self.0.contents.incoming(bytes_max).await?;
        Ok(Receiving { incoming, uploader: uploader.to_owned(), named, _permits: permits })
    }

    /// Finishes an upload under a new id. The answer means that content and row are durable.
    ///
    /// # Errors
    /// [`MediaError::Forbidden`] when the quota is passed, [`MediaError::Storage`] or
    /// [`MediaError::Store`] when it cannot be kept.
    pub async fn upload(&self, receiving: Receiving) -> Result<OwnedMxcUri, MediaError> {
        let Receiving { incoming, uploader, named, _permits } = receiving;
        let spooled = incoming.finish().await?;
        let media_id = self.new_media_id();
        self.attach(&media_id, &uploader, named, &spooled, None).await?;
        Ok(mxc_uri(&self.0.server_name, &media_id))
    }

    /// Finishes an upload under an id that [`Media::reserve`] gave to the same user. Waiting downloads
    /// hear of it.
    ///
    /// # Errors
    /// Those of [`Media::upload`] and of [`Media::check_reserved`].
    pub async fn fill(
        &self,
        receiving: Receiving,
        server: &ServerName,
        media_id: &str,
    ) -> Result<(), MediaError> {
        let Receiving { incoming, uploader, named, _permits } = receiving;
        let spooled = incoming.finish().await?;
        let reserved = self.reserved(&uploader, server, media_id).await?;
        let attached = self.attach(media_id, &uploader, named, &spooled, Some(reserved)).await;
        if matches!(attached, Err(MediaError::Busy)) {
            // The usual reason for losing every race over one id: somebody else filled it.
            self.check_reserved(&uploader, server, media_id).await?;
        }
        attached?;
        self.0.waiting.wake(media_id);
        Ok(())
    }

    async fn attach(
        &self,
        media_id: &str,
        uploader: &UserId,
        named: Named,
        spooled: &Spooled,
        reserved: Option<MediaRecord>,
    ) -> Result<(), MediaError> {
        let key = (self.0.server_name.clone(), media_id.to_owned());
        let created_ms = reserved.as_ref().map_or_else(|| self.0.clock.now_ms(), |row| row.created_ms);
        let record = MediaRecord {
            kind: MediaKind::Upload,
            uploader: Some(uploader.to_owned()),
            created_ms,
            expires_ms: None,
            content: Some(attached(spooled, named)),
        };
        let mut landing = self.land(spooled).await;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut batch = Batch::new();
            batch.expect_read(&MEDIA, &key, reserved.as_ref()).put(&MEDIA, &key, &record);
            let (server, id) = key.clone();
            batch.put(&MEDIA_BY_USER, &(uploader.to_owned(), created_ms, server, id), &());
            if let Some(expires_ms) = reserved.as_ref().and_then(|row| row.expires_ms) {
                batch.delete(&MEDIA_EXPIRY, &(expires_ms, key.0.clone(), key.1.clone()));
                batch.delete(&MEDIA_RESERVED, &(uploader.to_owned(), key.1.clone()));
            }
            self.count_usage(&mut batch, uploader, spooled.bytes).await?;
            if matches!(self.commit_reference(batch, &mut landing).await?, Attempt::Committed) {
                metrics::counter!("media_uploads_total").increment(1);
                metrics::counter!("media_upload_bytes_total").increment(spooled.bytes);
                return Ok(());
            }
            if self.0.store.get(&MEDIA, &key).await? != reserved {
                break;
            }
        }
        Err(MediaError::Busy)
    }

    async fn count_usage(&self, batch: &mut Batch, user: &UserId, bytes: u64) -> Result<(), MediaError> {
        let known = self.0.store.get(&MEDIA_USAGE, user).await?;
        let mut usage = known.unwrap_or_default();
        usage.count += 1;
        usage.bytes = usage.bytes.saturating_add(bytes);
        if self.0.settings.user_bytes_max.is_some_and(|bytes_max| usage.bytes > bytes_max) {
            return Err(over_quota());
        }
        batch.expect_read(&MEDIA_USAGE, user, known.as_ref()).put(&MEDIA_USAGE, user, &usage);
        Ok(())
    }

    async fn check_quota(&self, user: &UserId, bytes: u64) -> Result<(), MediaError> {
        let Some(bytes_max) = self.0.settings.user_bytes_max else { return Ok(()) };
        let usage = self.0.store.get(&MEDIA_USAGE, user).await?.unwrap_or_default();
        if usage.bytes.saturating_add(bytes) > bytes_max { Err(over_quota()) } else { Ok(()) }
    }

    fn permits(&self, user: &UserId) -> Result<Permits, MediaError> {
        let all = Arc::clone(&self.0.uploads).try_acquire_owned().map_err(|_| MediaError::Busy)?;
        let by_user = Arc::clone(&self.0.uploads_by_user);
        {
            let mut running = by_user.lock();
            let running = running.entry(user.to_owned()).or_default();
            if *running >= UPLOADS_RUNNING_PER_USER_MAX {
                return Err(MediaError::Busy);
            }
            *running += 1;
        }
        Ok(Permits { _all: all, user: user.to_owned(), by_user })
    }
}

/// The URI of a medium of ours.
pub(crate) fn mxc_uri(server: &ServerName, media_id: &str) -> OwnedMxcUri {
    format!("mxc://{server}/{media_id}").into()
}

pub(crate) fn attached(spooled: &Spooled, named: Named) -> Attached {
    let Named { content_type, file_name } = named;
    Attached { digest: spooled.digest.0, bytes: spooled.bytes, content_type, file_name }
}

fn over_quota() -> MediaError {
    MediaError::Forbidden("You have uploaded as much as you may; delete something, or ask an administrator")
}

/// A denied type wins over an allowed one. Types are compared without parameters and case.
fn check_type(allowed: &[String], denied: &[String], content_type: Option<&str>) -> Result<(), MediaError> {
    let essence = essence(content_type.unwrap_or("application/octet-stream"));
    let matches = |patterns: &[String]| {
        patterns.iter().any(|pattern| {
            let pattern = pattern.to_ascii_lowercase();
            match pattern.strip_suffix("/*") {
                Some(group) => essence.split('/').next() == Some(group),
                None => essence == pattern,
            }
        })
    };
    if matches(denied) || !(allowed.is_empty() || matches(allowed)) {
        return Err(MediaError::Forbidden("Files of this type may not be uploaded here"));
    }
    Ok(())
}

/// `Text/Plain; charset=utf-8` becomes `text/plain`.
pub(crate) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_type_wins_and_parameters_do_not_help() {
        let list = |types: &[&str]| types.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let cases = [
            (&[][..], &[][..], Some("anything/at-all"), true),
            (&[], &[], None, true),
            (&["image/*"], &[], Some("image/png"), true),
            (&["image/*"], &[], Some("IMAGE/PNG; x=y"), true),
            (&["image/*"], &[], Some("imagery/png"), false),
            (&["image/*"], &[], None, false),
            (&["image/*", "application/octet-stream"], &[], None, true),
            (&["image/*"], &["image/svg+xml"], Some("Image/SVG+xml ;charset=utf-8"), false),
            (&[], &["text/html"], Some("text/html"), false),
            (&[], &["text/html"], Some("text/plain"), true),
        ];
        for (allowed, denied, content_type, expected) in cases {
            let outcome = check_type(&list(allowed), &list(denied), content_type);
            assert_eq!(outcome.is_ok(), expected, "{allowed:?} {denied:?} {content_type:?}");
        }
    }

    #[test]
    fn names_and_types_that_cannot_be_handed_out_again_are_not_kept() {
        let named = |content_type: &str, file_name: &str| {
            let (content_type, file_name) = (content_type.to_owned(), file_name.to_owned());
            Named { content_type: Some(content_type), file_name: Some(file_name) }.cleaned()
        };
        assert_eq!(named("image/png", "中文 名.png").file_name.unwrap(), "中文 名.png");
        assert_eq!(named("image/png", "a\r\nX-Header: b\u{0}").file_name.unwrap(), "aX-Header: b");
        assert_eq!(named("image/png\r\nX: y", "").content_type, None);
        assert_eq!(named(&"x".repeat(256), "\n"), Named::default());
        assert_eq!(named("text/plain", &"名".repeat(300)).file_name.unwrap().chars().count(), 255);
    }
}
