//! What a person does with an account.

use lianqiao_http::FIRST_ADMINISTRATOR_PATH;
use serde_json::{Value, json};

use super::{Connection, User, segment};
use crate::Answer;

impl User {
    pub(crate) async fn register(connection: Connection, localpart: &str) -> Self {
        let password = format!("password of {localpart}");
        let stranger = Self::stranger(connection);
        let body = stranger
            .post(
                "/_matrix/client/v3/register",
                json!({"username": localpart, "password": password, "auth": {"type": "m.login.dummy"}}),
            )
            .await
            .ok();
        stranger.logged_in(&body, password)
    }

    pub(crate) async fn first_administrator(connection: Connection, name: &str, token: &str) -> Self {
        let password = format!("password-of-{name}");
        let stranger = Self::stranger(connection);
        let form = format!("token={token}&name={name}&password={password}");
        stranger
            .request_raw(http::Method::POST, FIRST_ADMINISTRATOR_PATH, Some(form.into_bytes()))
            .await
            .ok();
        let body = stranger
            .post(
                "/_matrix/client/v3/login",
                json!({
                    "type": "m.login.password",
                    "identifier": {"type": "m.id.user", "user": name},
                    "password": password,
                }),
            )
            .await
            .ok();
        stranger.logged_in(&body, password)
    }

    fn logged_in(&self, body: &Value, password: String) -> Self {
        let text =
            |key: &str| body[key].as_str().unwrap_or_else(|| panic!("expected {key} in {body}")).to_owned();
        Self {
            id: text("user_id"),
            device_id: text("device_id"),
            connection: self.connection.clone(),
            token: Some(text("access_token")),
            password,
            since: std::sync::Arc::default(),
        }
    }

    /// Logs in by a one-time token, as at the end of single sign-on. Such a person may have no password.
    pub async fn logs_in_by_token(&self, token: &str) -> Self {
        let body = json!({"type": "m.login.token", "token": token, "refresh_token": true});
        let body = self.post("/_matrix/client/v3/login", body).await.ok();
        self.logged_in(&body, String::new())
    }

    /// Logs in once more: the same user on a new device.
    pub async fn on_another_device(&self) -> Self {
        let body = self
            .post(
                "/_matrix/client/v3/login",
                json!({
                    "type": "m.login.password",
                    "identifier": {"type": "m.id.user", "user": self.id},
                    "password": self.password,
                }),
            )
            .await
            .ok();
        self.logged_in(&body, self.password.clone())
    }

    /// The password this user registered with.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Answers a user-interactive challenge with the password: sends the request, takes the session, sends it again.
    pub async fn posts_with_password(&self, path: &str, body: Value) -> Answer {
        let mut challenge = self.post(path, body.clone()).await;
        if challenge.status() != 401 {
            return challenge;
        }
        let mut body = body;
        body["auth"] = json!({
            "type": "m.login.password",
            "session": challenge.body()["session"],
            "identifier": {"type": "m.id.user", "user": self.id},
            "password": self.password,
        });
        self.post(path, body).await
    }

    /// Ends this session.
    pub async fn logs_out(&self) -> Answer {
        self.post("/_matrix/client/v3/logout", json!({})).await
    }

    /// Sets the global display name.
    pub async fn sets_displayname(&self, name: &str) -> Answer {
        let path = format!("/_matrix/client/v3/profile/{}/displayname", segment(&self.id));
        self.put(&path, json!({"displayname": name})).await
    }

    /// Sets global account data.
    pub async fn sets_account_data(&self, kind: &str, content: Value) -> Answer {
        let path = format!("/_matrix/client/v3/user/{}/account_data/{}", segment(&self.id), segment(kind));
        self.put(&path, content).await
    }

    /// Reads global account data.
    pub async fn account_data(&self, kind: &str) -> Answer {
        let path = format!("/_matrix/client/v3/user/{}/account_data/{}", segment(&self.id), segment(kind));
        self.get(&path).await
    }

    /// Sets account data of one room.
    pub async fn sets_room_account_data(&self, room: &str, kind: &str, content: Value) -> Answer {
        let path = format!(
            "/_matrix/client/v3/user/{}/rooms/{}/account_data/{}",
            segment(&self.id),
            segment(room),
            segment(kind)
        );
        self.put(&path, content).await
    }

    /// Ignores these users and no others.
    pub async fn ignores<const N: usize>(&self, users: [&User; N]) -> Answer {
        let ignored: serde_json::Map<String, Value> =
            users.iter().map(|user| (user.id.clone(), json!({}))).collect();
        self.sets_account_data("m.ignored_user_list", json!({"ignored_users": ignored})).await
    }

    /// Tells the others whether this user is there.
    pub async fn sets_presence(&self, presence: &str) -> Answer {
        let path = format!("/_matrix/client/v3/presence/{}/status", segment(&self.id));
        self.put(&path, json!({"presence": presence})).await
    }

    /// Stores a filter and returns its id.
    pub async fn stores_filter(&self, filter: Value) -> String {
        let path = format!("/_matrix/client/v3/user/{}/filter", segment(&self.id));
        let body = self.post(&path, filter).await.ok();
        body["filter_id"].as_str().expect("a filter has an id").to_owned()
    }
}
