//! Data that an older version of the server left behind.

use std::{ops::ControlFlow, sync::Arc};

use serde_json::json;
use store::{ByteRange, Engine as _, MemoryKv, Operation, Profile, View as _};
use testkit::World;

/// Counts of members: the table that schema 1 had, and the one of today.
const OLD_COUNTS: u16 = 313;
const COUNTS: u16 = 330;

fn rows(engine: &MemoryKv, profile: Profile, table: u16) -> Vec<(Vec<u8>, Vec<u8>)> {
    let range = ByteRange {
        start: table.to_be_bytes().to_vec(),
        end: (table + 1).to_be_bytes().to_vec(),
        reverse: false,
    };
    let mut found = Vec::new();
    let mut each = |key: &[u8], value: &[u8]| {
        found.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    };
    engine.scan(profile, &range, &mut each).unwrap();
    found
}

/// Lays the rows out as schema 1 had them, and says so in the manifest.
fn becomes_schema_1(engine: &MemoryKv) {
    let mut operations = Vec::new();
    for (key, value) in rows(engine, Profile::Point, COUNTS) {
        let old = [&OLD_COUNTS.to_be_bytes()[..], &key[2..]].concat();
        operations.push(Operation { profile: Profile::Counter, key: old, value: Some(value) });
        operations.push(Operation { profile: Profile::Point, key, value: None });
    }
    assert!(operations.len() >= 2, "a room has its counts");
    let (key, mut manifest) = rows(engine, Profile::Counter, 0).pop().unwrap();
    let name = manifest.windows(6).position(|window| window == b"schema").unwrap();
    assert_eq!(manifest[name + 6], 2, "this test is about the step from 1 to 2");
    manifest[name + 6] = 1;
    operations.push(Operation { profile: Profile::Counter, key, value: Some(manifest) });
    engine.write(&operations).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_of_members_of_schema_1_are_taken_over() {
    let engine = MemoryKv::new();
    let mut w = World::over(Arc::new(engine.clone())).await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room_with([&bob]).await;
    alice.invites(&room, &carol).await.ok();
    w.stops().await;
    becomes_schema_1(&engine);
    w.starts_again().await;
    assert!(rows(&engine, Profile::Counter, OLD_COUNTS).is_empty());
    let anew = alice.on_another_device().await;
    let summary = anew.syncs().await["rooms"]["join"][&room]["summary"].clone();
    let counts = (&summary["m.joined_member_count"], &summary["m.invited_member_count"]);
    assert_eq!(counts, (&json!(2), &json!(1)));
    carol.joins(&room).await.ok();
    let summary = anew.syncs().await["rooms"]["join"][&room]["summary"].clone();
    assert_eq!(summary["m.joined_member_count"], 3);
    // A second start finds nothing to do.
    w.restarts().await;
    assert_eq!(alice.joined_rooms().await, [room]);
}
