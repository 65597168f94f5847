//! When people are busy, who may know, and when they could meet.

use store::Batch;

use super::{NOW_MS, alice, alice_id, at, bob, calendars, hour, put, shanghai};
use crate::{
    Address, Attendee, Busy, BusyKind, Event, EventStatus, FreeBusy as _, Partstat, Role, Schedule, Span,
    Tier, Transparency,
    limits::GRANTS_OF_PERSON_MAX,
    slots::{self, SlotSearch},
};

const HOUR_MS: u64 = 3_600_000;
const DAY: Span = Span { from_ms: NOW_MS - 2 * HOUR_MS, until_ms: NOW_MS + 22 * HOUR_MS };

fn asked(partstat: Partstat) -> Attendee {
    Attendee {
        address: bob(),
        name: String::new(),
        role: Role::Required,
        partstat,
        answered_sequence: 0,
        answered_ms: 0,
    }
}

#[tokio::test]
async fn what_takes_time_depends_on_the_event_and_on_the_answer() {
    type Change = fn(&mut Event);
    let (calendars, _) = calendars().await;
    let changes: [(&str, Change); 8] = [
        ("08", |_| {}),
        ("09", |event| event.status = EventStatus::Tentative),
        ("10", |event| event.out_of_office = true),
        ("11", |event| event.transparency = Transparency::Transparent),
        ("12", |event| event.status = EventStatus::Cancelled),
        ("13", |event| event.attendees = vec![asked(Partstat::NeedsAction)]),
        ("14", |event| event.attendees = vec![asked(Partstat::Declined)]),
        ("15", |event| event.attendees = vec![asked(Partstat::Accepted)]),
    ];
    for (start, change) in changes {
        let mut event = hour(start, &format!("2026-11-05T{start}:00:00"), shanghai());
        change(&mut event);
        put(&calendars, &bob(), &event).await;
    }
    let found = calendars.schedules(&alice_id(), &[bob()], DAY).await.unwrap();
    let found: Vec<_> =
        found[0].intervals.iter().map(|busy| (shanghai().local(busy.from_ms).hour(), busy.kind)).collect();
    assert_eq!(
        found,
        [
            (8, BusyKind::Busy),
            (9, BusyKind::Tentative),
            (10, BusyKind::OutOfOffice),
            (13, BusyKind::Tentative),
            (15, BusyKind::Busy)
        ]
    );
}

#[tokio::test]
async fn colleagues_see_when_and_not_what_and_strangers_nothing() {
    let (calendars, _) = calendars().await;
    put(&calendars, &bob(), &hour("secret", "2026-11-05T10:00:00", shanghai())).await;
    let bob_id = bob().account().unwrap().clone();
    for (asker, known, titles) in [
        (alice_id(), true, vec![None]),
        (bob_id, true, vec![Some("Title of secret".to_owned())]),
        (ruma::UserId::parse("@eve:partner.example").unwrap(), false, vec![]),
    ] {
        let found = calendars.schedules(&asker, &[bob()], DAY).await.unwrap();
        assert_eq!(found[0].known, known, "{asker}");
        let found: Vec<_> = found[0].intervals.iter().map(|busy| busy.title.clone()).collect();
        assert_eq!(found, titles, "{asker}");
    }
    // Those of whom nothing can be known are unknown and not free.
    let people = [Address::email("eve@partner.example"), Address::Dingtalk("d1".to_owned())];
    for schedule in calendars.schedules(&alice_id(), &people, DAY).await.unwrap() {
        assert!(!schedule.known && !schedule.is_free(DAY));
    }
    assert!(
        calendars.schedules(&alice_id(), &[bob()], Span { from_ms: 0, until_ms: u64::MAX }).await.is_err()
    );
}

#[tokio::test]
async fn what_the_owner_grants_goes_before_what_holds_for_everybody() {
    let (calendars, _) = calendars().await;
    put(&calendars, &bob(), &hour("secret", "2026-11-05T10:00:00", shanghai())).await;
    let eve = ruma::UserId::parse("@eve:partner.example").unwrap();
    let mallory = ruma::UserId::parse("@mallory:partner.example").unwrap();
    let title = Some("Title of secret".to_owned());
    let steps = [
        ("partner.example", Some(Tier::Busy), [Some(None), Some(None), Some(None)]),
        ("@alice:corp.example", Some(Tier::Titles), [Some(title.clone()), Some(None), Some(None)]),
        ("@mallory:partner.example", Some(Tier::Nothing), [Some(title), Some(None), None]),
        ("@alice:corp.example", Some(Tier::Nothing), [None, Some(None), None]),
        ("@alice:corp.example", None, [Some(None), Some(None), None]),
        ("partner.example", None, [Some(None), None, None]),
    ];
    for (to, tier, expected) in steps {
        let mut batch = Batch::new();
        calendars.grant(&mut batch, &bob(), to, tier).await.unwrap();
        calendars.store().commit(batch).await.unwrap();
        for (asker, expected) in [&alice_id(), &eve, &mallory].into_iter().zip(expected) {
            let found = calendars.schedules(asker, &[bob()], DAY).await.unwrap();
            assert_eq!(found[0].known, expected.is_some(), "{to} {asker}");
            let shown = found[0].intervals.first().map(|busy| busy.title.clone());
            assert_eq!(shown, expected, "{to} {asker}");
        }
    }
    // What one person grants says nothing of another.
    assert_eq!(calendars.grants(&bob()).await.unwrap(), [(mallory.to_string(), Tier::Nothing)]);
    assert!(calendars.grants(&alice()).await.unwrap().is_empty());
    let mut batch = Batch::new();
    for number in 0..GRANTS_OF_PERSON_MAX {
        calendars.grant(&mut batch, &alice(), &format!("s{number}.example"), Some(Tier::Busy)).await.unwrap();
    }
    calendars.store().commit(batch).await.unwrap();
    let mut batch = Batch::new();
    assert!(calendars.grant(&mut batch, &alice(), "more.example", Some(Tier::Busy)).await.is_err());
    calendars.grant(&mut batch, &alice(), "s1.example", Some(Tier::Titles)).await.unwrap();
}

#[tokio::test]
async fn an_event_is_found_by_its_last_instance_and_moves_with_it() {
    let (calendars, _) = calendars().await;
    let mut event = hour("m1", "2026-11-05T10:00:00", shanghai());
    event.rrule = Some(crate::Recurrence::parse("FREQ=WEEKLY;COUNT=10", &shanghai()).unwrap());
    put(&calendars, &alice(), &event).await;
    let in_december = Span { from_ms: NOW_MS + 35 * 24 * HOUR_MS, until_ms: NOW_MS + 36 * 24 * HOUR_MS };
    assert_eq!(calendars.events(&alice(), in_december).await.unwrap(), [event.clone()]);
    event.rrule = None;
    put(&calendars, &alice(), &event).await;
    assert!(calendars.events(&alice(), in_december).await.unwrap().is_empty());
    assert_eq!(calendars.event(&alice(), "m1").await.unwrap(), Some(event));
    let mut batch = Batch::new();
    calendars.remove(&mut batch, &alice(), "m1").await.unwrap();
    calendars.store().commit(batch).await.unwrap();
    assert_eq!(calendars.event(&alice(), "m1").await.unwrap(), None);
    assert!(calendars.events(&alice(), DAY).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_writers_of_one_event_do_not_overwrite_each_other() {
    let (calendars, _) = calendars().await;
    let event = hour("m1", "2026-11-05T10:00:00", shanghai());
    let (mut first, mut second) = (Batch::new(), Batch::new());
    calendars.put(&mut first, &alice(), &event).await.unwrap();
    calendars.put(&mut second, &alice(), &event).await.unwrap();
    calendars.store().commit(first).await.unwrap();
    assert!(calendars.store().try_commit(second).await.unwrap().is_none());
}

fn schedule(busy: &[(u64, u64)]) -> Schedule {
    let intervals = busy.iter().map(|(from, until)| Busy {
        from_ms: NOW_MS + from * 60_000,
        until_ms: NOW_MS + until * 60_000,
        kind: BusyKind::Busy,
        title: None,
    });
    Schedule { who: bob(), known: true, intervals: intervals.collect() }
}

#[test]
fn slots_are_early_free_for_all_and_apart() {
    let open = [Span { from_ms: NOW_MS, until_ms: NOW_MS + 8 * HOUR_MS }];
    let found = |length_minutes: u64, required: &[Schedule], optional: &[Schedule]| -> Vec<(u64, usize)> {
        let search = SlotSearch { length_ms: length_minutes * 60_000, open: &open, required, optional };
        slots::search(&search)
            .iter()
            .map(|slot| ((slot.start_ms - NOW_MS) / 60_000, slot.optional_free))
            .collect()
    };
    // Never two in a row: after a slot of an hour the next begins a quarter later at the earliest.
    assert_eq!(found(60, &[schedule(&[])], &[]), [(0, 0), (75, 0), (150, 0), (225, 0), (300, 0)]);
    assert_eq!(found(60, &[schedule(&[(0, 100)]), schedule(&[(170, 480)])], &[]), [(105, 0)]);
    // Of one stretch the place that suits most.
    assert_eq!(found(60, &[schedule(&[(120, 480)])], &[schedule(&[(0, 30)])]), [(30, 1)]);
    // Longer than any stretch, and nobody there.
    assert!(found(600, &[schedule(&[])], &[]).is_empty());
    assert!(found(0, &[schedule(&[])], &[]).is_empty());
    // Whose time is unknown is not waited for, and named.
    let unknown = [Schedule::unknown(bob())];
    assert_eq!(found(480, &unknown, &unknown), [(0, 0)]);
    assert_eq!(slots::unknown(&unknown).collect::<Vec<_>>(), [&bob()]);
}

#[test]
fn a_slot_lies_within_working_time_on_the_quarter() {
    let open = [
        Span { from_ms: NOW_MS + 7 * 60_000, until_ms: NOW_MS + 50 * 60_000 },
        Span { from_ms: NOW_MS + 120 * 60_000, until_ms: NOW_MS + 150 * 60_000 },
    ];
    let search = SlotSearch { length_ms: 30 * 60_000, open: &open, required: &[], optional: &[] };
    let starts: Vec<_> =
        slots::search(&search).iter().map(|slot| (slot.start_ms - NOW_MS) / 60_000).collect();
    assert_eq!(starts, [15, 120]);
    assert_eq!(at("2026-11-05T10:00:00"), shanghai().local(NOW_MS));
}
