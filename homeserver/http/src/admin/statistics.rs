//! `/_synapse/admin/v1/statistics`: what of it this server can tell.

use accounts::UserQuery;
use http::Method;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    endpoint(Routes::new(), Method::GET, "/_lianqiao/admin/v1/statistics", overview)
}

/// How much there is of everything, for the first page of a console.
async fn overview(call: Call) -> Result<Value, MatrixError> {
    let nothing = UserQuery { limit: 0, ..UserQuery::default() };
    let all = call.app.accounts.list_users(&nothing).await?.total;
    let open = UserQuery { deactivated: Some(false), ..nothing };
    let open = call.app.accounts.list_users(&open).await?.total;
    let rooms = call.app.rooms.list_rooms(&::rooms::RoomQuery::default()).await?.total;
    Ok(json!({ "users": all, "active_users": open, "rooms": rooms }))
}
