//! Sends in a closed loop: each sender waits for its answer before it sends again.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::client::User;
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// How many senders run side by side.
const SENDERS: usize = 8;

/// How many messages each sends.
const MESSAGES: usize = 250;

/// Eight senders in one room.
pub async fn closed_loop(target: &Target, users: &[User]) -> Result<Measure, String> {
    let room = users[0].create_room("sends").await?;
    for user in &users[1..SENDERS] {
        user.join(&room).await?;
    }
    measured(target, "send, 8 senders in one room", async {
        let mut senders = JoinSet::new();
        for user in &users[..SENDERS] {
            senders.spawn(send_all(user.clone(), room.clone()));
        }
        let mut waits = Vec::with_capacity(SENDERS * MESSAGES);
        while let Some(sender) = senders.join_next().await {
            waits.extend(sender.map_err(|error| error.to_string())??);
        }
        Ok(Done { operations: SENDERS * MESSAGES, waits, closed_loop: true })
    })
    .await
}

async fn send_all(user: User, room: String) -> Result<Vec<Duration>, String> {
    let mut waits = Vec::with_capacity(MESSAGES);
    for index in 0..MESSAGES {
        waits.push(timed(user.send(&room, &format!("message {index}"))).await?.1);
    }
    Ok(waits)
}
