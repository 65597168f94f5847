//! What every engine must do, as a suite that each one runs: `store::store_contract!(make)` in its tests, where `make()`
//! gives a new [`Place`]. Needs `tokio` with `macros` and `rt-multi-thread` among the dev-dependencies.
#![expect(clippy::expect_used, reason = "this is a test suite; a failure is its answer")]

mod bounds;
mod conditions;
mod durability;
mod positions;
mod rows;
mod scans;
mod snapshots;

pub use bounds::*;
pub use conditions::*;
pub use durability::*;
pub use positions::*;
pub use rows::*;
pub use scans::*;
pub use snapshots::*;

use std::sync::Arc;

use base::Clock;
use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use ruma::server_name;

use crate::{Engine, Identity, Profile, Store, Table, TableInfo};

/// Somewhere that keeps data: opened again after everything from the last time is dropped, it finds what was there.
pub trait Place: Send + Sync {
    /// Opens the engine of the place.
    fn engine(&self) -> Arc<dyn Engine>;
}

pub(crate) const TEXTS: Table<String, String> = Table::new(9001, "contract_texts", Profile::Point, "?");
pub(crate) const PAIRS: Table<(String, u64), u64> = Table::new(9002, "contract_pairs", Profile::Scan, "?");
pub(crate) const COUNTERS: Table<u64, u64> = Table::new(9003, "contract_counters", Profile::Counter, "?");
pub(crate) const LOG: Table<StreamPos, (u64, StreamPos)> =
    Table::new(9004, "contract_log", Profile::Queue, "?");
pub(crate) const TIMELINE: Table<(RoomNum, TimelinePos), (EventNum, TimelinePos)> =
    Table::new(9005, "contract_timeline", Profile::Scan, "?");
pub(crate) const SIGNED: Table<i64, ()> = Table::new(9006, "contract_signed", Profile::Scan, "?");
pub(crate) const BLOBS: Table<u64, bytes::Bytes> = Table::new(9007, "contract_blobs", Profile::Blob, "?");

/// The tables the suite uses.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        TEXTS.info(),
        PAIRS.info(),
        COUNTERS.info(),
        LOG.info(),
        TIMELINE.info(),
        SIGNED.info(),
        BLOBS.info(),
    ]
}

/// Opens the store of a place.
pub async fn open(place: &dyn Place) -> Store {
    let identity = Identity::new(server_name!("contract.example"), &Clock::fake(1_000));
    Store::open(place.engine(), tables(), identity, Vec::new()).await.expect("the store opens")
}

/// Closes a store so far that its place can be opened again.
pub async fn shut(store: Store) {
    store.close().await;
    drop(store);
}

/// Runs the whole suite; `$make` is called once per rule and gives a fresh [`Place`].
#[macro_export]
macro_rules! store_contract {
    ($make:expr) => {
        $crate::store_contract! { @each $make;
            a_row_is_read_as_it_was_written
            a_later_write_of_a_batch_wins
            rows_of_one_table_are_not_seen_in_another
            many_keys_are_read_in_their_order
            large_values_survive
            keys_of_every_kind_scan_in_their_order
            a_prefix_does_not_leak_into_a_longer_name
            bounds_limit_and_direction_are_kept
            a_scan_is_continued_after_its_last_key
            a_failed_condition_leaves_nothing
            conditions_see_earlier_batches
            sixty_four_writers_lose_no_increment
            positions_are_dense_and_unique
            pending_positions_become_real_in_keys_and_values
            the_frontier_never_shows_a_position_before_its_data
            hooks_run_before_the_frontier_and_listeners_after
            a_dropped_submission_is_committed_all_the_same
            a_snapshot_is_not_changed_by_later_commits
            a_snapshot_ends_at_its_position
            what_was_acknowledged_is_there_after_reopening
            positions_go_on_after_reopening
            a_closed_store_refuses_commits
            too_large_things_are_refused_and_nothing_else
        }
    };
    (@each $make:expr; $($rule:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $rule() {
            $crate::contract::$rule(&$make()).await;
        }
    )+};
}
