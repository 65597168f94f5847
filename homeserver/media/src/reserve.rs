//! Asynchronous uploads: an id first, the content later.
//!
//! [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav1create)

use ruma::{OwnedMxcUri, ServerName, UserId};
use store::{Batch, Scan};

use crate::{
    Media, MediaError,
    limits::RESERVED_PER_USER_MAX,
    tables::{MEDIA, MEDIA_EXPIRY, MEDIA_RESERVED, MediaKind, MediaRecord},
    upload::mxc_uri,
};

/// An id that waits for its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The URI.
    pub uri: OwnedMxcUri,
    /// Until when the content must be there, in ms since the Unix epoch.
    pub expires_ms: u64,
}

impl Media {
    /// Makes an id without content.
    ///
    /// # Errors
    /// [`MediaError::Busy`] when the user has [`RESERVED_PER_USER_MAX`] of them.
    pub async fn reserve(&self, user: &UserId) -> Result<Reserved, MediaError> {
        let now_ms = self.0.clock.now_ms();
        let scan = Scan::prefix(user).limit(2 * RESERVED_PER_USER_MAX);
        let held = self.0.store.scan(&MEDIA_RESERVED, scan).await?;
        if held.iter().filter(|(_, expires_ms)| *expires_ms > now_ms).count() >= RESERVED_PER_USER_MAX {
            return Err(MediaError::Busy);
        }
        let expires_ms = now_ms.saturating_add(self.0.settings.reserved_ms_max);
        let media_id = self.new_media_id();
        let key = (self.0.server_name.clone(), media_id.clone());
        let record = MediaRecord {
            kind: MediaKind::Upload,
            uploader: Some(user.to_owned()),
            created_ms: now_ms,
            expires_ms: Some(expires_ms),
            content: None,
        };
        let mut batch = Batch::new();
        batch.expect_absent(&MEDIA, &key).put(&MEDIA, &key, &record);
        batch.put(&MEDIA_RESERVED, &(user.to_owned(), media_id.clone()), &expires_ms);
        batch.put(&MEDIA_EXPIRY, &(expires_ms, key.0, key.1), &());
        self.0.store.commit(batch).await?;
        Ok(Reserved { uri: mxc_uri(&self.0.server_name, &media_id), expires_ms })
    }

    /// Whether this user may upload to this id now: asked before the first byte is taken.
    ///
    /// # Errors
    /// [`MediaError::NotFound`] for an id that was not reserved or has expired,
    /// [`MediaError::Forbidden`] for somebody else's, [`MediaError::CannotOverwrite`] for one that has
    /// its content.
    pub async fn check_reserved(
        &self,
        user: &UserId,
        server: &ServerName,
        media_id: &str,
    ) -> Result<(), MediaError> {
        self.reserved(user, server, media_id).await.map(|_| ())
    }

    pub(crate) async fn reserved(
        &self,
        user: &UserId,
        server: &ServerName,
        media_id: &str,
    ) -> Result<MediaRecord, MediaError> {
        let record = self.record(server, media_id).await?.ok_or(MediaError::NotFound)?;
        if server != self.0.server_name || record.kind != MediaKind::Upload {
            return Err(MediaError::NotFound);
        }
        if record.uploader.as_deref() != Some(user) {
            return Err(MediaError::Forbidden("This id was created by somebody else"));
        }
        if record.content.is_some() { Err(MediaError::CannotOverwrite) } else { Ok(record) }
    }
}
