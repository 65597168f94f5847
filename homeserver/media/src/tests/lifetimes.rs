//! When contents come and when they go.

use std::time::Duration;

use store::{Batch, Scan};

use super::*;
use crate::{
    Digest, Swept,
    limits::{INTENT_AGE_MS_MAX, RESERVED_PER_USER_MAX},
    tables::{CONTENT, CONTENT_INTENT, CONTENT_UNREFERENCED, MEDIA_BY_USER, MEDIA_EXPIRY, MEDIA_RESERVED},
};

#[tokio::test]
async fn the_same_bytes_lie_there_once_and_go_with_the_last_who_refers_to_them() {
    let world = world().await;
    let first = world.upload(alice(), b"same").await;
    let second = world.upload(bob(), b"same").await;
    assert_ne!(first, second);
    assert_eq!(world.stored(), 1);

    world.media.delete(server(), &id(&first)).await.unwrap();
    assert!(matches!(world.find(&first).await, Err(MediaError::NotFound)));
    world.clock.advance(48 * HOUR_MS);
    assert_eq!(world.sweep().await, Swept::default());
    assert_eq!(world.bytes(&second).await.unwrap(), b"same");

    world.media.delete(server(), &id(&second)).await.unwrap();
    assert_eq!(world.sweep().await.contents, 0, "the grace time has only begun");
    assert_eq!(world.stored(), 1);
    world.clock.advance(25 * HOUR_MS);
    assert_eq!(world.sweep().await.contents, 1);
    assert_eq!(world.stored(), 0);
    assert!(world.store.scan(&CONTENT, Scan::all()).await.unwrap().is_empty());
    assert!(world.store.scan(&MEDIA_BY_USER, Scan::all()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_upload_within_the_grace_time_takes_the_content_back() {
    let world = world().await;
    let first = world.upload(alice(), b"back").await;
    world.media.delete(server(), &id(&first)).await.unwrap();
    let second = world.upload(alice(), b"back").await;
    assert!(world.store.scan(&CONTENT_UNREFERENCED, Scan::all()).await.unwrap().is_empty());
    world.clock.advance(48 * HOUR_MS);
    world.sweep().await;
    assert_eq!(world.bytes(&second).await.unwrap(), b"back");
}

#[tokio::test]
async fn racing_uploads_and_sweeps_of_one_content_never_lose_it() {
    let world = Arc::new(configured(|settings| settings.grace_ms = 0).await);
    let tasks = (0..8).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            for _ in 0..20 {
                match world.try_upload(alice(), b"contended").await {
                    Ok(uri) => {
                        assert_eq!(world.bytes(&uri).await.unwrap(), b"contended");
                        world.media.delete(server(), &id(&uri)).await.unwrap();
                    }
                    Err(error) => assert!(matches!(error, MediaError::Busy), "{error}"),
                }
                world.sweep().await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    world.clock.advance(1);
    world.sweep().await;
    assert_eq!(world.stored(), 0);
}

#[tokio::test]
async fn a_write_that_crashed_before_its_commit_is_followed_up() {
    let world = world().await;
    let kept = world.upload(alice(), b"kept").await;
    // As a crash leaves it: the file in its place and announced, no row.
    let lost = Digest::of(b"lost");
    let mut incoming = world.media.0.contents.incoming(4).await.unwrap();
    incoming.write(b"lost").await.unwrap();
    let spooled = incoming.finish().await.unwrap();
    world.media.0.contents.adopt(&spooled).await.unwrap();
    let mut batch = Batch::new();
    batch.put(&CONTENT_INTENT, &(NOW_MS, lost.0), &());
    // And one that was committed after all.
    batch.put(&CONTENT_INTENT, &(NOW_MS, Digest::of(b"kept").0), &());
    world.store.commit(batch).await.unwrap();

    world.sweep().await;
    assert_eq!(world.stored(), 2, "an upload may still be on its way to its commit");
    world.clock.advance(INTENT_AGE_MS_MAX + 1);
    world.sweep().await;
    assert_eq!(world.stored(), 1);
    assert_eq!(world.bytes(&kept).await.unwrap(), b"kept");
    assert!(world.store.scan(&CONTENT_INTENT, Scan::all()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_erasure_that_crashed_half_way_is_finished() {
    let world = world().await;
    let uri = world.upload(alice(), b"going").await;
    world.media.delete(server(), &id(&uri)).await.unwrap();
    let digest = Digest::of(b"going").0;
    let content = world.store.get(&CONTENT, &digest).await.unwrap().unwrap();
    let mut batch = Batch::new();
    batch.put(&CONTENT, &digest, &crate::tables::ContentRecord { erasing: true, ..content });
    world.store.commit(batch).await.unwrap();
    std::fs::remove_dir_all(world.directory.path().join("content")).unwrap();

    assert!(matches!(world.try_upload(alice(), b"going").await, Err(MediaError::Busy)));
    world.clock.advance(25 * HOUR_MS);
    assert_eq!(world.sweep().await.contents, 1);
    let again = world.upload(alice(), b"going").await;
    assert_eq!(world.bytes(&again).await.unwrap(), b"going");
}

#[tokio::test]
async fn a_restart_finds_everything_again() {
    let world = world().await;
    let uri = world.upload(alice(), b"durable").await;
    let World { media, store, clock, directory, engine } = world;
    drop(media);
    store.close().await;
    drop(store);
    let identity = Identity::new(server(), &clock);
    let store = Store::open(engine, crate::tables(), identity, Vec::new()).await.unwrap();
    let parts = MediaParts {
        store,
        clock,
        rng: Rng::seeded(2),
        outbound: Outbound::new(OutboundSettings::default()).unwrap(),
        server_name: server().to_owned(),
        settings: MediaSettings::new(directory.path()),
    };
    let media = Media::open(parts).await.unwrap();
    let found = media.find(server(), &id(&uri), Duration::ZERO).await.unwrap();
    assert_eq!((found.bytes, found.digest), (7, Digest::of(b"durable")));
}

#[tokio::test]
async fn an_id_made_ahead_waits_for_its_content_and_ends() {
    let world = world().await;
    let reserved = world.media.reserve(alice()).await.unwrap();
    assert_eq!(reserved.expires_ms, NOW_MS + 24 * HOUR_MS);
    assert!(matches!(world.find(&reserved.uri).await, Err(MediaError::NotYetUploaded)));
    let check = async |user| world.media.check_reserved(user, server(), &id(&reserved.uri)).await;
    check(alice()).await.unwrap();
    assert!(matches!(check(bob()).await, Err(MediaError::Forbidden(_))));

    world.clock.advance(24 * HOUR_MS);
    assert!(matches!(world.find(&reserved.uri).await, Err(MediaError::NotFound)));
    assert!(matches!(check(alice()).await, Err(MediaError::NotFound)));
    assert_eq!(world.sweep().await.expired, 1);
    assert!(world.store.scan(&MEDIA_RESERVED, Scan::all()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_waiting_download_is_woken_by_the_upload() {
    let world = Arc::new(world().await);
    let reserved = world.media.reserve(alice()).await.unwrap();
    let media_id = id(&reserved.uri);
    let waiting = {
        let (world, media_id) = (Arc::clone(&world), media_id.clone());
        tokio::spawn(async move { world.media.find(server(), &media_id, Duration::from_secs(60)).await })
    };
    let mut receiving = world.media.begin_upload(alice(), png("a.png"), None).await.unwrap();
    receiving.push(b"late").await.unwrap();
    world.media.fill(receiving, server(), &media_id).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().bytes, 4);

    let again = world.media.begin_upload(alice(), png("a.png"), None).await.unwrap();
    let error = world.media.fill(again, server(), &media_id).await.unwrap_err();
    assert!(matches!(error, MediaError::CannotOverwrite));
    assert!(world.store.scan(&MEDIA_EXPIRY, Scan::all()).await.unwrap().is_empty());
    world.clock.advance(48 * HOUR_MS);
    world.sweep().await;
    assert_eq!(world.bytes(&reserved.uri).await.unwrap(), b"late", "what was filled does not expire");
}

#[tokio::test]
async fn one_of_two_racing_uploads_to_an_id_wins() {
    let world = Arc::new(world().await);
    let reserved = world.media.reserve(alice()).await.unwrap();
    let fills = (0..4_u8).map(|number| {
        let (world, media_id) = (Arc::clone(&world), id(&reserved.uri));
        tokio::spawn(async move {
            let mut receiving = world.media.begin_upload(alice(), png("a.png"), None).await.unwrap();
            receiving.push(&[number]).await.unwrap();
            world.media.fill(receiving, server(), &media_id).await
        })
    });
    let mut won = 0;
    for fill in fills.collect::<Vec<_>>() {
        match fill.await.unwrap() {
            Ok(()) => won += 1,
            Err(error) => assert!(matches!(error, MediaError::CannotOverwrite), "{error}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(world.media.usage(alice()).await.unwrap().count, 1);
}

#[tokio::test]
async fn a_user_holds_only_so_many_empty_ids() {
    let world = world().await;
    for _ in 0..RESERVED_PER_USER_MAX {
        world.media.reserve(alice()).await.unwrap();
    }
    assert!(matches!(world.media.reserve(alice()).await, Err(MediaError::Busy)));
    world.media.reserve(bob()).await.unwrap();
    world.clock.advance(24 * HOUR_MS);
    world.media.reserve(alice()).await.unwrap();
}

#[tokio::test]
async fn retention_deletes_what_nobody_wanted_for_long() {
    let world = configured(|settings| settings.retention_ms = Some(30 * 24 * HOUR_MS)).await;
    let wanted = world.upload(alice(), b"wanted").await;
    let unwanted = world.upload(alice(), b"unwanted").await;
    world.clock.advance(20 * 24 * HOUR_MS);
    world.find(&wanted).await.unwrap();
    world.clock.advance(20 * 24 * HOUR_MS);
    assert_eq!(world.sweep().await.unused, 1);
    assert_eq!(world.bytes(&wanted).await.unwrap(), b"wanted");
    assert!(matches!(world.find(&unwanted).await, Err(MediaError::NotFound)));
}
