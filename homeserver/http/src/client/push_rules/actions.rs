//! `GET` and `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions`

use axum::extract::State;
use ruma::api::client::push::{
    get_pushrule_actions::v3 as get_actions, set_pushrule_actions::v3 as set_actions,
};

use super::kind as kind_of;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobalkindruleidactions)
pub async fn get(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_actions::Request>,
) -> Result<Answer<get_actions::Response>, MatrixError> {
    let reader = app.accounts.reader();
    let rule = app.accounts.push_rule(reader, &caller.user, kind_of(request.kind), &request.rule_id).await?;
    Ok(Answer(get_actions::Response::new(rule.actions().to_vec())))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleidactions)
pub async fn set(
    State(app): State<App>,
    Authed { caller, request }: Authed<set_actions::Request>,
) -> Result<Answer<set_actions::Response>, MatrixError> {
    let set_actions::Request { kind, rule_id, actions, .. } = request;
    app.accounts.set_push_rule_actions(&caller.user, kind_of(kind), &rule_id, actions).await?;
    Ok(Answer(set_actions::Response::new()))
}
