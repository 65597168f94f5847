//! `GET`, `PUT` and `DELETE /_matrix/client/v3/pushrules/global/{kind}/{ruleId}`

use accounts::RulePlace;
use axum::extract::State;
use ruma::{
    api::client::push::{
        PushRule, delete_pushrule::v3 as delete_rule, get_pushrule::v3 as get_rule,
        set_pushrule::v3 as set_rule,
    },
    push::AnyPushRule,
};

use super::kind as kind_of;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobalkindruleid)
pub async fn get(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_rule::Request>,
) -> Result<Answer<get_rule::Response>, MatrixError> {
    let reader = app.accounts.reader();
    let rule = app.accounts.push_rule(reader, &caller.user, kind_of(request.kind), &request.rule_id).await?;
    // ruma's conversion does not know this kind and would panic.
    let rule = match rule {
        AnyPushRule::PostContent(rule) => PushRule::from(rule),
        other => PushRule::from(other),
    };
    Ok(Answer(get_rule::Response::new(rule)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleid)
pub async fn set(
    State(app): State<App>,
    Authed { caller, request }: Authed<set_rule::Request>,
) -> Result<Answer<set_rule::Response>, MatrixError> {
    let place = RulePlace { before: request.before, after: request.after };
    app.accounts.set_push_rule(&caller.user, request.rule, place).await?;
    Ok(Answer(set_rule::Response::new()))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3pushrulesglobalkindruleid)
pub async fn delete(
    State(app): State<App>,
    Authed { caller, request }: Authed<delete_rule::Request>,
) -> Result<Answer<delete_rule::Response>, MatrixError> {
    app.accounts.remove_push_rule(&caller.user, kind_of(request.kind), &request.rule_id).await?;
    Ok(Answer(delete_rule::Response::new()))
}
