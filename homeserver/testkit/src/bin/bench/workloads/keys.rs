//! End-to-end encryption at the moment everybody sends at once: key uploads, queries and claims.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::SigningKey;

use crate::client::{User, text};
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// Users whose keys are asked for together, as a client does that enters an encrypted room.
const ASKED: usize = 50;

/// One-time keys that each user uploads; no claim may find the store empty.
const ONE_TIME_KEYS: usize = 20;

/// How many times all of them are asked for.
const ROUNDS: usize = 20;

/// Uploads for each user, queries for all of them, claims of one key of each.
pub async fn storms(target: &Target, users: &[User]) -> Result<Vec<Measure>, String> {
    let users = &users[..ASKED.min(users.len())];
    let mut names = Vec::with_capacity(users.len());
    for user in users {
        let who = user.call(Method::GET, "/_matrix/client/v3/account/whoami", None).await?;
        names.push((text(&who, "user_id")?, text(&who, "device_id")?));
    }
    let upload = measured(target, "key upload, device and 20 one-time keys", async {
        let mut waits = Vec::with_capacity(users.len());
        for (user, (name, device)) in users.iter().zip(&names) {
            let body = keys_of(name, device);
            let uploaded = user.call(Method::POST, "/_matrix/client/v3/keys/upload", Some(&body));
            waits.push(timed(uploaded).await?.1);
        }
        Ok(Done { operations: users.len(), waits, closed_loop: true })
    })
    .await?;
    let query = measured(target, &format!("key query of {} users", users.len()), async {
        let wanted: serde_json::Map<String, Value> =
            names.iter().map(|(name, _)| (name.clone(), json!([]))).collect();
        let body = json!({ "device_keys": wanted });
        let mut waits = Vec::with_capacity(ROUNDS);
        for round in 0..ROUNDS {
            let asked =
                users[round % users.len()].call(Method::POST, "/_matrix/client/v3/keys/query", Some(&body));
            let (answer, wait) = timed(asked).await?;
            let found = answer["device_keys"].as_object().map_or(0, serde_json::Map::len);
            if found < users.len() {
                return Err(format!("keys of {found} users of {}", users.len()));
            }
            waits.push(wait);
        }
        Ok(Done { operations: ROUNDS, waits, closed_loop: true })
    })
    .await?;
    let rounds = ROUNDS.min(ONE_TIME_KEYS);
    let claim = measured(target, &format!("claim of {} one-time keys", users.len()), async {
        let wanted: serde_json::Map<String, Value> = names
            .iter()
            .map(|(name, device)| (name.clone(), json!({device.clone(): "signed_curve25519"})))
            .collect();
        let body = json!({ "one_time_keys": wanted });
        let mut waits = Vec::with_capacity(rounds);
        for round in 0..rounds {
            let asked =
                users[round % users.len()].call(Method::POST, "/_matrix/client/v3/keys/claim", Some(&body));
            let (answer, wait) = timed(asked).await?;
            let found = answer["one_time_keys"].as_object().map_or(0, serde_json::Map::len);
            if found < users.len() {
                return Err(format!("one-time keys of {found} users of {}", users.len()));
            }
            waits.push(wait);
        }
        Ok(Done { operations: rounds, waits, closed_loop: true })
    })
    .await?;
    Ok(vec![upload, query, claim])
}

/// Keys that are really signed: servers check what they are given.
fn keys_of(user: &str, device: &str) -> Value {
    let key = SigningKey::new(1);
    json!({
        "device_keys": key.device_keys(user, device),
        "one_time_keys": key.one_time_keys(user, device, 0..ONE_TIME_KEYS as u32),
    })
}
