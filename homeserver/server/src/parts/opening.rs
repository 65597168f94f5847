//! What everything else stands on: the store, after a restore too, and the keys that sign.

use std::{path::Path, sync::Arc};

use base::{Clock, Rng};
use config::{Config, DatabaseEngine};
use federation::{OwnKeys, policy_server::PolicyServerParts};
use ruma::ServerName;
use store::{Engine, Identity, Store};

use crate::{StartError, backup::marker, engine, settings, signing_key};

/// What a test brings along.
pub(super) struct Opening {
    pub engine: Option<Arc<dyn Engine>>,
    pub own_keys: Option<OwnKeys>,
}

/// What was opened.
pub(super) struct Opened {
    pub store: Store,
    pub own_keys: OwnKeys,
    pub policy_server: Option<PolicyServerParts>,
    /// Nothing outlives the process.
    pub keeps_nothing: bool,
}

impl Opening {
    /// Opens the store that the configuration names, and loads or makes the keys.
    pub async fn open(
        self,
        config: &Config,
        server_name: &ServerName,
        clock: &Clock,
        rng: &Rng,
    ) -> Result<Opened, StartError> {
        let directory = Path::new(&config.server.data_directory);
        let keeps_nothing = config.database.engine == DatabaseEngine::Memory && self.engine.is_none();
        let engine = match self.engine {
            Some(engine) => engine,
            None => {
                create_directory(directory)?;
                engine::open(config, directory)?
            }
        };
        let own_keys = match self.own_keys {
            Some(own_keys) => own_keys,
            None if keeps_nothing => signing_key::ephemeral(rng)?,
            None => {
                create_directory(directory)?;
                signing_key::load_or_create(directory, rng)?
            }
        };
        let policy_server = match (config.policy_server.enabled, keeps_nothing) {
            (false, _) => None,
            (true, true) => Some(signing_key::ephemeral_policy_key()?),
            (true, false) => {
                create_directory(directory)?;
                Some(signing_key::load_or_create_policy_key(directory)?)
            }
        };
        let policy_server = policy_server
            .map(|key| PolicyServerParts { key, settings: settings::policy_server(&config.policy_server) });
        let restore = marker::read(directory)?;
        let identity = Identity::new(server_name, clock).restored(restore);
        let store = Store::open(engine, tables(), identity, rooms::migrations()).await?;
        if store.is_restore_unfinished().await? {
            forget_after_restore(&store).await?;
        }
        marker::consume(directory)?;
        Ok(Opened { store, own_keys, policy_server, keeps_nothing })
    }
}

/// A backup was restored: nothing may be served before everything is forgotten that was promised since it was made.
async fn forget_after_restore(store: &Store) -> Result<(), StartError> {
    keys::after_restore(store).await?;
    federation::sender::after_restore(store).await?;
    delivery::appservices::after_restore(store).await?;
    store.finish_restore().await?;
    tracing::warn!(
        epoch = store.restore_epoch(),
        "a backup was restored: one-time keys were dropped, device lists are stale, numbers go on past the old ones"
    );
    Ok(())
}

/// All tables of the program.
fn tables() -> Vec<store::TableInfo> {
    [
        streams::tables(),
        administration::tables(),
        accounts::tables(),
        keys::tables(),
        media::tables(),
        rooms::tables(),
        federation::tables(),
        search::tables(),
        delivery::tables(),
    ]
    .concat()
}

fn create_directory(directory: &Path) -> Result<(), StartError> {
    std::fs::create_dir_all(directory)
        .map_err(|error| StartError::Directory { path: directory.to_owned(), error })
}
