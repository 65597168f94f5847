//! `/_synapse/admin/v2/users` and `/v3/users`: listing, reading, making and changing accounts.

use accounts::{ExternalId, NewUser, UserOrder, UserQuery, UserSummary};
use http::Method;
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{App, MatrixError, Routes};

const ONE: &str = "/_synapse/admin/v2/users/{user_id}";

pub(super) fn routes() -> Routes {
    let routes = endpoint(Routes::new(), Method::GET, "/_synapse/admin/v2/users", list);
    let routes = endpoint(routes, Method::GET, "/_synapse/admin/v3/users", list);
    let routes = endpoint(routes, Method::GET, ONE, get);
    let routes = endpoint(routes, Method::PUT, ONE, put);
    let by_identifier = "/_synapse/admin/v1/threepid/{medium}/users/{address}";
    let by_external = "/_synapse/admin/v1/auth_providers/{provider}/users/{external_id}";
    let routes = endpoint(routes, Method::GET, by_identifier, nobody);
    endpoint(routes, Method::GET, by_external, by_external_id)
}

/// No account here is known by an identifier of this kind.
async fn nobody(_: Call) -> Result<Value, MatrixError> {
    Err(MatrixError::not_found("User not found"))
}

/// Whose account a person of an identity provider has.
async fn by_external_id(call: Call) -> Result<Value, MatrixError> {
    let id = ExternalId { provider: call.argument(0).to_owned(), subject: call.argument(1).to_owned() };
    let user = call.app.accounts.user_of_external_id(&id).await?;
    Ok(json!({ "user_id": user.ok_or_else(|| MatrixError::not_found("User not found"))? }))
}

async fn list(call: Call) -> Result<Value, MatrixError> {
    let (from, limit) = call.page()?;
    let query = UserQuery {
        user_id: call.text("user_id"),
        name: call.text("name"),
        guests: call.flag("guests")?,
        // Closed accounts are shown only to those who ask.
        deactivated: Some(call.flag("deactivated")?.unwrap_or(false)),
        admin: call.flag("admins")?,
        locked: Some(call.flag("locked")?.unwrap_or(false)),
        order: order(call.text("order_by").as_deref())?,
        backwards: !call.forwards(true)?,
        from,
        limit,
    };
    let page = call.app.accounts.list_users(&query).await?;
    let mut users = Vec::with_capacity(page.users.len());
    for user in &page.users {
        users.push(summary(&call.app, user).await?);
    }
    let mut answer = json!({ "users": users, "total": page.total });
    if from.saturating_add(limit) < page.total {
        answer["next_token"] = (from + limit).to_string().into();
    }
    Ok(answer)
}

fn order(name: Option<&str>) -> Result<UserOrder, MatrixError> {
    Ok(match name {
        None | Some("name" | "displayname" | "avatar_url" | "user_type") => UserOrder::Name,
        Some("is_guest") => UserOrder::Guest,
        Some("admin") => UserOrder::Admin,
        Some("deactivated" | "shadow_banned") => UserOrder::Deactivated,
        Some("locked") => UserOrder::Locked,
        Some("suspended") => UserOrder::Suspended,
        Some("creation_ts" | "last_seen_ts") => UserOrder::Created,
        Some(_) => return Err(MatrixError::invalid_param("Unknown order_by")),
    })
}

async fn summary(app: &App, user: &UserSummary) -> Result<Value, MatrixError> {
    let profile = app.accounts.profile(&app.store, &user.user).await?.unwrap_or_default();
    Ok(json!({
        "name": user.user,
        "displayname": profile.displayname,
        "avatar_url": profile.avatar_url,
        "is_guest": user.status.guest,
        "admin": user.status.admin,
        "deactivated": user.status.deactivated,
        "erased": user.status.erased,
        "locked": user.status.locked,
        "suspended": user.status.suspended,
        "shadow_banned": false,
        "approved": true,
        "user_type": null,
        "creation_ts": user.created_ms,
        "last_seen_ts": last_seen_ms(app, &user.user).await?,
    }))
}

async fn last_seen_ms(app: &App, user: &UserId) -> Result<Option<u64>, MatrixError> {
    let devices = app.accounts.devices(&app.store, user).await?;
    Ok(devices.into_iter().filter_map(|device| device.last_seen_ms).max())
}

async fn get(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    described(&call.app, &user).await
}

async fn described(app: &App, user: &UserId) -> Result<Value, MatrixError> {
    let user = app.accounts.summary(user).await?.ok_or_else(|| MatrixError::not_found("User not found"))?;
    let mut answer = summary(app, &user).await?;
    answer["threepids"] = json!([]);
    let external = app.accounts.external_ids(&user.user).await?.into_iter();
    answer["external_ids"] = external
        .map(|id| json!({ "auth_provider": id.provider, "external_id": id.subject }))
        .collect::<Vec<_>>()
        .into();
    answer["appservice_id"] = Value::Null;
    answer["consent_version"] = Value::Null;
    answer["consent_server_notice_sent"] = Value::Null;
    // Seconds here and milliseconds in the list: consoles rely on both.
    answer["creation_ts"] = (user.created_ms / 1_000).into();
    Ok(answer)
}

/// A key that is there with null is not the same as one that is not there.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(value).map(Some)
}

/// A link as consoles write it.
#[derive(Deserialize)]
struct ExternalLink {
    auth_provider: String,
    external_id: String,
}

#[derive(Deserialize)]
struct Changes {
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    logout_devices: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    displayname: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    avatar_url: Option<Option<String>>,
    #[serde(default)]
    admin: Option<bool>,
    #[serde(default)]
    deactivated: Option<bool>,
    #[serde(default)]
    locked: Option<bool>,
    #[serde(default)]
    suspended: Option<bool>,
    #[serde(default)]
    external_ids: Option<Vec<ExternalLink>>,
}

/// Makes the account if there is none; then changes what the body names.
async fn put(call: Call) -> Result<Value, MatrixError> {
    let user = call.local_user(0)?;
    let changes: Changes = call.body()?;
    let status = call.app.accounts.status(&call.app.store, &user).await?;
    let is_closed = status.is_some_and(|status| status.deactivated);
    if user == call.caller.user && (changes.admin == Some(false) || changes.deactivated == Some(true)) {
        return Err(MatrixError::bad_request("You may not take your own administration away"));
    }
    if let Some(password) = &changes.password {
        call.app.accounts.check_password_policy(password)?;
    }
    let is_new = status.is_none();
    if is_new {
        create(&call, &user, &changes).await?;
    } else if is_closed && changes.deactivated == Some(false) {
        call.app.flows.reopen_account(&user, changes.password.as_deref()).await?;
    } else if let Some(password) = &changes.password {
        call.app.accounts.set_password(&user, password).await?;
        if changes.logout_devices.unwrap_or(true) {
            call.app.accounts.remove_other_devices(&user, None).await?;
        }
    }
    apply(&call, &user, &changes, is_new).await?;
    described(&call.app, &user).await
}

async fn create(call: &Call, user: &UserId, changes: &Changes) -> Result<OwnedUserId, MatrixError> {
    let new = NewUser {
        localpart: user.localpart().to_owned(),
        password: changes.password.clone(),
        admin: changes.admin.unwrap_or(false),
        display_name: changes.displayname.clone().flatten(),
    };
    Ok(call.app.accounts.create_user(new).await?)
}

async fn apply(call: &Call, user: &UserId, changes: &Changes, is_new: bool) -> Result<(), MatrixError> {
    let app = &call.app;
    let set = |key: &'static str, value: &Option<String>| {
        let value = value.clone().map(Value::String);
        async move { app.flows.set_profile_field(user, key, value).await }
    };
    if let (Some(name), false) = (&changes.displayname, is_new) {
        set("displayname", name).await?;
    }
    if let Some(url) = &changes.avatar_url {
        set("avatar_url", url).await?;
    }
    if let (Some(admin), false) = (changes.admin, is_new) {
        app.accounts.set_admin(user, admin).await?;
    }
    if let Some(links) = &changes.external_ids {
        let id = |link: &ExternalLink| ExternalId {
            provider: link.auth_provider.clone(),
            subject: link.external_id.clone(),
        };
        app.accounts.set_external_ids(user, &links.iter().map(id).collect::<Vec<_>>()).await?;
    }
    if let Some(locked) = changes.locked {
        super::must_be_manageable(app, &call.caller, user).await?;
        app.flows.set_locked(user, locked).await?;
    }
    if let Some(suspended) = changes.suspended {
        super::must_be_manageable(app, &call.caller, user).await?;
        app.accounts.set_suspended(user, suspended).await?;
    }
    if changes.deactivated == Some(true) {
        app.flows.deactivate(user, false).await?;
    }
    Ok(())
}
