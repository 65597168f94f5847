//! Registering and logging in, with the cheapest password hashing that each server offers.

use crate::client::{Client, User};
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// How many log-ins are made.
const LOGINS: usize = 100;

/// Registers one user more than there will be readers.
pub async fn register(
    target: &Target,
    client: &Client,
    readers: usize,
) -> Result<(Measure, Vec<User>), String> {
    let mut users = Vec::with_capacity(readers + 1);
    let measure = measured(target, "register", async {
        let mut waits = Vec::with_capacity(readers + 1);
        for index in 0..=readers {
            let (user, wait) = timed(client.register(&format!("bench{index}"))).await?;
            users.push(user);
            waits.push(wait);
        }
        Ok(Done { operations: readers + 1, waits, closed_loop: true })
    })
    .await?;
    Ok((measure, users))
}

/// Logs the first user in on new devices.
pub async fn login(target: &Target, client: &Client) -> Result<Measure, String> {
    measured(target, "login", async {
        let mut waits = Vec::with_capacity(LOGINS);
        for _ in 0..LOGINS {
            waits.push(timed(client.login("bench0")).await?.1);
        }
        Ok(Done { operations: LOGINS, waits, closed_loop: true })
    })
    .await
}
