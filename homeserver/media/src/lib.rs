//! Media: content stored by digest, uploads, thumbnails and URL previews.
//!
//! An `mxc://` URI is a row that refers to a content; a content is bytes under their SHA-256 digest, on
//! disk or in an object store, kept as long as a row refers to it and a grace period longer. So the same
//! file uploaded by a thousand people lies there once, and a quarantine of a content covers every URI and
//! thumbnail of it. This crate never decides which room a medium belongs to and never speaks HTTP to
//! clients; what it asks of other servers goes through `outbound`.

mod access;
mod administration;
mod content;
mod copies;
mod download;
mod elsewhere;
mod errors;
mod flight;
mod housekeeping;
pub mod limits;
mod previews;
mod quarantine;
mod references;
mod reserve;
mod settings;
pub mod tables;
mod thumbnails;
mod upload;
mod waiting;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use base::{Clock, Rng};
use outbound::Outbound;
use parking_lot::{Mutex, RwLock};
use ruma::{OwnedServerName, OwnedUserId};
use store::Store;
use tokio::sync::Semaphore;

pub use crate::{
    administration::{MediaInfo, MediaPage, MediaPosition},
    content::{ContentStream, Digest},
    download::Found,
    elsewhere::{Arriving, Elsewhere},
    errors::MediaError,
    housekeeping::Swept,
    reserve::Reserved,
    settings::{MediaSettings, PreviewSettings, S3Settings, StorageSettings},
    tables::{MediaKind, Usage, tables},
    thumbnails::{Shape, ThumbnailRequest},
    upload::{Named, Receiving},
};

/// What [`Media`] is built from.
pub struct MediaParts {
    /// Where the tables are.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness, for media ids.
    pub rng: Rng,
    /// The way to pages that are previewed.
    pub outbound: Outbound,
    /// Our own name, the authority of our `mxc://` URIs.
    pub server_name: OwnedServerName,
    /// What the operator says.
    pub settings: MediaSettings,
}

/// The media of a server. Clones share one state.
#[derive(Clone)]
pub struct Media(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    rng: Rng,
    outbound: Outbound,
    server_name: OwnedServerName,
    settings: MediaSettings,
    contents: content::ContentStore,
    /// Contents that somebody is about to refer to or to delete: one at a time for each.
    busy: flight::Flights<[u8; 32]>,
    uploads: Arc<Semaphore>,
    uploads_by_user: Arc<Mutex<HashMap<OwnedUserId, usize>>>,
    waiting: waiting::Waiting,
    elsewhere: RwLock<Option<Arc<dyn Elsewhere>>>,
    fetches: Arc<Semaphore>,
    /// Media of other servers that are being fetched: one at a time for each.
    fetching: flight::Flights<(OwnedServerName, String)>,
    thumbnails: thumbnails::Thumbnails,
    previews: previews::Previews,
}

impl Media {
    /// Opens the storage, and cleans away what a crash left of arriving uploads.
    ///
    /// # Errors
    /// [`MediaError::Setup`] for a storage that cannot be used.
    pub async fn open(parts: MediaParts) -> Result<Self, MediaError> {
        let MediaParts { store, clock, rng, outbound, server_name, settings } = parts;
        let directory: PathBuf = settings.directory.clone();
        let contents = match &settings.storage {
            StorageSettings::Disk => content::ContentStore::disk(directory),
            StorageSettings::Memory => content::ContentStore::memory(directory),
            StorageSettings::S3(s3) => content::ContentStore::s3(directory, s3)?,
        };
        contents.clean().await?;
        Ok(Self(Arc::new(Inner {
            thumbnails: thumbnails::Thumbnails::new(settings.thumbnail_threads),
            previews: previews::Previews::default(),
            uploads: Arc::new(Semaphore::new(limits::UPLOADS_RUNNING_MAX)),
            uploads_by_user: Arc::default(),
            waiting: waiting::Waiting::default(),
            elsewhere: RwLock::default(),
            fetches: Arc::new(Semaphore::new(limits::FETCHES_RUNNING_MAX)),
            fetching: flight::Flights::default(),
            busy: flight::Flights::default(),
            store,
            clock,
            rng,
            outbound,
            server_name,
            settings,
            contents,
        })))
    }

    /// Largest upload, in bytes, for `/config`.
    #[must_use]
    pub fn upload_bytes_max(&self) -> u64 {
        self.0.settings.upload_bytes_max
    }

    /// Whether URL previews are made.
    #[must_use]
    pub fn previews_enabled(&self) -> bool {
        self.0.settings.previews.is_some()
    }

    fn new_media_id(&self) -> String {
        self.0.rng.string(limits::MEDIA_ID_LENGTH)
    }
}

#[cfg(test)]
mod tests;
