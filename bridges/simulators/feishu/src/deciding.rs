//! A person decides an approval in the approval centre. Of one whose flow runs elsewhere the app is told, once, and it says later
//! how the approval stands.

use std::sync::Arc;

use serde_json::{Value, json};
use simulator_stage::{Label, Post};

use crate::crypto;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::office::external::Deciding;

/// Decides; answers whether the app said that it heard.
pub(crate) async fn decide(
    shared: &Arc<Shared>,
    person: &str,
    task: &str,
    action: &str,
    reason: Option<&str>,
) -> Result<Value, Refusal> {
    let (posts, within_ms, label) = {
        let state = &mut *shared.state.lock();
        let approve = match action {
            "APPROVE" => Some(true),
            "REJECT" => Some(false),
            _ => None,
        };
        let decided = approve
            .and_then(|approve| state.decide_native(person, task, approve, reason.unwrap_or_default()));
        if let Some(decided) = decided {
            return decided.map(|()| json!({ "answered": true }));
        }
        let deciding = state.deciding(person, task, action, reason)?.ok_or(Refusal::code(1_390_010))?;
        let label =
            Label { app: deciding.instance.app.clone(), id: task.to_owned(), what: action.to_owned() };
        let posts = dress(state, &deciding, person, action, reason.unwrap_or_default());
        (posts, state.settings.decided_within_ms, label)
    };
    let mut answered = true;
    for post in posts {
        let outcome = post.send(within_ms).await;
        let said = outcome.as_ref().err().map_or("answered", String::as_str);
        shared.state.lock().stage.note(label.clone(), 0, said);
        answered = outcome.is_ok();
    }
    Ok(json!({ "answered": answered }))
}

/// What is posted, the real one last, with the faults that concern it.
fn dress(state: &mut State, deciding: &Deciding, person: &str, action: &str, reason: &str) -> Vec<Post> {
    let Deciding { definition, instance, task } = deciding;
    let detour = state.office.detour.as_ref();
    let url =
        detour.and_then(|(from, to)| Some(format!("{to}{}", definition.callback_url.strip_prefix(from)?)));
    let url = url.unwrap_or_else(|| definition.callback_url.clone());
    let body = json!({
        "action_type": action, "action_context": task.action_context, "user_id": person,
        "approval_code": instance.approval_code, "instance_id": instance.instance_id, "task_id": task.task_id,
        "message_id": "", "id": state.stage.chance.id("", 16), "reason": reason, "attachments": [],
        "token": definition.callback_token,
    });
    let post = |state: &mut State, body: &Value, key: &str| {
        let body = match key {
            "" => body.clone(),
            key => {
                json!({ "encrypt": crypto::encrypt(key, state.stage.chance.block(), body.to_string().as_bytes()) })
            }
        };
        let headers = vec![("Content-Type", "application/json;charset=utf-8".to_owned())];
        Post { url: url.clone(), headers, body: body.to_string().into_bytes() }
    };
    let key = definition.callback_key.as_str();
    let mut posts = Vec::new();
    if state.stage.faults.strikes(Fault::ApprovalWrongToken) {
        let mut forged = body.clone();
        forged["token"] = "another token".into();
        posts.push(post(state, &forged, key));
    }
    if state.stage.faults.strikes(Fault::ApprovalWrongKey) {
        posts.push(post(state, &body, "another key"));
    }
    if !key.is_empty() && state.stage.faults.strikes(Fault::ApprovalPlain) {
        let mut forged = body.clone();
        forged["token"] = "".into();
        posts.push(post(state, &forged, ""));
    }
    let real = post(state, &body, key);
    if state.stage.faults.strikes(Fault::ApprovalTwice) {
        posts.push(real.clone());
    }
    posts.push(real);
    posts
}
