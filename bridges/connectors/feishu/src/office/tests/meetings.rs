//! Meetings: made once, changed where they differ, their answers told, and when people have no time.

use bridge_api::{Action, Attendee, Calendars as _, Exception, Instead, Meeting, double::Basket};
use serde_json::{Value, json};

use super::{acted, body, head, key, person};
use crate::{
    Feishu,
    office::{answers, rows::name_of},
    tests::peer::{Peer, bad, good},
};

const EVENTS: &str = "/open-apis/calendar/v4/calendars/feishu.cn_c1@group.calendar.feishu.cn/events";
const EVENT: &str = "/open-apis/calendar/v4/calendars/feishu.cn_c1@group.calendar.feishu.cn/events/e1_0";

fn meeting(revision: u64, people: &[&str]) -> Meeting {
    let attendee = |id: &&str| Attendee { person: person(id), is_optional: false, answer: None };
    Meeting {
        head: head("m/1", revision),
        description: String::new(),
        location: "3F".into(),
        organizer: None,
        attendees: people.iter().map(attendee).collect(),
        start_ms: 1_800_000_000_000,
        end_ms: 1_800_003_600_000,
        zone: "Asia/Shanghai".into(),
        is_all_day: false,
        recurrence: None,
        last_ms: None,
        exceptions: Vec::new(),
        reminders_minutes: Vec::new(),
        is_canceled: false,
    }
}

fn invited(people: &[(&str, &str)]) -> Value {
    let one = |(id, answer): &(&str, &str)| json!({ "type": "user", "attendee_id": format!("at-{id}"), "user_id": id, "rsvp_status": answer });
    json!({ "items": people.iter().map(one).collect::<Vec<_>>(), "has_more": false, "attendees": [] })
}

/// A peer with a calendar, and a meeting of two in it.
async fn put() -> (std::sync::Arc<Peer>, Feishu) {
    let (peer, feishu) = Peer::start().await;
    let calendar =
        json!({ "calendars": [{ "calendar": { "calendar_id": "feishu.cn_c1@group.calendar.feishu.cn" } }] });
    peer.answers("/open-apis/calendar/v4/calendars/primary", vec![good(calendar)]);
    let event = json!({ "event_id": "e1_0", "summary": "Report", "location": { "name": "3F" } });
    peer.answers(EVENTS, vec![good(json!({ "event": event }))]);
    peer.answers(EVENT, vec![good(json!({ "event": {} }))]);
    peer.answers(&format!("{EVENT}/attendees"), vec![good(invited(&[]))]);
    peer.answers(&format!("{EVENT}/attendees/batch_delete"), vec![good(json!({}))]);
    feishu.put_meeting(&meeting(1, &["ou_a", "ou_b"]), None).await.expect("put");
    (peer, feishu)
}

#[tokio::test]
async fn a_meeting_is_made_once_and_people_are_invited_and_uninvited() {
    let (peer, feishu) = put().await;
    let again = feishu.put_meeting(&meeting(1, &["ou_a", "ou_b"]), None).await.expect("a repeat");
    assert_eq!(again.as_str(), "e1_0");
    let made = peer.asked(EVENTS);
    assert_eq!(made.len(), 1);
    assert!(made[0].query.contains("idempotency_key="), "{}", made[0].query);
    assert_eq!(
        body(&made[0])["start_time"],
        json!({ "timestamp": "1800000000", "timezone": "Asia/Shanghai" })
    );
    assert_eq!(body(&made[0]).get("attendees"), None, "people are invited by a request of their own");
    let posts = |path: &str| -> Vec<Value> {
        peer.asked(path).iter().filter(|asked| asked.method == "POST").map(body).collect()
    };
    let attendees = format!("{EVENT}/attendees");
    assert_eq!(posts(&attendees)[0]["attendees"].as_array().map(Vec::len), Some(2));
    peer.answers(&attendees, vec![good(invited(&[("ou_a", "needs_action"), ("ou_b", "accept")]))]);
    feishu.put_meeting(&meeting(2, &["ou_a", "ou_c"]), Some(&again)).await.expect("put");
    let removed = posts(&format!("{EVENT}/attendees/batch_delete"));
    assert_eq!(removed[0]["attendee_ids"], json!(["at-ou_b"]));
    assert_eq!(posts(&attendees)[1]["attendees"][0]["user_id"], "ou_c");
    let canceled = Meeting { is_canceled: true, ..meeting(3, &["ou_a"]) };
    peer.answers(EVENT, vec![bad(404, 193_003)]);
    feishu.put_meeting(&canceled, Some(&again)).await.expect("it is gone already");
}

#[tokio::test]
async fn answers_are_told_once_and_anew_when_they_change() {
    let (peer, feishu) = put().await;
    let (inbox, name) = (Basket::default(), name_of(&key("m/1")));
    let attendees = format!("{EVENT}/attendees");
    for (answer, told) in [
        ("needs_action", 0),
        ("accept", 1),
        ("accept", 1),
        ("decline", 2),
        ("needs_action", 2),
        ("decline", 3),
    ] {
        peer.answers(&attendees, vec![good(invited(&[("ou_a", answer), ("ou_b", "needs_action")]))]);
        answers::look_at(&feishu, &name, &inbox).await.expect("read");
        assert_eq!(acted(&inbox).len(), told, "{answer}");
    }
    let all = acted(&inbox);
    let actions: Vec<_> = all.iter().map(|(acted, _)| acted.action).collect();
    assert_eq!(actions, [Action::Accept, Action::Decline, Action::Decline]);
    assert!(all.iter().all(|(acted, _)| acted.by == person("ou_a") && acted.key == key("m/1")));
    assert_ne!(all[1].1, all[2].1);
}

const WEEK_MS: u64 = 7 * 24 * 3_600_000;

fn weekly(revision: u64, exceptions: Vec<Exception>) -> Meeting {
    let first = meeting(revision, &["ou_a", "ou_b"]);
    let last_ms = Some(first.start_ms + 3 * WEEK_MS);
    Meeting { recurrence: Some("FREQ=WEEKLY;COUNT=4".into()), last_ms, exceptions, ..first }
}

/// The second one is later.
fn later() -> Exception {
    let original_ms = 1_800_000_000_000 + WEEK_MS;
    let (start_ms, end_ms) = (original_ms + 3_600_000, original_ms + 7_200_000);
    let instead = Instead { start_ms, end_ms, title: None, location: None };
    Exception { original_ms, instead: Some(instead) }
}

#[tokio::test]
async fn an_instance_is_changed_once_by_its_own_id_and_answered_alone() {
    let (peer, feishu) = put().await;
    let (inbox, name) = (Basket::default(), name_of(&key("m/1")));
    let path = format!("{EVENTS}/e1_1800604800");
    peer.answers(&path, vec![good(json!({ "event": {} }))]);
    peer.answers(&format!("{path}/attendees"), vec![good(invited(&[("ou_a", "decline")]))]);
    for revision in [2, 3] {
        feishu.put_meeting(&weekly(revision, vec![later()]), None).await.expect("put");
    }
    let [patched] = peer.asked(&path).try_into().expect("one change");
    let start = json!({ "timestamp": "1800608400", "timezone": "Asia/Shanghai" });
    assert_eq!((patched.method.as_str(), &body(&patched)["start_time"]), ("PATCH", &start));
    assert_eq!(body(&patched).get("recurrence"), None, "an instance does not repeat");
    for _ in 0..2 {
        answers::look_at(&feishu, &name, &inbox).await.expect("read");
    }
    let told = acted(&inbox);
    let of: Vec<_> = told.iter().map(|(acted, _)| (acted.action, acted.instance_ms)).collect();
    assert_eq!(of, [(Action::Decline, Some(later().original_ms))]);
    // Without a way back it is another event: the old one goes with what was cut out of it.
    let moved = Meeting { start_ms: 1_800_003_600_000, end_ms: 1_800_007_200_000, ..weekly(4, Vec::new()) };
    feishu.put_meeting(&moved, None).await.expect("put");
    let deleted = |path: &str| peer.asked(path).iter().filter(|asked| asked.method == "DELETE").count();
    assert_eq!((deleted(EVENT), deleted(&path), peer.asked(EVENTS).len()), (1, 1, 2));
}

#[tokio::test]
async fn what_was_cut_out_of_a_series_goes_also_where_somebody_took_the_series_away() {
    let (peer, feishu) = put().await;
    let path = format!("{EVENTS}/e1_1800604800");
    peer.answers(&path, vec![good(json!({ "event": {} }))]);
    peer.answers(&format!("{path}/attendees"), vec![good(invited(&[]))]);
    feishu.put_meeting(&weekly(2, vec![later()]), None).await.expect("put");
    peer.answers(&format!("{EVENT}/attendees"), vec![bad(404, 193_003)]);
    answers::look_at(&feishu, &name_of(&key("m/1")), &Basket::default()).await.expect("it is gone");
    let canceled = Meeting { is_canceled: true, ..weekly(3, vec![later()]) };
    feishu.put_meeting(&canceled, None).await.expect("put");
    let deleted = |path: &str| peer.asked(path).iter().filter(|asked| asked.method == "DELETE").count();
    assert_eq!((deleted(EVENT), deleted(&path)), (0, 1));
}

#[tokio::test]
async fn a_series_without_such_a_day_is_made_anew_once_and_not_with_each_revision() {
    let (peer, feishu) = put().await;
    let none = json!({ "items": [], "has_more": false });
    peer.answers(&format!("{EVENT}/instances"), vec![good(none)]);
    let (midnight_ms, day_ms) = (1_799_942_400_000, 24 * 3_600_000);
    let original_ms = midnight_ms + WEEK_MS;
    let (start_ms, end_ms) = (original_ms + day_ms, original_ms + 2 * day_ms);
    let instead = Instead { start_ms, end_ms, title: None, location: None };
    for revision in [2, 3, 4] {
        let exception = Exception { original_ms, instead: Some(instead.clone()) };
        let days = Meeting {
            start_ms: midnight_ms,
            end_ms: midnight_ms + day_ms,
            is_all_day: true,
            ..weekly(revision, vec![exception])
        };
        feishu.put_meeting(&days, None).await.expect("put");
    }
    assert_eq!(peer.asked(EVENTS).len(), 2);
}

#[tokio::test]
async fn the_instance_of_a_whole_day_is_called_as_the_platform_says() {
    let (peer, feishu) = put().await;
    let item = |id: &str, date: &str| json!({ "event_id": id, "start_time": { "date": date }, "is_exception": false });
    let items =
        json!({ "items": [item("e1_7", "2027-01-21"), item("e1_8", "2027-01-22")], "has_more": false });
    peer.answers(&format!("{EVENT}/instances"), vec![good(items)]);
    peer.answers(&format!("{EVENTS}/e1_8"), vec![good(json!({}))]);
    let midnight_ms = 1_799_942_400_000;
    let gone = Exception { original_ms: midnight_ms + WEEK_MS, instead: None };
    let day_ms = 24 * 3_600_000;
    let days = Meeting {
        start_ms: midnight_ms,
        end_ms: midnight_ms + day_ms,
        is_all_day: true,
        ..weekly(2, vec![gone])
    };
    feishu.put_meeting(&days, None).await.expect("put");
    assert_eq!(peer.asked(&format!("{EVENTS}/e1_8"))[0].method, "DELETE");
}

#[tokio::test]
async fn who_is_gone_hides_nobody_elses_calendar() {
    let (peer, feishu) = Peer::start().await;
    let item = json!({ "start_time": "2026-11-05T09:00:00+08:00", "end_time": "2026-11-05T10:00:00+08:00", "rsvp_status": "accept" });
    let list = json!({ "freebusy_lists": [{ "user_id": "ou_a", "freebusy_items": [item] }] });
    peer.answers(
        "/open-apis/calendar/v4/freebusy/batch",
        vec![bad(400, 195_100), good(list), bad(400, 195_100)],
    );
    let people = [person("ou_a"), person("ou_b"), person("@ada:example.org")];
    let busy = feishu.busy(&people, 1_793_840_000_000, 1_793_900_000_000).await.expect("answered");
    let times: Vec<_> = busy.into_iter().map(|busy| busy.times).collect();
    assert_eq!(times, [Some(vec![(1_793_840_400_000, 1_793_844_000_000, false)]), None, None]);
}
