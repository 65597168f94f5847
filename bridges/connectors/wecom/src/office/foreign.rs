//! What an approval of the platform is here. Pure.

use bridge_api::{ApprovalState, EntryOnPlatform, ForeignApproval, PersonId, limits::ENTRY_LINES_MAX};
use serde_json::Value;

use super::controls;
use crate::{
    ids,
    lenient::{items, number, text},
    limits::APPROVAL_ASKED_MAX,
};

/// A node, or a person of one, that waits.
const WAITS: u64 = 1;
/// A node that only gets a copy.
const COPY: u64 = 2;
/// A node whose people decide one after the other.
const IN_ORDER: u64 = 3;

/// Reads the `info` of an approval; nothing for one without a number, or whose state is none that is known.
pub fn read(info: &Value) -> Option<ForeignApproval> {
    let number = text(info, "sp_no")?;
    let state = state(info)?;
    let starter = info.get("applyer").and_then(|starter| ids::person(&text(starter, "userid")?));
    let asked = if state == ApprovalState::Pending { asked(info, &number) } else { Vec::new() };
    let contents = info.get("apply_data").map(|data| items(data, "contents")).unwrap_or_default();
    Some(ForeignApproval {
        id: EntryOnPlatform::new(number.clone()).ok()?,
        title: text(info, "sp_name").unwrap_or_else(|| number.clone()),
        number,
        starter,
        state,
        asked,
        lines: contents.iter().filter_map(controls::line).take(ENTRY_LINES_MAX).collect(),
        // The platform documents no address at which an approval is read.
        link: None,
        can_be_decided: false,
        changed_ms: changed_s(info).saturating_mul(1_000),
    })
}

/// How it stands: waiting, agreed to, refused, withdrawn, withdrawn after that, deleted, paid.
fn state(info: &Value) -> Option<ApprovalState> {
    match number(info, "sp_status")? {
        1 => Some(ApprovalState::Pending),
        2 | 10 => Some(ApprovalState::Approved),
        3 => Some(ApprovalState::Rejected),
        4 | 6 | 7 => Some(ApprovalState::Canceled),
        _ => None,
    }
}

fn nodes(info: &Value) -> &[Value] {
    info.get("process_list").map(|list| items(list, "node_list")).unwrap_or_default()
}

/// Who is asked now, each with what they are asked: the approval and the place of the step, because the platform names none.
fn asked(info: &Value, approval: &str) -> Vec<(PersonId, String)> {
    let is_asking =
        |node: &&Value| number(node, "node_type") != Some(COPY) && number(node, "sp_status") == Some(WAITS);
    let step = |place: usize, people: Vec<PersonId>| {
        let task = format!("{approval}/{place}");
        people.into_iter().take(APPROVAL_ASKED_MAX).map(|person| (person, task.clone())).collect()
    };
    if let Some(place) = nodes(info).iter().position(|node| is_asking(&node)) {
        let node = &nodes(info)[place];
        let waiting = items(node, "sub_node_list").iter().filter(|one| number(one, "sp_yj") == Some(WAITS));
        let mut people: Vec<PersonId> =
            waiting.filter_map(|one| ids::person(&text(one, "userid")?)).collect();
        if number(node, "apv_rel") == Some(IN_ORDER) {
            people.truncate(1);
        }
        return step(place, people);
    }
    // Older approvals have these alone.
    let records = items(info, "sp_record");
    let Some(place) = records.iter().position(|record| number(record, "sp_status") == Some(WAITS)) else {
        return Vec::new();
    };
    let waiting =
        items(&records[place], "details").iter().filter(|one| number(one, "sp_status") == Some(WAITS));
    step(place, waiting.filter_map(|one| ids::person(&text(one.get("approver")?, "userid")?)).collect())
}

/// When something was last done to it, as far as the platform says.
fn changed_s(info: &Value) -> u64 {
    let of_node =
        |node: &Value| items(node, "sub_node_list").iter().filter_map(|one| number(one, "sptime")).max();
    let of_record =
        |record: &Value| items(record, "details").iter().filter_map(|one| number(one, "sptime")).max();
    let decided =
        nodes(info).iter().filter_map(of_node).chain(items(info, "sp_record").iter().filter_map(of_record));
    decided.chain(number(info, "apply_time")).max().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub fn info(number: &str, status: u64) -> Value {
        json!({
            "sp_no": number, "sp_name": "请假", "sp_status": status, "template_id": "TPL",
            "apply_time": 1_700_000_000, "applyer": {"userid": "LiSi", "partyid": "1"},
            "process_list": {"node_list": [
                {"node_type": 1, "sp_status": 2, "apv_rel": 1, "sub_node_list":
                    [{"userid": "boss", "speech": "ok", "sp_yj": 2, "sptime": 1_700_000_100, "media_ids": []}]},
                {"node_type": 2, "sp_status": 1, "apv_rel": 1, "sub_node_list": [{"userid": "copy", "sp_yj": 1}]},
                {"node_type": 1, "sp_status": 1, "apv_rel": 1, "sub_node_list":
                    [{"userid": "HR1", "sp_yj": 1, "sptime": 0}, {"userid": "hr2", "sp_yj": 1, "sptime": 0}]},
            ]},
            "sp_record": [], "notifyer": [],
            "apply_data": {"contents": [
                {"control": "Text", "id": "Text-1", "title": [{"text": "事由", "lang": "zh_CN"}], "value": {"text": "回家"}},
            ]},
            "comments": [],
        })
    }

    #[test]
    fn an_approval_says_who_is_asked_and_what_for() {
        let read = read(&info("202611200001", 1)).expect("an approval");
        assert_eq!((read.number.as_str(), read.title.as_str()), ("202611200001", "请假"));
        assert_eq!(read.starter.as_ref().map(PersonId::as_str), Some("lisi"));
        let asked: Vec<_> = read.asked.iter().map(|(who, task)| (who.as_str(), task.as_str())).collect();
        assert_eq!(asked, [("hr1", "202611200001/2"), ("hr2", "202611200001/2")]);
        assert_eq!(read.lines, [("事由".to_owned(), "回家".to_owned())]);
        assert_eq!((read.changed_ms, read.can_be_decided), (1_700_000_100_000, false));
    }

    #[test]
    fn one_after_the_other_is_one_at_a_time_and_old_ones_are_read_by_their_records() {
        let mut in_order = info("1", 1);
        in_order["process_list"]["node_list"][2]["apv_rel"] = 3.into();
        assert_eq!(read(&in_order).expect("an approval").asked.len(), 1);
        let mut old = info("1", 1);
        old["process_list"] = Value::Null;
        old["sp_record"] = json!([
            {"sp_status": 2, "approverattr": 1, "details": [{"approver": {"userid": "a"}, "sp_status": 2, "sptime": 5}]},
            {"sp_status": 1, "approverattr": 1, "details": [{"approver": {"userid": "B"}, "sp_status": 1, "sptime": 0}]},
        ]);
        let asked = read(&old).expect("an approval").asked;
        assert_eq!((asked[0].0.as_str(), asked[0].1.as_str()), ("b", "1/1"));
    }

    #[test]
    fn states_are_the_platforms_and_unknown_ones_are_not_guessed() {
        use ApprovalState::{Approved, Canceled, Rejected};
        for (status, expected) in
            [(2, Approved), (10, Approved), (3, Rejected), (4, Canceled), (6, Canceled), (7, Canceled)]
        {
            let read = read(&info("1", status)).expect("an approval");
            assert_eq!((read.state, read.asked.len()), (expected, 0), "{status}");
        }
        assert_eq!(read(&info("1", 99)), None);
        assert_eq!(read(&json!({"sp_status": 1})), None);
    }
}
