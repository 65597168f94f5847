//! Copies of other servers' media: how much they take together.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use store::Batch;

use super::*;
use crate::tables::COPIES_USAGE;
use crate::{Arriving, Elsewhere, Usage};

/// Has media of ten bytes each; the id is what they say.
struct Tens;

impl Elsewhere for Tens {
    fn fetch<'a>(
        &'a self,
        _: &'a ServerName,
        media_id: &'a str,
        _: Duration,
        _: u64,
    ) -> BoxFuture<'a, Result<Arriving, MediaError>> {
        let bytes = Bytes::from(format!("{media_id:.<10}"));
        async move { Ok(Arriving { named: png("a.png"), bytes: stream::iter([Ok(bytes)]).boxed() }) }.boxed()
    }
}

fn there() -> &'static ServerName {
    server_name!("there.example")
}

/// Room for three copies.
async fn small() -> World {
    let world = configured(|settings| settings.remote_total_bytes_max = 35).await;
    world.media.plug(Arc::new(Tens));
    world
}

impl World {
    async fn fetches(&self, media_id: &str) {
        self.media.find(there(), media_id, Duration::ZERO).await.unwrap();
        self.clock.advance(1);
    }

    async fn copies(&self, of: &[&str]) -> Vec<String> {
        let mut here = Vec::new();
        for media_id in of {
            if self.media.info(there(), media_id).await.unwrap().is_some() {
                here.push((*media_id).to_owned());
            }
        }
        here
    }
}

#[tokio::test]
async fn the_oldest_copies_go_for_new_ones_and_take_their_bytes_along() {
    let world = small().await;
    let own = world.upload(alice(), b"ours").await;
    for media_id in ["one", "two", "three", "four", "five"] {
        world.fetches(media_id).await;
        assert!(world.media.copies_usage().await.unwrap().bytes <= 35);
    }
    assert_eq!(world.copies(&["one", "two", "three", "four", "five"]).await, ["three", "four", "five"]);
    assert_eq!(world.stored(), 4, "three copies and the own upload; what went needs no grace");
    assert_eq!(world.bytes(&own).await.unwrap(), b"ours");
    // What went is fetched again.
    world.fetches("one").await;
    assert_eq!(world.copies(&["one", "three"]).await, ["one"]);
}

#[tokio::test]
async fn a_copy_is_counted_out_however_it_goes() {
    let world = small().await;
    for media_id in ["one", "two"] {
        world.fetches(media_id).await;
    }
    assert_eq!(world.media.copies_usage().await.unwrap(), Usage { count: 2, bytes: 20 });
    world.media.delete(there(), "one").await.unwrap();
    assert_eq!(world.media.copies_usage().await.unwrap(), Usage { count: 1, bytes: 10 });
    world.clock.advance(100 * 24 * HOUR_MS);
    // Its time is over: fetched anew in the place of the old copy, before anybody swept.
    world.fetches("two").await;
    assert_eq!(world.media.copies_usage().await.unwrap(), Usage { count: 1, bytes: 10 });
    world.clock.advance(100 * 24 * HOUR_MS);
    world.sweep().await;
    assert_eq!(world.media.copies_usage().await.unwrap(), Usage::default());
}

#[tokio::test]
async fn copies_from_before_anybody_counted_are_counted() {
    let world = small().await;
    for media_id in ["one", "two"] {
        world.fetches(media_id).await;
    }
    let mut batch = Batch::new();
    batch.delete(&COPIES_USAGE, &());
    world.store.commit(batch).await.unwrap();
    assert_eq!(world.media.copies_usage().await.unwrap(), Usage { count: 2, bytes: 20 });
    world.fetches("three").await;
    world.fetches("four").await;
    assert_eq!(world.copies(&["one", "two", "three", "four"]).await, ["two", "three", "four"]);
}

#[tokio::test]
async fn many_who_fetch_at_once_keep_the_bound() {
    let world = Arc::new(small().await);
    let tasks = (0..20).map(|number| {
        let world = Arc::clone(&world);
        // Two ask for each.
        tokio::spawn(async move { world.fetches(&format!("{}", number / 2)).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let usage = world.media.copies_usage().await.unwrap();
    assert!(usage.bytes <= 35 && usage.count > 0, "{usage:?}");
    let all: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(world.copies(&all).await.len() as u64, usage.count);
}
