//! The key-value contract: typed tables, batches with conditions, group commit, snapshots.
//!
//! The typed layer ([`Table`], [`Batch`], [`Scan`], [`Reader`], [`Store`]) stands on a small synchronous [`Engine`] of
//! ordered bytes. One committer thread is the only writer of this process: it takes all waiting batches, checks their
//! conditions in order, gives positions, writes once, syncs once, publishes the frontier and then answers.
//!
//! The store knows nothing of what its tables mean. Read next: [`store::Store`](Store), then `committer.rs`.

mod batch;
mod codec;
mod committer;
pub mod contract;
mod engine;
mod error;
mod faulty;
mod group;
mod health;
pub mod limits;
mod manifest;
mod measure;
mod memory;
mod migration;
mod queue;
mod reader;
mod restore;
mod scan;
mod store;
mod table;

pub use batch::{Audience, Batch, Commit};
pub use codec::{
    CodecError, Field, Key, KeyOf, KeyReader, KeyWriter, PrefixOf, Value, ValueReader, ValueWriter,
    from_record, to_record,
};
#[doc(hidden)]
pub use codec::{encode_key_for_tests, encode_value_for_tests};
pub use committer::CommitListener;
pub use engine::{ByteRange, EachRow, Engine, EngineError, Operation, View};
pub use error::{OpenError, StoreError};
pub use faulty::{Fault, FaultyKv};
pub use health::Health;
pub use manifest::{Description, Identity, describe};
pub use measure::describe_metrics;
pub use memory::MemoryKv;
pub use migration::{Migration, newest as newest_schema};
pub use queue::Submission;
pub use reader::Reader;
pub use restore::Restore;
pub use scan::Scan;
pub use store::{Snapshot, Store};
pub use table::{Profile, Table, TableInfo, catalogue};
