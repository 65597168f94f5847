//! Approvals: forms, requests and how they stand. Nobody decides by this API.

use serde_json::{Value, json};

use super::reading::{text, texts};
use super::{Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::approvals::{Approval, Node, PENDING};

const WINDOW_S_MAX: u64 = 31 * 86_400;
const PAGE_MAX: u64 = 100;
const SUMMARY_LINES_MAX: usize = 3;

fn language(text: &str) -> Value {
    json!([{ "text": text, "lang": "zh_CN" }])
}

pub(super) fn template(state: &mut State, call: &Call) -> Outcome {
    let template = state.templates.get(call.text("template_id")).ok_or_else(|| Refusal::new(301_079))?;
    let names = language(&template.name);
    Ok(json!({ "template_names": names, "template_content": { "controls": template.controls } }).into())
}

fn nodes(call: &Call, approvers: &[String]) -> Result<Vec<Node>, Refusal> {
    if call.number("use_template_approver") == Some(1) {
        return Ok(approvers.iter().map(|person| Node::new(1, 2, vec![person.clone()])).collect());
    }
    let number = |node: &Value, name: &str| node.get(name).and_then(Value::as_u64).unwrap_or(1);
    let list =
        call.body.get("process").and_then(|process| process.get("node_list")).and_then(Value::as_array);
    if let Some(list) = list {
        let node = |node: &Value| {
            Node::new(number(node, "type"), number(node, "apv_rel"), texts(node.get("userid")))
        };
        return Ok(list.iter().map(node).collect());
    }
    // The older form: `attr` 1 any, 2 all, the other way round than `apv_rel`.
    let older = call.body.get("approver").and_then(Value::as_array).ok_or_else(|| Refusal::new(301_025))?;
    let node = |node: &Value| Node::new(1, 3 - number(node, "attr").clamp(1, 2), texts(node.get("userid")));
    let mut nodes: Vec<Node> = older.iter().map(node).collect();
    let copies = call.texts("notifyer");
    if !copies.is_empty() {
        nodes.push(Node::new(2, 1, copies));
    }
    Ok(nodes)
}

pub(super) fn apply(state: &mut State, call: &Call) -> Outcome {
    let template_id = call.text("template_id").to_owned();
    let template = state.templates.get(&template_id).cloned().ok_or_else(|| Refusal::new(301_079))?;
    let applicant = call.needed("creator_userid", 301_025)?.to_owned();
    let nodes = nodes(call, &template.approvers)?;
    let people = nodes.iter().flat_map(|node| &node.people).map(|one| one.person.clone());
    if people.chain([applicant.clone()]).any(|person| state.person(&person).is_err()) {
        return Err(Refusal::new(40_003));
    }
    let apply_data = call.body.get("apply_data").cloned().unwrap_or_default();
    let summary = call.body.get("summary_list").and_then(Value::as_array).map_or(0, Vec::len);
    let filled = apply_data.get("contents").and_then(Value::as_array).is_some();
    let deciding = nodes.iter().any(|node| node.kind == 1 && !node.people.is_empty());
    if summary > SUMMARY_LINES_MAX || !filled || !deciding {
        return Err(Refusal::new(301_025));
    }
    let approval = Approval {
        number: String::new(),
        template: template_id,
        name: template.name,
        applicant,
        applied_s: state.now_s(),
        status: PENDING,
        nodes,
        apply_data,
    };
    Ok(json!({ "sp_no": state.apply(approval)? }).into())
}

/// Whether an approval passes the filters of a list.
fn passes(approval: &Approval, filters: &[Value]) -> bool {
    filters.iter().all(|filter| {
        let value = text(filter, "value");
        match text(filter, "key") {
            "template_id" => approval.template == value,
            "creator" => approval.applicant.eq_ignore_ascii_case(value),
            "sp_status" => approval.status.to_string() == value,
            _ => true,
        }
    })
}

pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    let bound = |name: &str| call.number(name).ok_or_else(|| Refusal::new(301_025));
    let (start, end) = (bound("starttime")?, bound("endtime")?);
    if end < start || end - start > WINDOW_S_MAX {
        return Err(Refusal::new(301_025));
    }
    let size = call.number("size").unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let filters = call.body.get("filters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let cursor = call.text("new_cursor");
    let fitting = state.approvals.range(cursor.to_owned()..).filter(|(number, approval)| {
        (cursor.is_empty() || number.as_str() > cursor)
            && (start..=end).contains(&approval.applied_s)
            && passes(approval, filters)
    });
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let mut numbers: Vec<&String> = fitting.map(|(number, _)| number).take(size + 1).collect();
    let more = numbers.len() > size;
    numbers.truncate(size);
    let mut fields = json!({ "sp_no_list": numbers });
    // At the end there is no cursor.
    if more {
        fields["new_next_cursor"] = json!(numbers.last());
    }
    Ok(fields.into())
}

pub(super) fn detail(state: &mut State, call: &Call) -> Outcome {
    let approval = state.approvals.get(call.text("sp_no")).ok_or_else(|| Refusal::new(301_025))?;
    let node = |node: &Node| {
        let people: Vec<Value> = node
            .people
            .iter()
            .map(|one| {
                json!({
                    "userid": one.person, "speech": one.speech, "sp_yj": one.status, "sptime": one.at_s, "media_ids": [],
                })
            })
            .collect();
        json!({
            "node_type": node.kind, "sp_status": node.status(), "apv_rel": node.relation, "sub_node_list": people,
        })
    };
    let nodes: Vec<Value> = approval.nodes.iter().map(node).collect();
    let copies = approval.nodes.iter().filter(|node| node.kind == 2).flat_map(|node| &node.people);
    let copies: Vec<Value> = copies.map(|one| json!({ "userid": one.person })).collect();
    let info = json!({
        "sp_no": approval.number, "sp_name": approval.name, "sp_status": approval.status,
        "template_id": approval.template, "apply_time": approval.applied_s,
        "applyer": { "userid": approval.applicant, "partyid": "1" }, "process_list": { "node_list": nodes },
        "sp_record": [], "notifyer": copies, "apply_data": approval.apply_data, "comments": [],
    });
    Ok(json!({ "info": info }).into())
}
