//! One write against a server that may die under it.

use serde_json::Value;
use testkit::User;

/// What is known of a write.
pub enum Outcome {
    /// The server acknowledged it.
    Acknowledged(Value),
    /// The server said no (4xx): the write was not made.
    Refused(u16, Value),
    /// No answer, or one that leaves it open (5xx): the write was made or not.
    InDoubt(String),
}

/// Sends a request with a JSON body.
pub async fn attempt(user: &User, method: http::Method, path: &str, body: &Value) -> Outcome {
    let bytes = serde_json::to_vec(body).expect("a JSON value is written");
    match user.try_request(method, path, Some(bytes)).await {
        Err(error) => Outcome::InDoubt(error.to_string()),
        Ok(mut answer) => match answer.status() {
            200..300 => Outcome::Acknowledged(answer.body().clone()),
            status @ 400..500 => Outcome::Refused(status, answer.body().clone()),
            status => Outcome::InDoubt(format!("{status} {}", answer.body())),
        },
    }
}

/// `PUT`s until the server acknowledges or stops answering; `Err` holds the reason it stopped.
pub async fn put(user: &User, path: &str, body: &Value) -> Result<Value, String> {
    settle(attempt(user, http::Method::PUT, path, body).await, path)
}

/// `POST`s, like [`put`].
pub async fn post(user: &User, path: &str, body: &Value) -> Result<Value, String> {
    settle(attempt(user, http::Method::POST, path, body).await, path)
}

fn settle(outcome: Outcome, path: &str) -> Result<Value, String> {
    match outcome {
        Outcome::Acknowledged(body) => Ok(body),
        Outcome::InDoubt(reason) => Err(reason),
        Outcome::Refused(status, body) => Err(format!("REFUSED {path}: {status} {body}")),
    }
}
