//! Accounts: coming in, staying in, leaving, and what a person keeps on the server.

use serde_json::{Value, json};
use testkit::{Answer, User};

mod account_data;
mod deactivation;
mod devices;
mod filters;
mod guests;
mod interactive;
mod login;
mod password;
mod profile;
mod push_rules;
mod refresh;
mod registration;

pub(crate) const CLIENT: &str = "/_matrix/client/v3";

/// `m.login.password` as an `auth` object, as today's clients send it.
fn password_auth(user: &str, password: &str) -> Value {
    json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
    })
}

pub(crate) async fn login(client: &User, user: &str, password: &str) -> Answer {
    let mut body = password_auth(user, password);
    body["initial_device_display_name"] = json!("test");
    client.post(&format!("{CLIENT}/login"), body).await
}

pub(crate) async fn whoami(user: &User) -> Answer {
    user.get(&format!("{CLIENT}/account/whoami")).await
}
