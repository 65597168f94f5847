//! What calendar programs and mails change.

use calendar::{Address, Change, Event, Partstat, Party, Role, Scheduling, What, Zone, itip::Verdict};
use jiff::civil::date;
use ruma::OwnedUserId;
use store::Batch;

use super::{LISI, ZHANGSAN, calendars_of, card, chat, last, meetings, office, reads, says};
use kit::double::Stage;

fn user(id: &str) -> OwnedUserId {
    OwnedUserId::try_from(id).unwrap()
}

/// Somebody changes something by their calendar program, or by mail.
pub(super) async fn changes(stage: &mut Stage, by: &str, what: What) {
    let mut batch = Batch::new();
    let change = Change { user: user(by), what };
    meetings(stage.kit()).changed(&change, &mut batch).await.unwrap();
    stage.kit().store().commit(batch).await.unwrap();
    stage.settle().await;
}

/// The newest event in the calendar of somebody.
pub(super) async fn event_of(stage: &Stage, owner: &str) -> Event {
    let within = calendar::Span { from_ms: 0, until_ms: u64::MAX / 4 };
    let owner = Address::Matrix(user(owner));
    calendars_of(stage.kit()).events(&owner, within).await.unwrap().pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_answers_and_an_organiser_moves_by_their_calendar_programs() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00 1h").await;
    let own = card(&stage, &room, "[已预定]");
    let before = event_of(&stage, LISI).await;
    let mut after = before.clone();
    for attendee in after.attendees.iter_mut().filter(|one| one.address == Address::Matrix(user(LISI))) {
        attendee.partstat = Partstat::Tentative;
    }
    changes(&mut stage, LISI, What::Put { before: Some(before.clone()), after }).await;
    assert!(reads(&stage, &room, &own).contains("李四❔"));
    let mut moved = event_of(&stage, ZHANGSAN).await;
    (moved.start, moved.end) = (date(2026, 11, 6).at(16, 0, 0, 0), date(2026, 11, 6).at(17, 0, 0, 0));
    changes(&mut stage, ZHANGSAN, What::Put { before: Some(before), after: moved }).await;
    let text = reads(&stage, &room, &own);
    assert!(text.contains("11-06 周五 16:00–17:00") && text.contains("李四⏳"), "{text}");
    assert_eq!(event_of(&stage, LISI).await.sequence, 1);
    let removed = event_of(&stage, LISI).await;
    changes(&mut stage, LISI, What::Removed { before: removed.clone() }).await;
    assert!(reads(&stage, &room, &own).contains("李四❌"));
    changes(&mut stage, ZHANGSAN, What::Removed { before: removed }).await;
    assert!(reads(&stage, &room, &own).starts_with("[已取消]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_that_a_calendar_program_made_invites_its_guests() {
    let (mut stage, room) = office().await;
    let zone = Zone::find("Asia/Shanghai").unwrap();
    let (start, end) = (date(2026, 11, 9).at(10, 0, 0, 0), date(2026, 11, 9).at(11, 0, 0, 0));
    let mut event = Event::new("made@elsewhere", "评审", start, end, zone);
    event.organizer = Some(Party { address: user(ZHANGSAN).into(), name: String::new() });
    event.attendees = [ZHANGSAN, LISI]
        .map(|id| crate::meeting::asked(user(id).into(), String::new(), Role::Required))
        .to_vec();
    changes(&mut stage, ZHANGSAN, What::Put { before: None, after: event.clone() }).await;
    let desk = chat(&stage, LISI);
    let invitation = card(&stage, &desk, "[已预定] MT-20261105-0001 评审 · 张三 · 11-09 周一 10:00–11:00");
    stage.reacts(LISI, &desk, &invitation, "✅");
    stage.settle().await;
    assert!(!stage.said(&room).is_empty(), "the organiser's card stands in their direct chat");
    changes(&mut stage, ZHANGSAN, What::Put { before: None, after: event }).await;
    assert_eq!(stage.said(&desk).iter().filter(|text| text.starts_with("[已预定]")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_invitation_is_told_and_ignored() {
    let (mut stage, room) = office().await;
    let what = What::Message { verdict: Verdict::NotOrganizer, uid: "x@elsewhere".to_owned() };
    changes(&mut stage, ZHANGSAN, what.clone()).await;
    let told = "这份日历邀请不是组织者发出的，已忽略。";
    assert_eq!(last(&stage, &room), told);
    let times = |stage: &Stage| stage.said(&room).iter().filter(|text| *text == told).count();
    changes(&mut stage, ZHANGSAN, what.clone()).await;
    assert_eq!(times(&stage), 1, "a stranger does not have the bot talk for ever");
    stage.advance_ms(24 * 60 * 60 * 1_000);
    changes(&mut stage, ZHANGSAN, what).await;
    assert_eq!(times(&stage), 2);
}
