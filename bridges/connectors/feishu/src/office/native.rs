//! Approvals whose flow runs on the platform: events tell that something changed, and the approval is read whole.

use bridge_api::{Arrival, EntryOnPlatform, EventKey, Failure, Happened, Inbox, PersonId, Refusal, digest};
use serde_json::{Value, json};

use super::{native_read, plain};
use crate::{
    Feishu,
    abilities::id_of,
    client::{
        Call, CallError,
        codes::{Meaning, named},
        rates::Lane,
    },
    limits::NATIVE_CODES_MAX,
};

/// An instance by the codes of its definition and its own.
pub fn id_of_instance(approval_code: &str, instance_code: &str) -> Option<EntryOnPlatform> {
    let (approval, instance) = (plain(approval_code).ok()?, plain(instance_code).ok()?);
    EntryOnPlatform::new(format!("{approval}/{instance}")).ok()
}

/// Subscribes to the definitions that the operator named: without that no event tells of their approvals.
pub async fn subscribe(feishu: &Feishu) -> Result<(), Failure> {
    for code in feishu.client.settings().office.native_codes.iter().take(NATIVE_CODES_MAX) {
        let call = Call::post(&["approval", "v4", "approvals", code, "subscribe"], &json!({}));
        match feishu.client.done(call).await {
            Err(error) if error.is_one_of(&named::SUBSCRIBED) => {}
            Err(error) if error.meaning() == Meaning::Refused => {
                tracing::error!(%error, code, "a native approval named in the configuration cannot be followed");
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

async fn instance(feishu: &Feishu, code: &str) -> Result<Value, CallError> {
    let call = Call::get(&["approval", "v4", "instances", code]).with("user_id_type", "open_id");
    feishu.client.data(call).await
}

/// Reads an approval and tells how it stands, if the operator wants to know of its kind.
pub async fn look(feishu: &Feishu, code: &str, inbox: &dyn Inbox) -> Result<(), Failure> {
    let found = instance(feishu, plain(code)?).await?;
    let kind = found.get("approval_code").and_then(Value::as_str).unwrap_or_default();
    let is_wanted = feishu.client.settings().office.native_codes.iter().any(|code| code == kind);
    let Some(told) = native_read::approval(&found).filter(|_| is_wanted) else {
        tracing::debug!(kind, "an approval of which nobody wants to know");
        return Ok(());
    };
    let canonical = serde_json::to_vec(&told).map_err(|error| Failure::later(error.to_string()))?;
    let key = format!("{}:approval:{}", feishu.ours().app_id, digest(&canonical));
    let arrival = Arrival {
        key: id_of(EventKey::new(key))?,
        conversation: None,
        at_ms: told.changed_ms,
        trace: Some(code.to_owned()),
        what: Happened::ApprovalChanged(told),
    };
    inbox.take(vec![arrival]).await.map_err(|error| Failure::later(error.to_string()))
}

/// Decides for somebody who is asked. A repeat of the same decision succeeds.
pub async fn decide(
    feishu: &Feishu,
    approval: &EntryOnPlatform,
    task: &str,
    person: &PersonId,
    is_approved: bool,
    words: Option<&str>,
) -> Result<(), Failure> {
    let gone = || Failure::refused(Refusal::Gone);
    let (kind, code) = approval.as_str().split_once('/').ok_or_else(gone)?;
    let (what, decided) = if is_approved { ("approve", "APPROVED") } else { ("reject", "REJECTED") };
    let body = json!({
        "approval_code": kind, "instance_code": code, "user_id": person.as_str(), "task_id": task,
        "comment": words.unwrap_or_default(),
    });
    let call = Call::post(&["approval", "v4", "tasks", what], &body).with("user_id_type", "open_id");
    let error = match feishu.client.done(call.within(Lane::Scarce(what))).await {
        Err(error) if matches!(error.meaning(), Meaning::Refused | Meaning::Gone) => error,
        outcome => return Ok(outcome?),
    };
    // Which refusal means that it is decided already is not documented; how it stands tells.
    let found = instance(feishu, plain(code)?).await?;
    match native_read::status_of(&found, task) {
        Some(status) if status == decided => Ok(()),
        Some("PENDING") => Err(error.into()),
        Some(_) => Err(Failure::refused(Refusal::TooLate)),
        None => Err(gone()),
    }
}
