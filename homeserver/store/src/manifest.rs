//! The rows the store keeps for itself: the manifest (whose data is this, which schema) and the last position.

use std::collections::BTreeMap;

use base::Clock;
use model::StreamPos;
use ruma::{OwnedServerName, ServerName};
use serde::{Deserialize, Serialize};

use crate::batch::encode_key;
use crate::codec::Value;
use crate::engine::{Engine, Operation};
use crate::error::OpenError;
use crate::limits::RELAXED_POSITIONS_JUMP;
use crate::restore::{Restore, Restores};
use crate::table::{Profile, Table, TableInfo};

pub(crate) const MANIFEST: Table<(), Manifest> =
    Table::new(0, "manifest", Profile::Counter, "Whose data is this, and in which layout?");
pub(crate) const POSITION: Table<(), StreamPos> =
    Table::new(1, "position", Profile::Counter, "Which position did the last commit get?");

/// Whose data a store holds.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The server name; it never changes for a database.
    pub server_name: OwnedServerName,
    /// When the store is opened, in milliseconds since the Unix epoch; becomes the creation time of a new store.
    pub opened_at_ms: u64,
    /// The restore that put the data where it is, while somebody has to hear of it; the same one is applied once.
    pub restore: Option<Restore>,
}

impl Identity {
    /// The identity of this server at this moment.
    #[must_use]
    pub fn new(server_name: &ServerName, clock: &Clock) -> Self {
        Self { server_name: server_name.to_owned(), opened_at_ms: clock.now_ms(), restore: None }
    }

    /// The same, after a restore if there was one.
    #[must_use]
    pub fn restored(self, restore: Option<Restore>) -> Self {
        Self { restore, ..self }
    }
}

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Whose data it is.
    pub server_name: String,
    /// Its layout.
    pub schema: u32,
    /// The last position that it gave out.
    pub position: StreamPos,
}

/// Reads what a database says of itself and changes nothing; none for a place that never held one.
///
/// # Errors
/// The engine fails, or the rows cannot be read.
pub fn describe(engine: &dyn Engine) -> Result<Option<Description>, OpenError> {
    let Some(manifest) = read(engine, &MANIFEST)? else { return Ok(None) };
    let position = stored_position(engine)?;
    Ok(Some(Description { server_name: manifest.server_name, schema: manifest.schema, position }))
}

/// The manifest row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) schema: u32,
    pub(crate) server_name: String,
    pub(crate) created_ms: u64,
    /// Whether the last process that opened it wrote without sync.
    pub(crate) relaxed: bool,
    /// The profile of every table by id: rows of a table that changes its profile would be lost from sight.
    pub(crate) profiles: BTreeMap<u16, Profile>,
    /// What became of positions when backups were restored.
    #[serde(default)]
    pub(crate) restores: Restores,
}
crate::record!(Manifest);

/// The two tables of the store itself.
pub(crate) fn tables() -> [TableInfo; 2] {
    [MANIFEST.info(), POSITION.info()]
}

/// Reads the manifest, or makes the first one in a fresh place; says at which position to go on.
pub(crate) fn load_or_create(
    engine: &dyn Engine,
    tables: &[TableInfo],
    identity: &Identity,
    schema_newest: u32,
) -> Result<(Manifest, StreamPos), OpenError> {
    let found = read(engine, &MANIFEST)?;
    let Some(mut manifest) = found else {
        return create(engine, tables, identity, schema_newest);
    };
    check(&manifest, tables, identity, schema_newest)?;
    let stored = stored_position(engine)?;
    // Without sync a power cut may have lost commits whose positions were already told to clients.
    let jump = if manifest.relaxed { RELAXED_POSITIONS_JUMP } else { 0 };
    let mut position = StreamPos::new(stored.get() + jump);
    if let Some(restore) = &identity.restore
        && let Some(past_all) = manifest.restores.note(restore, position)
    {
        tracing::warn!(
            from = position.get(),
            to = past_all.get(),
            epoch = manifest.restores.epoch,
            "this data was restored from a backup: positions go on past everything that was given out since"
        );
        position = past_all;
    }
    manifest.relaxed = !engine.is_durable();
    manifest.profiles.extend(tables.iter().map(|table| (table.id, table.profile)));
    engine.write(&[row(&MANIFEST, &manifest), row(&POSITION, &position)])?;
    Ok((manifest, position))
}

fn create(
    engine: &dyn Engine,
    tables: &[TableInfo],
    identity: &Identity,
    schema: u32,
) -> Result<(Manifest, StreamPos), OpenError> {
    if !engine.is_fresh()? {
        return Err(OpenError::NoManifest);
    }
    let manifest = Manifest {
        schema,
        server_name: identity.server_name.to_string(),
        created_ms: identity.opened_at_ms,
        relaxed: !engine.is_durable(),
        profiles: tables.iter().map(|table| (table.id, table.profile)).collect(),
        restores: Restores::default(),
    };
    engine.write(&[row(&MANIFEST, &manifest), row(&POSITION, &StreamPos::ZERO)])?;
    engine.created()?;
    tracing::info!(server_name = manifest.server_name, schema, "created a new database");
    Ok((manifest, StreamPos::ZERO))
}

fn check(
    manifest: &Manifest,
    tables: &[TableInfo],
    identity: &Identity,
    schema_newest: u32,
) -> Result<(), OpenError> {
    if manifest.server_name != identity.server_name.as_str() {
        let (found, expected) = (manifest.server_name.clone(), identity.server_name.to_string());
        return Err(OpenError::OtherServer { found, expected });
    }
    if manifest.schema > schema_newest {
        return Err(OpenError::NewerSchema { found: manifest.schema, known: schema_newest });
    }
    for table in tables {
        if let Some(found) = manifest.profiles.get(&table.id).filter(|found| **found != table.profile) {
            let (found, declared) = (found.name().to_owned(), table.profile.name().to_owned());
            return Err(OpenError::ProfileChanged { name: table.name, found, declared });
        }
    }
    Ok(())
}

fn read<V: Value>(engine: &dyn Engine, table: &Table<(), V>) -> Result<Option<V>, OpenError> {
    let mut value = None;
    let key = encode_key(table, &()).bytes;
    engine.get(table.profile, &key, &mut |bytes| value = Some(V::decode(bytes)))?;
    value.transpose().map_err(|error| OpenError::BadManifest(error.to_string()))
}

fn stored_position(engine: &dyn Engine) -> Result<StreamPos, OpenError> {
    read(engine, &POSITION)?
        .ok_or_else(|| OpenError::BadManifest("the row of the last position is missing".to_owned()))
}

fn row<V: Value>(table: &Table<(), V>, value: &V) -> Operation {
    let mut writer = crate::codec::ValueWriter::default();
    value.encode(&mut writer);
    let key = encode_key(table, &()).bytes;
    Operation { profile: table.profile, key, value: Some(writer.finish().bytes) }
}

/// The row that makes the positions of a group durable with the group.
pub(crate) fn position_row(last: StreamPos) -> Operation {
    row(&POSITION, &last)
}
