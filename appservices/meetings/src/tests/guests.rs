//! Guests from outside, whom a link lets into the room of a meeting.

use calendar::{Address, RecurrenceId, What, itip::Verdict};
use jiff::ToSpan as _;

use super::{
    HOUR, LISI, ZHANGSAN, card,
    doors::{changes, event_of},
    office, posted, says, team,
};
use crate::limits::MAIL_ANSWER_PAUSE_MS;
use kit::double::Stage;

const GUEST: &str = "wang@partner.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_by_mail_is_let_into_the_room_until_the_meeting_is_over() {
    let (mut stage, chat) = office().await;
    let room = team(&mut stage, &[LISI]).await;
    let home = stage.homeserver().clone();
    says(&mut stage, ZHANGSAN, &room, &format!("!meet 评审 @李四 {GUEST} 明天 10:00 1h")).await;
    // The stage begins on the 5th at 9 in China: the meeting ends 26 hours later.
    let began_ms = 1_793_840_400_000;
    let (name, until_ms, link) = home.visit_of(&room, GUEST).expect("the guest is asked in");
    assert_eq!((name.as_str(), until_ms), ("wang", began_ms + 26 * HOUR + crate::limits::GUESTS_STAY_MS));
    // Moved: the visit moves along, and the link is another one.
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 明天 15:00").await;
    let (_, moved_ms, another) = home.visit_of(&room, GUEST).expect("the guest is asked in");
    assert_eq!(moved_ms, until_ms + 5 * HOUR);
    assert_ne!(another, link);
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001").await;
    assert_eq!(home.visit_of(&room, GUEST), None);
    // A direct chat is no room for guests.
    says(&mut stage, ZHANGSAN, &chat, &format!("!meet 电话 {GUEST} 明天 10:00 1h")).await;
    assert_eq!(home.visit_of(&chat, GUEST), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_is_asked_no_more_leaves() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI]).await;
    says(&mut stage, ZHANGSAN, &room, &format!("!meet 评审 @李四 {GUEST} 明天 10:00 1h")).await;
    assert!(stage.homeserver().visit_of(&room, GUEST).is_some());
    says(&mut stage, ZHANGSAN, &room, &format!("!meet remove MT-20261105-0001 {GUEST}")).await;
    assert_eq!(stage.homeserver().visit_of(&room, GUEST), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_two_meetings_of_a_room_stays_while_one_of_them_takes_place() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI]).await;
    for line in ["评审 @李四 明天 10:00", "复盘 明天 14:00"] {
        says(&mut stage, ZHANGSAN, &room, &format!("!meet {line} 1h {GUEST}")).await;
    }
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001").await;
    assert!(stage.homeserver().visit_of(&room, GUEST).is_some());
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0002").await;
    assert_eq!(stage.homeserver().visit_of(&room, GUEST), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organiser_hears_of_a_guest_who_cannot_be_let_in() {
    let (mut stage, chat) = office().await;
    let room = team(&mut stage, &[LISI]).await;
    stage.homeserver().lets_no_visitors_in();
    says(&mut stage, ZHANGSAN, &room, &format!("!meet 评审 @李四 {GUEST} 明天 10:00 1h")).await;
    assert_eq!(stage.homeserver().visit_of(&room, GUEST), None);
    let told =
        |text: &String| text.starts_with(&format!("MT-20261105-0001：给 {GUEST} 的邀请邮件没有会议群的链接"));
    assert!(stage.said(&chat).iter().any(told), "{:?}", stage.said(&chat));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_by_mail_whose_other_time_is_not_taken_hears_so() {
    let (mut stage, chat) = office().await;
    says(&mut stage, ZHANGSAN, &chat, &format!("!meet 评审 {GUEST} 明天 10:00 1h")).await;
    assert_eq!(posted(&stage), [format!("REQUEST {GUEST} 评审")]);
    let mut proposal = event_of(&stage, ZHANGSAN).await;
    let uid = proposal.uid.clone();
    (proposal.start, proposal.end) = (proposal.start + 5.hours(), proposal.end + 5.hours());
    let verdict = Verdict::Countered { attendee: Address::email(GUEST), proposal, instance: None };
    changes(&mut stage, ZHANGSAN, What::Message { verdict, uid }).await;
    let question = card(&stage, &chat, &format!("{GUEST} 建议"));
    stage.reacts(ZHANGSAN, &chat, &question, "❌");
    stage.settle().await;
    assert_eq!(posted(&stage).last(), Some(&format!("DECLINECOUNTER {GUEST} 评审")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_by_mail_whose_other_time_for_one_instance_is_not_taken_hears_which() {
    let (mut stage, chat) = office().await;
    says(&mut stage, ZHANGSAN, &chat, &format!("!meet 周会 {GUEST} 周五 10:00 1h 每周 x4")).await;
    let series = event_of(&stage, ZHANGSAN).await;
    let second: RecurrenceId = "2026-11-13T10:00:00".parse().unwrap();
    let mut proposal = series.instance(second).event;
    (proposal.start, proposal.end) = (proposal.start + 5.hours(), proposal.end + 5.hours());
    let verdict = Verdict::Countered { attendee: Address::email(GUEST), proposal, instance: Some(second) };
    changes(&mut stage, ZHANGSAN, What::Message { verdict, uid: series.uid.clone() }).await;
    let question = card(&stage, &chat, &format!("{GUEST} 建议"));
    stage.reacts(ZHANGSAN, &chat, &question, "❌");
    stage.settle().await;
    let declined = format!("DECLINECOUNTER {GUEST} 周会 2026-11-13T10:00:00");
    assert_eq!(posted(&stage).last(), Some(&declined));

    // What is proposed for a time that is past nobody needs to decide; whoever goes on proposing it hears so once in a while.
    let mut proposal = series.instance(second).event;
    (proposal.start, proposal.end) = (proposal.start - 9.days(), proposal.end - 9.days());
    let verdict = Verdict::Countered { attendee: Address::email(GUEST), proposal, instance: Some(second) };
    let proposes = What::Message { verdict, uid: series.uid };
    changes(&mut stage, ZHANGSAN, proposes.clone()).await;
    assert_eq!(posted(&stage)[1..], [declined.clone(), declined.clone()]);
    changes(&mut stage, ZHANGSAN, proposes.clone()).await;
    assert_eq!(posted(&stage)[1..], [declined.clone(), declined.clone()]);
    stage.advance_ms(MAIL_ANSWER_PAUSE_MS);
    changes(&mut stage, ZHANGSAN, proposes).await;
    assert_eq!(posted(&stage)[1..], [declined.clone(), declined.clone(), declined]);
}

/// A mailbox asks for the newest version of a meeting.
async fn asks(stage: &mut Stage, mailbox: &str, uid: &str) {
    let verdict = Verdict::Refresh { attendee: Address::email(mailbox) };
    changes(stage, ZHANGSAN, What::Message { verdict, uid: uid.to_owned() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_by_mail_who_asks_how_a_meeting_stands_is_told_once_in_a_while_and_strangers_never() {
    let (mut stage, chat) = office().await;
    let request = format!("REQUEST {GUEST} 周会");
    says(&mut stage, ZHANGSAN, &chat, &format!("!meet 周会 {GUEST} 周五 10:00 1h 每周 x4")).await;
    let uid = event_of(&stage, ZHANGSAN).await.uid;
    for (mailbox, letters) in [(GUEST, 2), (GUEST, 2), ("stranger@partner.example", 2)] {
        asks(&mut stage, mailbox, &uid).await;
        assert_eq!(posted(&stage), vec![request.clone(); letters]);
    }
    asks(&mut stage, GUEST, "unknown@elsewhere").await;
    stage.advance_ms(MAIL_ANSWER_PAUSE_MS);
    asks(&mut stage, GUEST, &uid).await;
    assert_eq!(posted(&stage), vec![request.clone(); 3]);
    // A stranger who asks is nobody who wants to come.
    assert!(!stage.said(&chat).iter().any(|text| text.contains("stranger@")), "{:?}", stage.said(&chat));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_by_mail_who_is_asked_no_more_and_asks_hears_that_it_does_not_take_place() {
    let (mut stage, chat) = office().await;
    let cancel = format!("CANCEL {GUEST} 评审");
    says(&mut stage, ZHANGSAN, &chat, &format!("!meet 评审 @李四 {GUEST} 明天 10:00 1h")).await;
    let uid = event_of(&stage, ZHANGSAN).await.uid;
    says(&mut stage, ZHANGSAN, &chat, &format!("!meet remove MT-20261105-0001 {GUEST}")).await;
    asks(&mut stage, GUEST, &uid).await;
    assert_eq!(posted(&stage)[1..], [cancel.clone(), cancel.clone()]);
    // Asked again, the meeting stands; called off, it does not.
    says(&mut stage, ZHANGSAN, &chat, &format!("!meet add MT-20261105-0001 {GUEST}")).await;
    stage.advance_ms(MAIL_ANSWER_PAUSE_MS);
    asks(&mut stage, GUEST, &uid).await;
    assert_eq!(posted(&stage)[3..], [format!("REQUEST {GUEST} 评审"), format!("REQUEST {GUEST} 评审")]);
    says(&mut stage, ZHANGSAN, &chat, "!meet cancel MT-20261105-0001").await;
    stage.advance_ms(MAIL_ANSWER_PAUSE_MS);
    asks(&mut stage, GUEST, &uid).await;
    assert_eq!(posted(&stage)[5..], [cancel.clone(), cancel]);
}
