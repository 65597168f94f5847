//! Creating rooms and joining one.

use reqwest::Method;

use crate::client::User;
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// The first user creates `count` rooms.
pub async fn create(target: &Target, users: &[User], count: usize) -> Result<(Measure, Vec<String>), String> {
    let mut rooms = Vec::with_capacity(count);
    let measure = measured(target, "room creation", async {
        let mut waits = Vec::with_capacity(count);
        for index in 0..count {
            let (room, wait) = timed(users[0].create_room(&format!("room {index}"))).await?;
            rooms.push(room);
            waits.push(wait);
        }
        Ok(Done { operations: count, waits, closed_loop: true })
    })
    .await?;
    Ok((measure, rooms))
}

/// Everybody joins one room, one after the other.
pub async fn join(target: &Target, users: &[User]) -> Result<(Measure, String), String> {
    let room = users[0].create_room("everybody").await?;
    let measure = measured(target, "local join", async {
        let mut waits = Vec::with_capacity(users.len());
        for user in &users[1..] {
            waits.push(timed(user.join(&room)).await?.1);
        }
        Ok(Done { operations: users.len() - 1, waits, closed_loop: true })
    })
    .await?;
    Ok((measure, room))
}

/// How many times the members are listed.
const LISTINGS: usize = 20;

/// All members of the room that everybody joined.
pub async fn members(target: &Target, users: &[User], room: &str) -> Result<Measure, String> {
    let name = format!("/members of a room of {}", users.len());
    measured(target, &name, async {
        let path = format!("/_matrix/client/v3/rooms/{room}/members");
        let mut waits = Vec::with_capacity(LISTINGS);
        for user in users.iter().cycle().take(LISTINGS) {
            let (answer, wait) = timed(user.call(Method::GET, &path, None)).await?;
            let listed = answer["chunk"].as_array().map_or(0, Vec::len);
            if listed != users.len() {
                return Err(format!("{listed} members of {}", users.len()));
            }
            waits.push(wait);
        }
        Ok(Done { operations: LISTINGS, waits, closed_loop: true })
    })
    .await
}
