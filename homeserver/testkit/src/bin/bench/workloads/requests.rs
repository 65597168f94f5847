//! The price of a request that does nothing.

use reqwest::Method;

use crate::client::Client;
use crate::measure::{Done, Measure, measured, timed};
use crate::target::Target;

/// How many times the versions are asked for.
const REQUESTS: usize = 3000;

/// `GET /versions`, one after the other.
pub async fn empty(target: &Target, client: &Client) -> Result<Measure, String> {
    measured(target, "empty request", async {
        let mut waits = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let asked = client.call(Method::GET, "/_matrix/client/versions", None, None);
            waits.push(timed(asked).await?.1);
        }
        Ok(Done { operations: REQUESTS, waits, closed_loop: true })
    })
    .await
}
