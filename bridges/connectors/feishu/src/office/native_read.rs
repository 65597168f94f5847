//! Native approvals as the platform answers them. Pure functions.

use bridge_api::{
    ApprovalState, ForeignApproval, PersonId, limits::ENTRY_LINES_MAX, limits::ENTRY_PEOPLE_MAX,
};
use serde_json::Value;

use super::{cut, person_of};
use crate::{
    events::{list, milliseconds, text},
    limits::{FORM_VALUE_CHARACTERS_MAX, TITLE_CHARACTERS_MAX},
};

/// An approval of an answer; nothing when it lacks what every one has, or is deleted.
pub fn approval(instance: &Value) -> Option<ForeignApproval> {
    // One that was agreed to and is revoked afterwards keeps its status and says so beside it.
    let is_revoked = instance.get("reverted").and_then(Value::as_bool) == Some(true);
    let state = match text(instance, "status") {
        "APPROVED" if is_revoked => ApprovalState::Canceled,
        "PENDING" => ApprovalState::Pending,
        "APPROVED" => ApprovalState::Approved,
        "REJECTED" => ApprovalState::Rejected,
        "CANCELED" | "DELETED" => ApprovalState::Canceled,
        _ => return None,
    };
    let id = super::native::id_of_instance(text(instance, "approval_code"), text(instance, "instance_code"))?;
    let asked = asked(instance);
    Some(ForeignApproval {
        id,
        number: cut(text(instance, "serial_number"), TITLE_CHARACTERS_MAX),
        title: cut(text(instance, "approval_name"), TITLE_CHARACTERS_MAX),
        starter: person_of(text(instance, "open_id")),
        state,
        can_be_decided: state == ApprovalState::Pending && !asked.is_empty(),
        asked,
        lines: lines(text(instance, "form")),
        link: None,
        changed_ms: changed_ms(instance),
    })
}

/// Who is asked now.
fn asked(instance: &Value) -> Vec<(PersonId, String)> {
    let pending = list(instance, "task_list").iter().filter(|task| text(task, "status") == "PENDING");
    let asked = pending.filter_map(|task| {
        let id = Some(text(task, "id")).filter(|id| !id.is_empty())?;
        Some((person_of(text(task, "open_id"))?, id.to_owned()))
    });
    asked.take(ENTRY_PEOPLE_MAX).collect()
}

/// How somebody's task stands: `PENDING`, `APPROVED`, `REJECTED` and others.
pub fn status_of<'a>(instance: &'a Value, task: &str) -> Option<&'a str> {
    let known = list(instance, "task_list").iter().find(|known| text(known, "id") == task)?;
    Some(text(known, "status"))
}

/// When it changed last, as far as its times tell.
fn changed_ms(instance: &Value) -> u64 {
    let own = ["start_time", "end_time"].map(|name| milliseconds(instance.get(name)));
    let tasks = list(instance, "task_list").iter();
    let tasks = tasks.flat_map(|task| ["start_time", "end_time"].map(|name| milliseconds(task.get(name))));
    let line = list(instance, "timeline").iter().map(|one| milliseconds(one.get("create_time")));
    own.into_iter().chain(tasks).chain(line).flatten().max().unwrap_or_default()
}

/// Name and value of what was filled in. What has no words of its own is left out.
fn lines(form: &str) -> Vec<(String, String)> {
    let widgets: Vec<Value> = serde_json::from_str(form).unwrap_or_default();
    let lines = widgets.iter().filter_map(|widget| {
        let name = Some(text(widget, "name")).filter(|name| !name.is_empty())?;
        let value = said(widget.get("value")?);
        let value = Some(value.trim()).filter(|value| !value.is_empty())?;
        Some((cut(name, TITLE_CHARACTERS_MAX), cut(value, FORM_VALUE_CHARACTERS_MAX)))
    });
    lines.take(ENTRY_LINES_MAX).collect()
}

/// A value in words: texts and numbers as they are, lists with commas, an interval from its beginning to its end.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => {
            list.iter().map(said).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("、")
        }
        Value::Object(fields) => {
            let part = |name: &str| fields.get(name).map(said).unwrap_or_default();
            match (part("start"), part("end")) {
                (start, end) if !start.is_empty() => format!("{start} – {end}"),
                _ => [part("name"), part("value")]
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>()
                    .join(" "),
            }
        }
        Value::Null | Value::Bool(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn instance(status: &str) -> Value {
        let form = json!([
            { "id": "w1", "name": "天数", "type": "number", "value": 2.5 },
            { "id": "w2", "name": "时间", "type": "dateInterval", "value": { "start": "2026-11-05", "end": "2026-11-06", "interval": 2.0 } },
            { "id": "w3", "name": "类型", "type": "checkboxV2", "value": ["年假", "调休"] },
            { "id": "w4", "name": "说明", "type": "text", "value": null },
        ]);
        json!({
            "approval_code": "A-1", "instance_code": "I-1", "approval_name": "请假", "serial_number": "2026001",
            "open_id": "ou_a", "status": status, "form": form.to_string(), "start_time": "1700000000000", "end_time": "0",
            "task_list": [
                { "id": "t1", "open_id": "ou_b", "status": "APPROVED", "start_time": "1700000000000", "end_time": "1700000005000" },
                { "id": "t2", "open_id": "ou_c", "status": "PENDING", "start_time": "1700000005000", "end_time": "0" },
                { "id": "t3", "open_id": "", "status": "PENDING" },
            ],
            "timeline": [{ "type": "PASS", "create_time": "1700000006000" }],
        })
    }

    #[test]
    fn it_is_told_who_is_asked_now_and_what_was_filled_in() {
        let told = approval(&instance("PENDING")).expect("an approval");
        assert_eq!(told.asked, [(PersonId::new("ou_c").expect("an id"), "t2".to_owned())]);
        assert_eq!(
            (told.id.as_str(), told.changed_ms, told.can_be_decided),
            ("A-1/I-1", 1_700_000_006_000, true)
        );
        let lines: Vec<_> = told.lines.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(lines, ["天数=2.5", "时间=2026-11-05 – 2026-11-06", "类型=年假、调休"]);
        let over = approval(&instance("CANCELED")).expect("an approval");
        assert_eq!((over.state, over.can_be_decided), (ApprovalState::Canceled, false));
        let mut revoked = instance("APPROVED");
        assert_eq!(approval(&revoked).expect("an approval").state, ApprovalState::Approved);
        revoked["reverted"] = json!(true);
        assert_eq!(approval(&revoked).expect("an approval").state, ApprovalState::Canceled);
        assert_eq!(approval(&json!({ "status": "PENDING" })), None);
    }
}
