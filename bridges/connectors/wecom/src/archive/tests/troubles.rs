//! What goes wrong with the archive: nothing is lost by it and nothing comes twice.

use bridge_api::{CheckOutcome, Secret};
use serde_json::json;

use super::{ArchiveError, ArchiveKey, World, entry, keys};

fn ids(world: &World) -> Vec<String> {
    world.basket.taken().iter().filter_map(|arrival| Some(arrival.what.message()?.to_string())).collect()
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_it_reads_on_from_where_everything_was_handed_over() {
    let mut world = World::new(|_| {}).await;
    let first = world.archive.put(&entry("m1", json!({})));
    world.read_all().await;
    world.restart(|_| {});
    world.archive.put(&entry("m2", json!({})));
    world.archive.asked.lock().clear();
    world.read_all().await;
    assert_eq!(ids(&world), ["m1", "m2"]);
    assert_eq!(world.archive.asked.lock()[0].0, first);
}

#[tokio::test(start_paused = true)]
async fn what_the_inbox_did_not_take_comes_again() {
    let world = World::new(|_| {}).await;
    world.basket.refuse(true);
    world.archive.put(&entry("m1", json!({})));
    world.read_until_looked(3).await;
    assert!(world.archive.asked.lock().iter().all(|(after, _)| *after == 0), "the place stays");
    world.basket.refuse(false);
    world.read_all().await;
    assert_eq!(ids(&world), ["m1"]);
}

#[tokio::test(start_paused = true)]
async fn a_helper_that_is_killed_in_the_middle_loses_nothing() {
    let world = World::new(|_| {}).await;
    world.archive.put(&entry("m1", json!({})));
    for trouble in [ArchiveError::Helper("killed".into()), ArchiveError::Library(10_001)] {
        world.archive.trouble(trouble);
    }
    world.read_all().await;
    assert_eq!(ids(&world), ["m1"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_missing_holds_everything_until_it_is_there() {
    let mut world = World::new(|_| {}).await;
    world.archive.put(&entry("m1", json!({})));
    world.archive.put_sealed(4, keys::sealed("key"), entry("m2", json!({})).to_string());
    world.archive.put(&entry("m3", json!({})));
    world.read_until_looked(3).await;
    assert_eq!(ids(&world), ["m1"], "what stands before it came");
    world.restart(|settings| {
        settings.private_keys.push(ArchiveKey { version: 4, pem: Secret::new(keys::PRIVATE_KEY) });
    });
    world.read_all().await;
    assert_eq!(ids(&world), ["m1", "m2", "m3"]);
}

#[tokio::test(start_paused = true)]
async fn the_wrong_key_of_a_version_holds_everything_too() {
    let wrong = ArchiveKey { version: 3, pem: Secret::new(keys::OTHER_PRIVATE_KEY) };
    let world = World::new(|settings| settings.private_keys = vec![wrong]).await;
    world.archive.put(&entry("m1", json!({})));
    world.read_until_looked(3).await;
    assert!(ids(&world).is_empty() && world.archive.asked.lock().iter().all(|(after, _)| *after == 0));
}

#[tokio::test(start_paused = true)]
async fn one_broken_entry_is_left_out_and_holds_nothing_up() {
    let world = World::new(|_| {}).await;
    world.archive.put(&entry("m1", json!({})));
    world.archive.put_sealed(3, "AAAA".into(), entry("m2", json!({})).to_string());
    world.archive.put_sealed(3, keys::sealed("key"), String::new());
    world.archive.put_sealed(3, keys::sealed("key"), "{\"msgid\":".into());
    world.archive.put(&entry("m5", json!({})));
    world.read_all().await;
    assert_eq!(ids(&world), ["m1", "m5"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_too_large_is_asked_for_in_smaller_ones() {
    let world = World::new(|_| {}).await;
    world.archive.put(&entry("m1", json!({})));
    for _ in 0..2 {
        world.archive.trouble(ArchiveError::TooLarge);
    }
    world.read_all().await;
    let asked: Vec<_> = world.archive.asked.lock().iter().map(|(_, most)| *most).collect();
    assert_eq!(asked[..3], [200, 100, 50]);
    assert_eq!(ids(&world), ["m1"]);
}

#[tokio::test]
async fn a_check_says_what_the_archive_lacks() {
    let world = World::new(|_| {}).await;
    world.platform.next("msgaudit/get_permit_user_list", 200, json!({"errcode": 0, "ids": ["a", "b"]}));
    let steps = world.archived.check().await;
    assert!(steps[0].works(), "{steps:?}");
    assert_eq!(steps[1].outcome, CheckOutcome::Works("2 位成员 · members".into()));
    world.archive.trouble(ArchiveError::Missing("/nowhere/library.so: no such file".into()));
    let steps = world.archived.check().await;
    let CheckOutcome::Fails { reason, advice } = &steps[0].outcome else { panic!("{steps:?}") };
    assert!(reason.contains("/nowhere/library.so") && advice.en.contains("archive_helper"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_is_not_read_for_long_is_said_to_whoever_asks_until_it_is_read_again() {
    let world = World::new(|_| {}).await;
    for _ in 0..3 {
        world.archive.trouble(ArchiveError::Library(10_009));
    }
    assert_eq!(world.archived.amiss(), None);
    world.read_until_looked(2).await;
    let said = world.archived.amiss().expect("nobody hears what people say there");
    assert!(said.en.contains("archive cannot be read") && said.zh.contains("存档"), "{said:?}");
    world.archive.put(&entry("m1", json!({})));
    world.read_all().await;
    assert_eq!((ids(&world), world.archived.amiss()), (vec!["m1".to_owned()], None));
}
