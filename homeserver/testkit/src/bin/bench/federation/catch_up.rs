//! Destinations that were down come back and are owed thousands of events.

use serde_json::json;
use tokio::time::Instant;

use super::{ARRIVAL_TIME_MAX, LOOK_INTERVAL, Sizes, Stage};
use crate::measure::{Done, Measure, measured};

/// The request that is refused while a destination is down.
const SEND: &str = "/_matrix/federation/v1/send/";

pub async fn after_outage(stage: &Stage<'_>, sizes: Sizes) -> Result<Measure, String> {
    let first = stage.peer().await;
    let room = stage.shared_room(&first, "missed").await?.room_id;
    let mut peers = vec![first];
    for _ in 1..sizes.destinations {
        let peer = stage.peer().await;
        peer.joins_at(&stage.server, &room, "eve").await;
        peers.push(peer);
    }
    for peer in &peers {
        peer.answers(SEND, 503, json!({}));
    }
    for number in 0..sizes.missed {
        stage.alice.send(&room, &format!("missed {number}")).await?;
    }
    let name = format!("an event to one of {} destinations that were down", peers.len());
    measured(stage.target, &name, async {
        let mut before = Vec::with_capacity(peers.len());
        for peer in &peers {
            peer.answers_truly(SEND);
            // Nothing of it is kept: the generator is not what is measured.
            peer.answers(SEND, 200, json!({ "pdus": {} }));
            before.push(peer.counts_arrivals());
        }
        // Who speaks is there again.
        for peer in &peers {
            stage.sends(peer, &[]).await?;
        }
        let deadline = Instant::now() + ARRIVAL_TIME_MAX;
        let missing = || {
            let owed = peers.iter().zip(&before);
            owed.map(|(peer, before)| sizes.missed.saturating_sub(peer.counts_arrivals() - before))
                .sum::<usize>()
        };
        while missing() > 0 {
            if Instant::now() > deadline {
                return Err(format!("{} events never came", missing()));
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        Ok(Done { operations: sizes.missed * peers.len(), waits: Vec::new(), closed_loop: true })
    })
    .await
}
