//! Behaviour of the crate over the store in memory and a folder.

mod copies;
mod lifetimes;
mod pictures;
mod policy;

use std::sync::Arc;

use base::{Clock, Rng};
use futures_util::TryStreamExt as _;
use outbound::{Outbound, OutboundSettings};
use ruma::{MxcUri, OwnedMxcUri, ServerName, UserId, server_name, user_id};
use store::{Engine, Identity, MemoryKv, Store};

use crate::{Found, Media, MediaError, MediaParts, MediaSettings, Named};

const NOW_MS: u64 = 1_800_000_000_000;
const HOUR_MS: u64 = 60 * 60 * 1000;

struct World {
    media: Media,
    store: Store,
    clock: Clock,
    directory: tempfile::TempDir,
    engine: Arc<dyn Engine>,
}

fn server() -> &'static ServerName {
    server_name!("lian.example")
}

fn alice() -> &'static UserId {
    user_id!("@alice:lian.example")
}

fn bob() -> &'static UserId {
    user_id!("@bob:lian.example")
}

async fn world() -> World {
    configured(|_| {}).await
}

async fn configured(change: impl FnOnce(&mut MediaSettings)) -> World {
    let engine: Arc<dyn Engine> = Arc::new(MemoryKv::new());
    let clock = Clock::fake(NOW_MS);
    let identity = Identity::new(server(), &clock);
    let store = Store::open(Arc::clone(&engine), crate::tables(), identity, Vec::new()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut settings = MediaSettings::new(directory.path());
    change(&mut settings);
    let parts = MediaParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: Rng::seeded(1),
        outbound: Outbound::new(OutboundSettings::default()).unwrap(),
        server_name: server().to_owned(),
        settings,
    };
    World { media: Media::open(parts).await.unwrap(), store, clock, directory, engine }
}

fn id(uri: &MxcUri) -> String {
    uri.parts().unwrap().1.to_owned()
}

fn png(name: &str) -> Named {
    Named { content_type: Some("image/png".to_owned()), file_name: Some(name.to_owned()) }
}

impl World {
    async fn try_upload(&self, user: &UserId, bytes: &[u8]) -> Result<OwnedMxcUri, MediaError> {
        let mut receiving = self.media.begin_upload(user, png("a.png"), Some(bytes.len() as u64)).await?;
        receiving.push(bytes).await?;
        self.media.upload(receiving).await
    }

    async fn upload(&self, user: &UserId, bytes: &[u8]) -> OwnedMxcUri {
        self.try_upload(user, bytes).await.unwrap()
    }

    async fn find(&self, uri: &MxcUri) -> Result<Found, MediaError> {
        self.media.find(server(), &id(uri), std::time::Duration::ZERO).await
    }

    async fn bytes(&self, uri: &MxcUri) -> Result<Vec<u8>, MediaError> {
        let found = self.find(uri).await?;
        let pieces: Vec<_> = self.media.read(&found, None).await?.try_collect().await?;
        Ok(pieces.concat())
    }

    async fn sweep(&self) -> crate::Swept {
        self.media.sweep(|| false).await.unwrap()
    }

    /// Files of contents on the disk.
    fn stored(&self) -> usize {
        fn below(directory: &std::path::Path) -> usize {
            let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
            entries
                .map(|entry| entry.unwrap().path())
                .map(|path| if path.is_dir() { below(&path) } else { 1 })
                .sum()
        }
        below(&self.directory.path().join("content"))
    }
}
