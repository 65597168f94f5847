//! `POST /_synapse/admin/v1/send_server_notice` and `PUT …/{txn_id}`

use flows::Notice;
use http::Method;
use ruma::OwnedUserId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let routes = endpoint(Routes::new(), Method::POST, "/_synapse/admin/v1/send_server_notice", send);
    endpoint(routes, Method::PUT, "/_synapse/admin/v1/send_server_notice/{txn_id}", send)
}

#[derive(Deserialize)]
struct Body {
    user_id: OwnedUserId,
    content: Value,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    state_key: Option<String>,
}

async fn send(call: Call) -> Result<Value, MatrixError> {
    let body: Body = call.body()?;
    if !call.app.accounts.is_local(&body.user_id) {
        return Err(MatrixError::bad_request("Server notices go to local users only"));
    }
    let txn_id = call.argument(0);
    let notice = Notice {
        content: ::rooms::canonical_object(&body.content.to_string())?,
        user: body.user_id,
        kind: body.kind.unwrap_or_else(|| "m.room.message".to_owned()),
        state_key: body.state_key,
        transaction: (!txn_id.is_empty()).then(|| (call.caller.user.clone(), txn_id.to_owned())),
    };
    Ok(json!({ "event_id": call.app.flows.send_server_notice(notice).await? }))
}
