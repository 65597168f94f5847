//! Who may change what by sending a calendar.

use super::{alice, at, bob, hour, shanghai};
use crate::{
    Address, Attendee, Event, EventStatus, Partstat, Party, Role, Zone,
    ics::{Item, Method},
    itip::{Verdict, judge},
};

fn mail(text: &str) -> Address {
    Address::email(text)
}

fn attendee(address: Address, partstat: Partstat) -> Attendee {
    Attendee {
        address,
        name: String::new(),
        role: Role::Required,
        partstat,
        answered_sequence: 0,
        answered_ms: 0,
    }
}

/// A meeting of Eve's, to which Alice and Bob are asked, in version 2.
fn meeting() -> Event {
    let mut event = hour("m1", "2026-11-05T10:00:00", shanghai());
    event.organizer = Some(Party { address: mail("eve@partner.example"), name: "Eve".to_owned() });
    event.attendees = vec![attendee(alice(), Partstat::NeedsAction), attendee(bob(), Partstat::NeedsAction)];
    event.sequence = 2;
    event.stamp_ms = 1_000;
    event
}

fn changed(sequence: u32, stamp_ms: u64) -> Item {
    Event {
        sequence,
        stamp_ms,
        start: at("2026-11-05T14:00:00"),
        end: at("2026-11-05T15:00:00"),
        ..meeting()
    }
    .into()
}

#[test]
fn a_lower_sequence_is_old_and_of_an_equal_one_the_later_stamp_counts() {
    let kept = meeting();
    let eve = [mail("eve@partner.example")];
    for (sequence, stamp_ms, is_taken) in
        [(1, 9_999, false), (2, 999, false), (2, 1_000, false), (2, 1_001, true), (3, 1, true)]
    {
        let verdict = judge(Some(&kept), Some(Method::Request), &changed(sequence, stamp_ms), &eve);
        match verdict {
            Verdict::Store(event) => assert!(is_taken && event.sequence == sequence, "{sequence} {stamp_ms}"),
            Verdict::Stale => assert!(!is_taken, "{sequence} {stamp_ms}"),
            other => panic!("{sequence} {stamp_ms}: {other:?}"),
        }
    }
}

#[test]
fn nobody_but_the_organiser_asks_and_cancels() {
    let kept = meeting();
    for sender in [vec![bob()], vec![mail("mallory@partner.example")], Vec::new()] {
        for method in [Method::Request, Method::Cancel, Method::Publish, Method::Add, Method::DeclineCounter]
        {
            assert_eq!(judge(Some(&kept), Some(method), &changed(3, 2_000), &sender), Verdict::NotOrganizer);
        }
    }
    // Naming oneself as the organiser of somebody else's meeting does not help.
    let mallory = mail("mallory@partner.example");
    let mut forged = changed(3, 2_000);
    forged.event.organizer = Some(Party { address: mallory.clone(), name: String::new() });
    for method in [Method::Request, Method::Cancel] {
        assert_eq!(
            judge(Some(&kept), Some(method), &forged, std::slice::from_ref(&mallory)),
            Verdict::NotOrganizer
        );
    }
    // Of a meeting that is new here they are.
    assert!(matches!(judge(None, Some(Method::Request), &forged, &[mallory]), Verdict::Store(_)));
}

#[test]
fn the_organiser_cancels_all_or_one() {
    let kept = meeting();
    let eve = [mail("eve@partner.example")];
    let Verdict::Cancelled { event, instance: None } =
        judge(Some(&kept), Some(Method::Cancel), &changed(3, 2_000), &eve)
    else {
        panic!("all is cancelled")
    };
    assert_eq!(event.status, EventStatus::Cancelled);
    let id = at("2026-11-06T10:00:00");
    let one = Item { instance: Some(id), ..changed(3, 2_000) };
    let Verdict::Cancelled { event, instance } = judge(Some(&kept), Some(Method::Cancel), &one, &eve) else {
        panic!("one is cancelled")
    };
    assert_eq!((event.status, instance), (EventStatus::Confirmed, Some(id)));
    assert!(event.exdates.contains(&id));
    assert_eq!(judge(None, Some(Method::Cancel), &one, &eve), Verdict::Unknown);
}

#[test]
fn people_answer_for_themselves_alone() {
    let kept = meeting();
    let answer = |who: Address, sequence, stamp_ms| {
        let mut item = changed(sequence, stamp_ms);
        item.event.attendees = vec![attendee(who, Partstat::Accepted)];
        item
    };
    let judged = |item: &Item, sender: &[Address]| judge(Some(&kept), Some(Method::Reply), item, sender);
    let Verdict::Answered { event, attendee, partstat, instance: None } =
        judged(&answer(bob(), 2, 5_000), &[bob()])
    else {
        panic!("Bob answers")
    };
    assert_eq!((attendee, partstat), (bob(), Partstat::Accepted));
    assert_eq!(
        event.attendee(&bob()).map(|bob| (bob.partstat, bob.answered_ms)),
        Some((Partstat::Accepted, 5_000))
    );
    assert_eq!(event.sequence, kept.sequence);
    // For somebody else.
    assert_eq!(judged(&answer(alice(), 2, 5_000), &[bob()]), Verdict::NotAttendee);
    // To an older version.
    assert_eq!(judged(&answer(bob(), 1, 5_000), &[bob()]), Verdict::Stale);
    // By a verified other address of theirs.
    let other = mail("bob@corp.example");
    let by_alias = judged(&answer(other.clone(), 2, 5_000), &[other.clone(), bob()]);
    assert!(matches!(by_alias, Verdict::Answered { attendee, .. } if attendee == bob()));
    // Somebody to whom the invitation was passed on: the organiser is asked.
    assert!(matches!(judged(&answer(other.clone(), 2, 5_000), &[other]), Verdict::Stranger(_)));
    // To one instance.
    let id = at("2026-11-06T10:00:00");
    let one = Item { instance: Some(id), ..answer(bob(), 2, 5_000) };
    let Verdict::Answered { event, instance, .. } = judged(&one, &[bob()]) else {
        panic!("Bob answers once")
    };
    assert_eq!(instance, Some(id));
    assert_eq!(event.overrides[&id].answers[&bob()], Partstat::Accepted);
    assert_eq!(event.attendee(&bob()).map(|bob| bob.partstat), Some(Partstat::NeedsAction));
    // Twice the same, and an older one behind it.
    for stamp_ms in [5_000, 4_000] {
        let again = judge(Some(&event), Some(Method::Reply), &answer(bob(), 2, stamp_ms), &[bob()]);
        assert_eq!(again, Verdict::Stale);
    }
}

#[test]
fn who_asks_for_the_newest_version_is_told_apart_from_who_asks_for_somebody_else() {
    let kept = meeting();
    let asks = |who: Address, sender: &[Address]| {
        let mut item = changed(0, 0);
        item.event.attendees = vec![attendee(who, Partstat::NeedsAction)];
        judge(Some(&kept), Some(Method::Refresh), &item, sender)
    };
    assert_eq!(asks(bob(), &[bob()]), Verdict::Refresh { attendee: bob() });
    // By another address of theirs the one that was asked is meant.
    let other = mail("bob@corp.example");
    assert_eq!(asks(other.clone(), &[other, bob()]), Verdict::Refresh { attendee: bob() });
    // Whether somebody was asked before, only the keeper knows.
    let former = mail("former@partner.example");
    let verdict = asks(former.clone(), std::slice::from_ref(&former));
    assert_eq!(verdict, Verdict::Refresh { attendee: former.clone() });
    assert_eq!(asks(bob(), &[former]), Verdict::NotAttendee);
}

/// Bob declines one instance, which he names by a clock of his own; that it is this one.
fn declines_one(kept: &Event, id: &str, (zone, named, all_day): (Zone, &str, bool)) {
    let mut item = changed(2, 5_000);
    item.event.attendees = vec![attendee(bob(), Partstat::Declined)];
    (item.event.zone, item.event.all_day) = (zone, all_day);
    item.instance = Some(at(named));
    let verdict = judge(Some(kept), Some(Method::Reply), &item, &[bob()]);
    let Verdict::Answered { event, instance, .. } = verdict else { panic!("{named}: {verdict:?}") };
    let id = at(id);
    assert_eq!(instance, Some(id), "{named}");
    assert_eq!(event.overrides[&id].answers[&bob()], Partstat::Declined);
}

#[test]
fn an_instance_is_found_by_the_clock_of_whoever_names_it() {
    for named in [
        (Zone::utc(), "2026-11-06T02:00:00", false),
        (shanghai(), "2026-11-06T10:00:00", false),
        (shanghai(), "2026-11-06T00:00:00", true),
    ] {
        declines_one(&meeting(), "2026-11-06T10:00:00", named);
    }
}

#[test]
fn an_instance_of_days_is_found_by_its_day_at_whatever_time_it_is_named() {
    let mut kept = meeting();
    (kept.start, kept.end, kept.all_day) = (at("2026-11-05T00:00:00"), at("2026-11-06T00:00:00"), true);
    for named in [
        (shanghai(), "2026-11-06T00:00:00", true),
        (shanghai(), "2026-11-06T10:00:00", true),
        (shanghai(), "2026-11-06T10:00:00", false),
        // Midnight in China.
        (Zone::utc(), "2026-11-05T16:00:00", false),
    ] {
        declines_one(&kept, "2026-11-06T00:00:00", named);
    }
    // Whose day begins later by another clock means that day all the same.
    kept.zone = Zone::find("America/New_York").unwrap();
    declines_one(&kept, "2026-11-06T00:00:00", (Zone::utc(), "2026-11-06T00:00:00", false));
}

#[test]
fn a_proposal_changes_nothing_by_itself() {
    let kept = meeting();
    let mut item = changed(2, 5_000);
    item.event.attendees = vec![attendee(bob(), Partstat::Tentative)];
    let verdict = judge(Some(&kept), Some(Method::Counter), &item, &[bob()]);
    let Verdict::Countered { attendee, proposal, instance: None } = verdict else { panic!("{verdict:?}") };
    assert_eq!((attendee, proposal.start), (bob(), at("2026-11-05T14:00:00")));
    assert_eq!(judge(Some(&kept), None, &item, &[bob()]), Verdict::Malformed);
}
