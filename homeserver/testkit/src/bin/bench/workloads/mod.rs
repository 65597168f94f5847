//! The workloads, in the order in which they run against each server.

mod accounts;
mod delayed;
mod fan_out;
mod history;
mod initial_sync;
mod keys;
pub mod large;
mod media;
mod requests;
mod rooms;
mod search;
mod sends;

use std::time::Duration;

use crate::client::Client;
use crate::measure::Measure;
use crate::target::Target;

/// How long a server is left alone before it is called idle: allocators give memory back by and by.
const REST: Duration = Duration::from_secs(30);

/// Starts the target, runs every workload, restarts it at the end for the start-up with data.
pub async fn all(target: &mut Target, readers: &[usize], rooms: usize) -> Result<Vec<Measure>, String> {
    let mut measures = Vec::new();
    let cold_ms = target.start().await?;
    measures.push(Measure::other("start-up, empty", cold_ms, "ms"));
    tokio::time::sleep(REST).await;
    measures.push(Measure::other("idle memory", target.resident_mb(), "MB"));
    let client = Client::new(target.url())?;
    measures.push(requests::empty(target, &client).await?);
    let (register, users) =
        accounts::register(target, &client, readers.iter().copied().max().unwrap_or(8)).await?;
    measures.push(register);
    measures.push(accounts::login(target, &client).await?);
    let (creation, own_rooms) = rooms::create(target, &users, rooms).await?;
    measures.push(creation);
    measures.push(sends::closed_loop(target, &users).await?);
    measures.push(history::pages(target, &users).await?);
    measures.push(initial_sync::of(target, &users, &own_rooms).await?);
    let (join, room) = rooms::join(target, &users).await?;
    measures.push(join);
    measures.push(rooms::members(target, &users, &room).await?);
    for readers in readers {
        measures.push(fan_out::to(target, &users[..=*readers], &room).await?);
    }
    measures.push(Measure::other("memory after the run", target.resident_mb(), "MB"));
    tokio::time::sleep(REST).await;
    measures.push(Measure::other("memory half a minute later", target.resident_mb(), "MB"));
    measures.extend(if_served("keys", keys::storms(target, &users).await));
    measures.extend(if_served("media", media::up_and_down(target, &users).await));
    measures.extend(if_served("search", search::messages(target, &users).await.map(|measure| vec![measure])));
    measures.extend(if_served(
        "delayed events",
        delayed::lateness(target, &users).await.map(|measure| vec![measure]),
    ));
    target.stop().await;
    measures.push(Measure::other("start-up, after the run", target.start().await?, "ms"));
    Ok(measures)
}

/// A server may be built or set up without these; the rest of the table is worth having all the same.
fn if_served(what: &str, measures: Result<Vec<Measure>, String>) -> Vec<Measure> {
    measures.unwrap_or_else(|error| {
        eprintln!("  {what}: left out: {error}");
        Vec::new()
    })
}
