//! The edge cases that have no test elsewhere, by their number.

use std::sync::Arc;

use jiff::civil::date;
use people::{Chart, Person};
use serde_json::json;
use workdays::WorkCalendar;

use super::{
    chart,
    law::{Play, no, step, users, yes},
    talk::{card, chat, last, office, reads},
};
use crate::{
    LOCALPART,
    act::Action,
    template::{Field, Form, Reader, Value, parse_value},
};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";

/// The organisation after somebody's roles were changed.
fn with_role(id: &str, role: &str) -> Chart {
    let before = chart();
    let people = before.people().map(|person| {
        let mut person = Person::clone(person);
        person.roles.remove(role);
        if person.id.0 == id {
            person.roles.insert(role.to_owned());
        }
        Arc::new(person)
    });
    Chart::new(319, people.collect::<Vec<_>>())
}

#[test]
fn edge_05_a_task_stays_and_a_later_node_asks_the_organisation_of_then() {
    let flow =
        json!([step("n1", "or", json!({"role": "cfo"})), step("n2", "or", json!({"role": "cashier"}))]);
    let mut play = Play::new(flow, json!({})).submitted();
    assert_eq!(play.asked(), ["3"]);
    play.chart = with_role("7", "cfo");
    assert_eq!(play.asked(), ["3"], "who was asked is asked");
    play.chart = with_role("8", "cashier");
    play.does("3", yes());
    assert_eq!(play.asked(), ["8"], "who is asked now is who has the role now");
    let versions: Vec<u64> = play.case.data.reasons.iter().map(|why| why.chart).collect();
    assert_eq!(versions, [318, 319], "and the case knows as of when");
}

#[test]
fn edge_06_of_yes_and_no_in_an_and_node_the_order_of_receipt_decides_the_records() {
    for (first, second) in [("2", "3"), ("3", "2")] {
        let mut play = Play::new(json!([step("n1", "and", users(&["2", "3"]))]), json!({})).submitted();
        let action = |who: &str| if who == "2" { yes() } else { no("不行") };
        play.does(first, action(first));
        match first {
            "2" => play.does("3", action("3")),
            // The rejection closed the node: the other one is told how it was decided.
            _ => assert_eq!(play.refused(second, action(second)), "E103"),
        }
        assert_eq!(play.state(), "rejected", "{first} then {second}");
    }
}

#[test]
fn edge_13_what_is_handed_in_is_not_edited_but_recalled() {
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    let form = Form::from([("amount".into(), Value::Number(1))]);
    assert_eq!(play.refused("1", Action::Fill(form.clone())), "E101");
    play.does("1", Action::Recall);
    assert_eq!(play.refused("1", Action::Fill(form)), "E103", "and what is recalled is over");
}

#[test]
fn edge_14_the_past_is_refused_unless_the_template_allows_it() {
    let chart = chart();
    let calendar = WorkCalendar::default();
    let reader = Reader { today: date(2026, 11, 5), chart: &chart, calendar: &calendar };
    for (allows, text, days) in [
        (false, "2026-11-02 2026-11-03", None),
        (true, "2026-11-02 2026-11-03", Some((2, 0))),
        (false, "2026-11-05 下午 2026-11-06", Some((1, 1))),
        (false, "11-06 下午 11-09 上午", Some((0, 2))),
        (false, "11-07 11-08", Some((0, 0))),
        (false, "11-06 pm 11-06 am", None),
        (false, "11-06 am am", None),
    ] {
        let field: Field =
            serde_json::from_value(json!({"id": "dates", "type": "date_range", "allow_past": allows}))
                .unwrap();
        let found = match parse_value(&field, text, reader) {
            Ok(Value::Range { days, halves, .. }) => Some((days, halves)),
            Ok(other) => panic!("{other:?}"),
            Err(_) => None,
        };
        assert_eq!(found, days, "{text} {allows}");
    }
}

#[tokio::test]
async fn edge_09_a_file_that_cannot_be_had_is_refused_and_the_draft_stays() {
    let (mut stage, room) = office().await;
    let start = stage.says(ZHANGSAN, &room, "!报销 12800 招待 x");
    stage.settle().await;
    let relates = json!({ "rel_type": "m.thread", "event_id": start });
    // (what is sent, why it is refused)
    for (url, bytes, cause) in [
        ("mxc://test/nothing", 3, "无法下载或未通过安全检查"),
        ("mxc://test/large", 60 * 1024 * 1024, "超过 50 MB"),
        ("https://evil.example/x", 3, "无法下载或未通过安全检查"),
    ] {
        let content = json!({
            "msgtype": "m.file", "body": "x.pdf", "url": url, "info": { "size": bytes }, "m.relates_to": relates,
        });
        stage.sends(ZHANGSAN, &room, "m.room.message", content);
        stage.settle().await;
        assert_eq!(last(&stage, &room), format!("附件 x.pdf 不可用：{cause}。草稿已保存。"));
    }
    stage.uploads(ZHANGSAN, &room, "invoice.pdf", b"pdf", Some(&start));
    stage.says_in_thread(ZHANGSAN, &room, &start, "提交");
    stage.settle().await;
    card(&stage, &room, "[待审批] AP-20261105-0001 报销");
}

#[tokio::test]
async fn edge_11_what_was_tapped_while_the_bot_was_down_counts_when_it_starts() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    let own = card(&stage, &room, "[待审批]");
    assert_eq!((stage.offers(&desk, &mine).len(), stage.offers(&room, &own).len()), (3, 2));
    stage.stop().await;
    stage.reacts(LISI, &desk, &mine, "✅");
    stage.advance_ms(5 * 3_600_000);
    stage.start().await;
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[已通过]"));
    for (place, card) in [(&desk, &mine), (&room, &own)] {
        assert!(stage.offers(place, card).is_empty(), "nothing can be done with what is decided");
    }
}

#[tokio::test]
async fn edge_15_who_left_the_room_of_a_card_gets_another_card_for_the_same_case() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    card(&stage, &desk, "[待审批]");
    stage.settle().await;
    stage.leaves(LISI, &desk);
    stage.settle().await;
    let again = stage.direct(LOCALPART, LISI).unwrap();
    assert_ne!(again, desk);
    stage.joins(LISI, &again);
    let mine = card(&stage, &again, "[待审批] AP-20261105-0001");
    stage.reacts(LISI, &again, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &again, &mine).starts_with("[已通过]"), "{}", reads(&stage, &again, &mine));
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[已通过]"));
}

#[tokio::test]
async fn a_chat_that_was_replaced_shows_what_is_under_way_in_its_successor() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let old = card(&stage, &desk, "[待审批]");
    let mut own = String::new();
    for (person, chat) in [(LISI, &desk), (ZHANGSAN, &room)] {
        let new = stage.room_with(person, LOCALPART, false);
        let end = json!({ "body": "moved", "replacement_room": new });
        stage.sets_state(person, chat, "m.room.tombstone", "", end);
        // What is said to somebody waits until the bot has followed them.
        stage.settle().await;
        stage.settle().await;
        card(&stage, &new, "[待审批] AP-20261105-0001");
        own = new;
    }
    stage.reacts(LISI, &desk, &old, "✅");
    stage.settle().await;
    let mine = card(&stage, &own, "[待审批] AP-20261105-0001");
    assert!(reads(&stage, &own, &mine).starts_with("[已通过]"), "a tap on the old card counts as well");
}
