//! Forward-only numbered migrations. Schema 1 is the first layout; a new database starts at the newest schema.

use async_trait::async_trait;

use crate::batch::Batch;
use crate::error::{OpenError, StoreError};
use crate::manifest::{MANIFEST, Manifest};
use crate::store::Store;

/// The schema a database has before any migration: migration 1, which has nothing to change.
pub(crate) const FIRST_SCHEMA: u32 = 1;

/// One change of the layout of stored rows. A number is never used twice and never changes its meaning.
#[async_trait]
pub trait Migration: Send + Sync {
    /// Its number, from 2, without holes.
    fn number(&self) -> u32;

    /// What it changes, in a few words for the log.
    fn name(&self) -> &'static str;

    /// Changes the rows. It may be stopped anywhere and run again: every step must tolerate that it was done before.
    async fn run(&self, store: &Store) -> Result<(), StoreError>;
}

/// The newest schema of a list of migrations, which is what a program that has them writes.
///
/// # Errors
/// [`OpenError::MigrationNumbers`] when their numbers have a hole.
pub fn newest(migrations: &[Box<dyn Migration>]) -> Result<u32, OpenError> {
    let mut newest = FIRST_SCHEMA;
    for migration in migrations {
        newest += 1;
        if migration.number() != newest {
            return Err(OpenError::MigrationNumbers { found: migration.number(), expected: newest });
        }
    }
    Ok(newest)
}

/// Runs what the database has not seen yet, one after another; each is recorded before the next begins.
pub(crate) async fn run(
    store: &Store,
    manifest: Manifest,
    migrations: &[Box<dyn Migration>],
) -> Result<(), OpenError> {
    let mut current = manifest;
    let all = migrations.len();
    for (index, migration) in migrations.iter().enumerate() {
        let (number, name) = (migration.number(), migration.name());
        if number <= current.schema {
            continue;
        }
        tracing::info!(number, name, "migration {} of {all} starts", index + 1);
        let failed = |source| OpenError::Migration { number, name, source };
        migration.run(store).await.map_err(failed)?;
        let next = Manifest { schema: number, ..current.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&MANIFEST, &(), &current).put(&MANIFEST, &(), &next);
        store.commit(batch).await.map_err(failed)?;
        tracing::info!(number, name, "migration is done");
        current = next;
    }
    Ok(())
}
