//! What people decide about approvals of ours in the approval centre: requests of the platform to the address that our kind of
//! approval names.

use bridge_api::{Action, CallbackAnswer, CallbackRequest, EntryKey, Failure, Inbox, PersonId, digest};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Deed, acted,
    approvals::ApprovalRow,
    person_of,
    rows::{self, Kind},
};
use crate::{
    Feishu,
    client::Call,
    events::text,
    incoming,
    limits::{CALLBACK_BYTES_MAX, ENTRY_KEPT_MS},
    settings::ApprovalCentre,
    webhook::{Forged, answered, crypto, refused},
};

/// The part of the query that tells these requests from events, which come to the same address.
pub const QUERY: &str = "of=approvals";

/// Whether a request is about an approval of ours.
pub fn is_meant(request: &CallbackRequest) -> bool {
    request.query.split('&').any(|part| part == QUERY)
}

/// Checks a request, makes durable what it brings, and answers.
pub async fn call(
    feishu: &Feishu,
    centre: &ApprovalCentre,
    request: &CallbackRequest,
    inbox: &dyn Inbox,
) -> CallbackAnswer {
    match believe(request, centre) {
        Err(forged) => refused(&forged),
        Ok((decision, raw)) => match told(feishu, &decision, &raw, inbox).await {
            Ok(()) => answered(200, &json!({ "code": 0, "msg": "success", "data": {} })),
            Err(failure) => {
                tracing::warn!(%failure, "a decision was not taken; the person has to decide again");
                answered(500, &json!({ "code": 1, "msg": "try again" }))
            }
        },
    }
}

/// The decision that a request brings, if the platform sent it. The token stands in it whether or not it is encrypted.
fn believe(request: &CallbackRequest, centre: &ApprovalCentre) -> Result<(Value, Bytes), Forged> {
    if request.method != "POST" {
        return Err(Forged(405, "another method than POST"));
    }
    if request.body.len() > CALLBACK_BYTES_MAX {
        return Err(Forged(413, "a body beyond its bounds"));
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| Forged(400, "a body that is no JSON"))?;
    let (decision, raw): (Value, Bytes) = match (&centre.key, body.get("encrypt").and_then(Value::as_str)) {
        (Some(key), Some(encrypted)) => {
            let raw = crypto::decrypt(key.expose(), encrypted);
            let raw = raw.ok_or(Forged(401, "a body that our key does not decrypt"))?;
            let decision = serde_json::from_slice(&raw);
            (decision.map_err(|_| Forged(401, "a body that our key does not decrypt"))?, raw.into())
        }
        (Some(_), None) => return Err(Forged(401, "a body that is not encrypted although there is a key")),
        (None, Some(_)) => return Err(Forged(401, "an encrypted body, and no key is configured")),
        (None, None) => (body, request.body.clone()),
    };
    let token = centre.token.expose();
    if token.is_empty() || !crypto::same(token, text(&decision, "token")) {
        return Err(Forged(401, "a wrong token"));
    }
    if text(&decision, "approval_code") != centre.code {
        return Err(Forged(400, "an approval of another kind"));
    }
    Ok((decision, raw))
}

async fn told(feishu: &Feishu, decision: &Value, raw: &[u8], inbox: &dyn Inbox) -> Result<(), Failure> {
    let action = match text(decision, "action_type") {
        "APPROVE" => Action::Approve,
        "REJECT" => Action::Reject,
        other => {
            tracing::warn!(action = other, "a decision of an unknown kind is left out");
            return Ok(());
        }
    };
    let instance = text(decision, "instance_id");
    let row: Option<ApprovalRow> = rows::read(&*feishu.shelf, Kind::Approval, instance).await?;
    let (Ok(key), Some(row)) = (EntryKey::new(text(decision, "action_context")), row) else {
        tracing::warn!(instance, "a decision about no approval of ours is left out");
        return Ok(());
    };
    let by = decided_by(feishu, text(decision, "user_id")).await?;
    let words = Some(text(decision, "reason").trim()).filter(|words| !words.is_empty()).map(str::to_owned);
    // A decision that was told, and refused by whoever knows better, may be made again once the approval was put anew.
    let proof = digest(raw);
    let unique = format!("{} {proof}", row.revision);
    let deed = Deed { key: &key, by, action, words, instance_ms: None, proof, unique };
    let arrival = acted(feishu, deed, feishu.clock.now_ms())?;
    let kept = incoming::handed(inbox, vec![arrival]).await;
    if kept { Ok(()) } else { Err(Failure::later("the inbox takes nothing")) }
}

#[derive(Deserialize)]
struct Found {
    user: Value,
}

/// Who decided. The platform names people here as the company does, elsewhere as they are called for our app.
async fn decided_by(feishu: &Feishu, user_id: &str) -> Result<PersonId, Failure> {
    if let Some(person) = person_of(user_id) {
        return Ok(person);
    }
    let row = format!("user:{}", digest(user_id.as_bytes()));
    if let Some(known) = feishu.shelf.read::<PersonId>(&row).await? {
        return Ok(known);
    }
    let call = Call::get(&["contact", "v3", "users", user_id]).with("user_id_type", "user_id");
    let found: Found = feishu.client.data(call).await?;
    let person = person_of(text(&found.user, "open_id"))
        .ok_or_else(|| Failure::later("the platform does not say who decided"))?;
    feishu.shelf.write(&row, &person, ENTRY_KEPT_MS).await?;
    Ok(person)
}
