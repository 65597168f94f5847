//! Guests who are on another platform alone.

use people::Chart;
use ruma::{server_name, user_id};
use serde_json::{Value, json};

use super::{
    DAY, LISI, ZHANGSAN, card, chat,
    elsewhere::{BRIDGE, booked, press, says_bridge, told},
    office_beside,
    polls::{poll, votes},
    reads, says,
};
use crate::{LOCALPART, beyond::is_elsewhere_alone, limits::ELSEWHERE_MS};

const GHOST: &str = "@dt_1:test";

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_on_another_platform_alone_is_asked_there_and_answers_there() {
    let (mut stage, room, elsewhere) = booked("!meet 评审 @李四 @dt_1:test 明天 10:00 30m").await;
    let entry = told(&stage, &elsewhere, "entry").pop().unwrap();
    let asked: Vec<&str> = entry["attendees"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|attendee| attendee["account"].as_str())
        .collect();
    assert_eq!(asked, [LISI, GHOST]);
    let own = card(&stage, &room, "[已预定]");

    // In the calendar of their platform.
    says_bridge(&mut stage, BRIDGE, &elsewhere, "pressed", press(&entry, "accept", GHOST)).await;
    assert!(reads(&stage, &room, &own).contains("dt_1✅"), "{}", reads(&stage, &room, &own));

    // On a card, where their platform has no calendar.
    let cards = told(&stage, &elsewhere, "card");
    let first = &cards[0];
    assert_eq!((&first["for"], &first["instead_of"]), (&json!(GHOST), &json!("meeting")));
    let title = first["title"].as_str().unwrap();
    assert!(title.starts_with("[已预定] MT-20261105-0001 评审"), "{title}");
    assert!(!first["body"].as_str().unwrap().contains("🔁"), "{first}");
    let offered: Vec<&Value> =
        first["buttons"].as_array().unwrap().iter().map(|button| &button["action"]).collect();
    assert_eq!(offered, ["accept", "tentative", "decline"]);
    says_bridge(&mut stage, BRIDGE, &elsewhere, "pressed", press(first, "decline", GHOST)).await;
    assert!(reads(&stage, &room, &own).contains("dt_1❌"), "{}", reads(&stage, &room, &own));

    // What is over takes no answer, and who is asked no more reads so there.
    says(&mut stage, ZHANGSAN, &room, "!meet remove MT-20261105-0001 @dt_1:test").await;
    let last = told(&stage, &elsewhere, "card").pop().unwrap();
    assert!(last["title"].as_str().unwrap().starts_with("[不再邀请] MT-20261105-0001"), "{last}");
    assert_eq!((&last["key"], &last["buttons"]), (&first["key"], &json!([])));
    stage.advance_ms(DAY);
    stage.settle().await;
    assert_eq!(stage.direct(LOCALPART, GHOST), None, "nobody reads a chat with them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_does_not_wait_for_who_cannot_see_it() {
    let (mut stage, room) = office_beside(Some(BRIDGE)).await;
    says(&mut stage, ZHANGSAN, &room, "!meet find 评审 @李四 @dt_1:test 60m 下周").await;
    // Nobody says when they are busy there.
    stage.advance_ms(ELSEWHERE_MS);
    stage.settle().await;
    for (person, chat) in [(LISI, chat(&stage, LISI)), (ZHANGSAN, room.clone())] {
        let asked = poll(&stage, &chat);
        votes(&stage, person, &chat, &asked, &["1"]);
    }
    stage.settle().await;
    assert!(!card(&stage, &room, "MT-20261105-0001 投票结果").is_empty());
    assert_eq!(stage.direct(LOCALPART, GHOST), None);
}

#[test]
fn a_name_says_that_somebody_is_elsewhere_alone_on_this_server_only() {
    let chart = Chart::new(1, []);
    for (account, is_alone) in [
        (user_id!("@fs_x:test"), true),
        (user_id!("@wc_x:test"), true),
        (user_id!("@lisi:test"), false),
        (user_id!("@fs_x:other.example"), false),
    ] {
        assert_eq!(is_elsewhere_alone(account, server_name!("test"), &chart), is_alone, "{account}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_another_server_whose_name_is_like_that_is_asked_here() {
    let (stage, _, elsewhere) = booked("!meet 评审 @李四 @fs_x:partner 明天 10:00 30m").await;
    assert_eq!(told(&stage, &elsewhere, "card"), Vec::<Value>::new());
    let desk = chat(&stage, "@fs_x:partner");
    assert!(!card(&stage, &desk, "[已预定] MT-20261105-0001").is_empty());
}
