//! Approvals of ours in the words of the platform's approval centre. Every word that people see stands in a table of texts, in
//! both languages; the rest names it by a key. Pure functions.

use bridge_api::{
    Approval, ApprovalState, ApprovalTask, ApprovalTaskState, Language, Words, limits::ENTRY_LINES_MAX,
};
use serde_json::{Value, json};

use super::{cut, open_id, quick::QUERY, rows::name_of, words};
use crate::{
    limits::{FORM_VALUE_CHARACTERS_MAX, TITLE_CHARACTERS_MAX},
    settings::ApprovalCentre,
};

/// The texts of a request, by key.
#[derive(Default)]
struct Texts(Vec<(String, String, String)>);

impl Texts {
    /// Words that are the same in all languages; their key.
    fn same(&mut self, name: &str, text: &str) -> String {
        let key = format!("@i18n@{name}");
        self.0.push((key.clone(), text.to_owned(), text.to_owned()));
        key
    }

    /// Words in both languages; their key.
    fn both(&mut self, name: &str, words: Words) -> String {
        let key = format!("@i18n@{name}");
        let of = |language| words.of(language).to_owned();
        self.0.push((key.clone(), of(Language::Zh), of(Language::En)));
        key
    }

    fn resources(&self, first: Language) -> Value {
        let texts = |zh: bool| -> Vec<Value> {
            let text = |(key, chinese, english): &(String, String, String)| json!({ "key": key, "value": if zh { chinese } else { english } });
            self.0.iter().map(text).collect()
        };
        json!([
            { "locale": "zh-CN", "is_default": first == Language::Zh, "texts": texts(true) },
            { "locale": "en-US", "is_default": first == Language::En, "texts": texts(false) },
        ])
    }
}

/// The request that makes our kind of approval known.
pub fn definition(centre: &ApprovalCentre) -> Value {
    let mut texts = Texts::default();
    let name = texts.both("kind", words::KIND);
    let mut address = centre.callback_url.clone();
    // Events may come to the same address.
    let query = address.query().map_or_else(|| QUERY.to_owned(), |query| format!("{query}&{QUERY}"));
    address.set_query(Some(&query));
    let mut external = json!({
        "biz_name": name, "biz_type": "approval", "support_pc": true, "support_mobile": true,
        "support_batch_read": false, "action_callback_url": address.as_str(),
        "action_callback_token": centre.token.expose(),
    });
    if let Some(key) = &centre.key {
        external["action_callback_key"] = json!(key.expose());
    }
    json!({
        "approval_name": name, "approval_code": centre.code, "group_code": "lianqiao",
        "group_name": name, "external": external,
        "viewers": [{ "viewer_type": "TENANT" }], "i18n_resources": texts.resources(Language::Zh),
    })
}

/// The request that puts an approval there as it stands. `home` is where one without an address of its own is read,
/// `update_ms` grows with every request about it.
pub fn instance(approval: &Approval, centre: &ApprovalCentre, home: &str, update_ms: u64) -> Value {
    let mut texts = Texts::default();
    let head = &approval.head;
    let links = links(head.link.as_deref().unwrap_or(home));
    let form: Vec<Value> = approval
        .lines
        .iter()
        .take(ENTRY_LINES_MAX)
        .enumerate()
        .map(|(place, (name, value))| {
            let name = texts.same(&format!("name{place}"), &said(name, TITLE_CHARACTERS_MAX));
            let value = texts.same(&format!("value{place}"), &said(value, FORM_VALUE_CHARACTERS_MAX));
            json!({ "name": name, "value": value })
        })
        .collect();
    let title = format!("{} · {}", head.title, head.number);
    let mut body = json!({
        "approval_code": centre.code, "instance_id": instance_id(approval), "status": status(approval.state),
        "title": texts.same("title", &said(&title, TITLE_CHARACTERS_MAX)), "form": form, "links": links,
        "start_time": head.begun_ms.to_string(), "end_time": approval.ended_ms.unwrap_or(0).to_string(),
        "update_time": update_ms.to_string(), "display_method": "BROWSER", "update_mode": "REPLACE",
        "user_name": texts.same("starter", &said(&approval.starter_name, TITLE_CHARACTERS_MAX)),
    });
    if let Some(starter) = approval.starter.as_ref().and_then(open_id) {
        body["open_id"] = json!(starter.as_str());
    }
    let tasks = approval.tasks.iter().enumerate();
    let tasks = tasks.filter_map(|(place, one)| task(one, place, &links, update_ms, &mut texts));
    body["task_list"] = tasks.collect();
    body["i18n_resources"] = texts.resources(head.language);
    body
}

/// The task of somebody who is on the platform.
fn task(
    task: &ApprovalTask,
    place: usize,
    links: &Value,
    update_ms: u64,
    texts: &mut Texts,
) -> Option<Value> {
    let person = open_id(&task.person)?;
    let step = texts.same(&format!("step{place}"), &said(&task.step, TITLE_CHARACTERS_MAX));
    let action = |kind: &str, needs_reason: bool| {
        json!({
            "action_type": kind, "is_need_reason": true, "is_reason_required": needs_reason,
            "is_need_attachment": false,
        })
    };
    let mut written = json!({
        "task_id": task_id(task), "open_id": person.as_str(), "links": links,
        "status": task_status(task.state), "create_time": task.begun_ms.to_string(),
        "end_time": task.ended_ms.unwrap_or(0).to_string(), "update_time": update_ms.to_string(),
        "action_context": task.key.as_str(), "node_id": format!("step{place}"), "node_name": step,
    });
    if task.state == ApprovalTaskState::Pending {
        written["action_configs"] = json!([action("APPROVE", false), action("REJECT", task.needs_reason)]);
    }
    Some(written)
}

/// What the platform calls an approval of ours.
pub fn instance_id(approval: &Approval) -> String {
    shortened('i', name_of(&approval.head.key))
}

/// What it calls the task of somebody. Approvals and tasks share one space of ids.
pub fn task_id(task: &ApprovalTask) -> String {
    shortened('t', name_of(&task.key))
}

fn shortened(sign: char, mut name: String) -> String {
    name.truncate(40);
    format!("{sign}{name}")
}

fn links(address: &str) -> Value {
    json!({ "pc_link": address, "mobile_link": address })
}

/// Words for a field that must not be empty.
fn said(text: &str, characters_max: usize) -> String {
    let text = text.trim();
    if text.is_empty() { words::NOTHING.of(Language::Zh).to_owned() } else { cut(text, characters_max) }
}

const fn status(state: ApprovalState) -> &'static str {
    match state {
        ApprovalState::Pending => "PENDING",
        ApprovalState::Approved => "APPROVED",
        ApprovalState::Rejected => "REJECTED",
        ApprovalState::Canceled => "CANCELED",
    }
}

const fn task_status(state: ApprovalTaskState) -> &'static str {
    match state {
        ApprovalTaskState::Pending => "PENDING",
        ApprovalTaskState::Approved => "APPROVED",
        ApprovalTaskState::Rejected => "REJECTED",
        ApprovalTaskState::Transferred => "TRANSFERRED",
        ApprovalTaskState::Closed => "DONE",
    }
}

/// Whether anybody on the platform has to do with an approval.
pub fn concerns(approval: &Approval) -> bool {
    let mut people = approval.tasks.iter().map(|task| &task.person).chain(&approval.starter);
    people.any(|person| open_id(person).is_some())
}
