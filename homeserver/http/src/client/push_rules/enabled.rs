//! `GET` and `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled`

use axum::extract::State;
use ruma::api::client::push::{
    get_pushrule_enabled::v3 as get_enabled, set_pushrule_enabled::v3 as set_enabled,
};

use super::kind as kind_of;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobalkindruleidenabled)
pub async fn get(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_enabled::Request>,
) -> Result<Answer<get_enabled::Response>, MatrixError> {
    let reader = app.accounts.reader();
    let rule = app.accounts.push_rule(reader, &caller.user, kind_of(request.kind), &request.rule_id).await?;
    Ok(Answer(get_enabled::Response::new(rule.enabled())))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleidenabled)
pub async fn set(
    State(app): State<App>,
    Authed { caller, request }: Authed<set_enabled::Request>,
) -> Result<Answer<set_enabled::Response>, MatrixError> {
    let set_enabled::Request { kind, rule_id, enabled, .. } = request;
    app.accounts.enable_push_rule(&caller.user, kind_of(kind), &rule_id, enabled).await?;
    Ok(Answer(set_enabled::Response::new()))
}
