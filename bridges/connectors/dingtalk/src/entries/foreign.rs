//! Approvals of DingTalk's own: read whole at each of their events, told as they stand, decided for who was asked.
//!
//! Events of tasks and instances come in any order, so none of them is believed further than to read the instance. What was read
//! twice is told under the same key.

use bridge_api::{
    ApprovalState, Arrival, CallError, EntryOnPlatform, EventKey, Failure, ForeignApproval, Happened,
    Meaning, PersonId, Refusal, digest, limits::ENTRY_LINES_MAX,
};
use serde_json::{Value, json};

use super::{Entries, Kind, cut, owner_and_id, told::Told};
use crate::{
    client::Call,
    events::Event,
    ids,
    lenient::{items, number, text},
    limits::LINE_CHARACTERS_MAX,
};

pub(super) const INSTANCES: &str = "/v1.0/workflow/processInstances";

impl Entries {
    /// An approval began or changed, says the platform.
    pub(super) async fn approval_changed(&self, instance: &str, event: Event<'_>) -> Result<Told, Failure> {
        if self.is_of_our_centre(instance, event.data).await? {
            return Ok(Told::nothing());
        }
        let Some(read) = self.instance(instance).await? else { return Ok(Told::nothing()) };
        let named = ["finishTime", "createTime"].iter().find_map(|name| number(event.data, name));
        let changed_ms = if event.at_ms > 0 { event.at_ms } else { named.unwrap_or_default() };
        let link = text(event.data, "url").filter(|url| url.starts_with("https://"));
        let Some(approval) = foreign(instance, &read, link, changed_ms) else { return Ok(Told::nothing()) };
        let seen = digest(json!([approval.state, approval.asked, approval.lines]).to_string().as_bytes());
        let client_id = &self.client.settings().client_id;
        let key = EventKey::new(format!("{client_id}:approval:{}:{seen}", digest(instance.as_bytes())));
        let Ok(key) = key else { return Ok(Told::nothing()) };
        let (at_ms, trace) = (changed_ms, Some(event.id.to_owned()));
        let what = Happened::ApprovalChanged(approval);
        Ok(Told::at_once(vec![Arrival { key, conversation: None, at_ms, trace, what }]))
    }

    /// An instance as it stands; nothing when it is gone or not shown to us.
    pub(super) async fn instance(&self, instance: &str) -> Result<Option<Value>, Failure> {
        let call = Call::get(INSTANCES).with("processInstanceId", instance);
        match self.client.call(&call).await.map_err(CallError::of_reading) {
            Ok(mut answer) => Ok(answer.get_mut("result").map(Value::take)),
            Err(CallError { meaning: Meaning::Refused(Refusal::NotPermitted), .. }) => {
                tracing::warn!("the app may not read approvals: it lacks Workflow.Instance.Read");
                Ok(None)
            }
            Err(CallError { meaning: Meaning::Refused(_), .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn decide_there(
        &self,
        approval: &EntryOnPlatform,
        task: &str,
        person: &PersonId,
        is_approved: bool,
        words: Option<&str>,
    ) -> Result<(), Failure> {
        let instance = approval.as_str();
        if owner_and_id(approval).is_some() || self.key_of(Kind::Approval, instance).await?.is_some() {
            // Of our own approvals the platform shows a picture; they are decided here.
            return Err(Failure::refused(Refusal::Impossible));
        }
        let user = ids::user(person).ok_or_else(|| Failure::refused(Refusal::Unreachable))?;
        let number: u64 = task.parse().map_err(|_| Failure::refused(Refusal::Gone))?;
        let mut body = json!({
            "processInstanceId": instance, "taskId": number, "actionerUserId": user,
            "result": if is_approved { "agree" } else { "refuse" },
        });
        if let Some(words) = words.filter(|words| !words.trim().is_empty()) {
            body["remark"] = json!(cut(words, LINE_CHARACTERS_MAX));
        }
        let error = match self.client.call(&Call::post("/v1.0/workflow/processInstances/execute", body)).await
        {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        // Somebody decided it already, perhaps we: the answer may be lost on its way.
        if !matches!(error.meaning, Meaning::Unknown | Meaning::Refused(Refusal::TooLate)) {
            return Err(error.into());
        }
        let read = self.instance(instance).await?.ok_or_else(|| Failure::refused(Refusal::Gone))?;
        let theirs = items(&read, "tasks").iter().find(|known| {
            text(known, "taskId").as_deref() == Some(task) && text(known, "userId").as_deref() == Some(user)
        });
        let field = |name| theirs.and_then(|known| text(known, name));
        let result = field("result").filter(|_| field("status").as_deref() == Some("COMPLETED"));
        match (field("status").as_deref(), result.as_deref()) {
            (_, Some("AGREE")) if is_approved => Ok(()),
            (_, Some("REFUSE")) if !is_approved => Ok(()),
            (Some("NEW" | "RUNNING"), _) if error.meaning == Meaning::Unknown => {
                Err(error.of_reading().into())
            }
            _ => Err(Failure::refused(Refusal::TooLate)),
        }
    }
}

/// An approval as it was read.
fn foreign(instance: &str, read: &Value, link: Option<String>, changed_ms: u64) -> Option<ForeignApproval> {
    let state = match (text(read, "status")?.as_str(), text(read, "result").as_deref()) {
        ("RUNNING" | "NEW", _) => ApprovalState::Pending,
        ("COMPLETED", Some("agree")) => ApprovalState::Approved,
        ("COMPLETED", Some("refuse")) => ApprovalState::Rejected,
        _ => ApprovalState::Canceled,
    };
    let is_asked = |task: &&Value| text(task, "status").as_deref() == Some("RUNNING");
    let asked = |task: &Value| Some((ids::person(&text(task, "userId")?)?, text(task, "taskId")?));
    let tasks = items(read, "tasks");
    let link = link.or_else(|| {
        let named = |task: &Value| text(task, "pcUrl").filter(|url| url.starts_with("https://"));
        tasks.iter().find_map(named)
    });
    Some(ForeignApproval {
        id: EntryOnPlatform::new(instance).ok()?,
        number: text(read, "businessId").unwrap_or_default(),
        title: text(read, "title").unwrap_or_default(),
        starter: text(read, "originatorUserId").and_then(|user| ids::person(&user)),
        state,
        asked: tasks.iter().filter(is_asked).filter_map(asked).collect(),
        lines: items(read, "formComponentValues").iter().filter_map(line).take(ENTRY_LINES_MAX).collect(),
        link,
        can_be_decided: state == ApprovalState::Pending,
        changed_ms,
    })
}

/// A line of the form. Labels and values of ranges are lists within a text; tables and files are left to the platform.
fn line(value: &Value) -> Option<(String, String)> {
    let kind = text(value, "componentType").unwrap_or_default();
    if ["TableField", "DDAttachment", "DDPhotoField", "TextNote"].contains(&kind.as_str()) {
        return None;
    }
    Some((plain(&text(value, "name")?), plain(&text(value, "value")?)))
}

fn plain(written: &str) -> String {
    let list: Option<Vec<String>> =
        Some(written).filter(|text| text.starts_with('[')).and_then(|text| serde_json::from_str(text).ok());
    cut(&list.map_or_else(|| written.to_owned(), |list| list.join(" – ")), LINE_CHARACTERS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_told_as_it_stands() {
        let read = json!({
            "title": "Li's leave", "status": "RUNNING", "businessId": "2025050001", "originatorUserId": "u1",
            "formComponentValues": [
                {"name": "Days", "value": "3", "componentType": "NumberField"},
                {"name": "[\"Start\",\"End\"]", "value": "[\"2025-05-27\",\"2025-05-28\"]", "componentType": "DDDateRangeField"},
                {"name": "Items", "value": "[[{\"name\":\"item\"}]]", "componentType": "TableField"},
                {"name": "Empty", "value": null, "componentType": "TextField"},
            ],
            "tasks": [
                {"taskId": 1, "userId": "u2", "status": "COMPLETED", "result": "AGREE"},
                {"taskId": 2, "userId": "u3", "status": "RUNNING", "pcUrl": "https://aflow.example/2"},
            ],
        });
        let told = foreign("Gx1", &read, None, 7).expect("an approval");
        let person = |id: &str| PersonId::new(id).expect("an id");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!((told.number.as_str(), told.state), ("2025050001", ApprovalState::Pending));
        assert_eq!((told.starter, told.asked), (Some(person("u1")), vec![(person("u3"), "2".to_owned())]));
        assert_eq!(told.lines, [pair("Days", "3"), pair("Start – End", "2025-05-27 – 2025-05-28")]);
        assert_eq!((told.link.as_deref(), told.can_be_decided), (Some("https://aflow.example/2"), true));
        let table = [
            ("COMPLETED", "agree", ApprovalState::Approved),
            ("COMPLETED", "refuse", ApprovalState::Rejected),
            ("TERMINATED", "", ApprovalState::Canceled),
        ];
        for (status, result, state) in table {
            let told =
                foreign("Gx1", &json!({"status": status, "result": result}), None, 7).expect("an approval");
            assert_eq!((told.state, told.can_be_decided), (state, false), "{status}");
        }
        assert_eq!(foreign("Gx1", &json!({}), None, 7), None);
    }
}
