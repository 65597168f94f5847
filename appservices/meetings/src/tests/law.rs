//! What may be done with a meeting, in tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::{Address, Event, Partstat, Party, Recurrence, Role, Zone};
use cases::{Case, Refusal, Via};
use jiff::civil::{DateTime, date};
use people::{Chart, DepartmentPath, Person};
use ruma::{OwnedUserId, server_name};

use crate::{
    act::{Action, Alarm, decide},
    desk::{Actor, Booking, Effect, World},
    line::Scope,
    meeting::{Home, Meeting, asked, state},
};

/// 2026-11-05 09:00 in China.
const NOW: u64 = 1_793_840_400_000;

fn user(name: &str) -> OwnedUserId {
    OwnedUserId::try_from(format!("@{name}:test")).unwrap()
}

fn chart() -> Chart {
    let person = |id: &str, name: &str| {
        let mut person = Person::new(id, name, DepartmentPath::parse("总部").unwrap());
        person.account = Some(user(name));
        person.email = format!("{name}@example.org");
        Arc::new(person)
    };
    Chart::new(1, [person("1", "zhang"), person("2", "li"), person("3", "wang")])
}

fn actor(name: &str) -> Actor {
    Actor { address: Some(user(name).into()), via: Via::Matrix, source: None }
}

fn at(day: i8, hour: i8) -> DateTime {
    date(2026, 11, day).at(hour, 0, 0, 0)
}

fn meeting(rule: Option<&str>) -> Case<Meeting> {
    let zone = Zone::find("Asia/Shanghai").unwrap();
    let mut event = Event::new("u@test", "周会", at(6, 10), at(6, 11), zone.clone());
    event.organizer = Some(Party { address: user("zhang").into(), name: String::new() });
    event.attendees = vec![
        asked(user("zhang").into(), String::new(), Role::Chair),
        asked(user("li").into(), String::new(), Role::Required),
        asked(Address::email("wang@example.org"), String::new(), Role::Optional),
        asked(Address::Resource("R".to_owned()), String::new(), Role::Required),
    ];
    event.rrule = rule.map(|rule| Recurrence::parse(rule, &zone).unwrap().with_end(at(6, 10)));
    event.reminders = vec![15, 1];
    let home = Home { room: None, event: None, is_direct: true };
    Case {
        id: "01J".to_owned(),
        no: "MT-1".to_owned(),
        kind: "meeting".to_owned(),
        state: state::FINDING.to_owned(),
        seq: 0,
        rev: 0,
        head: String::new(),
        created_ms: NOW,
        lists: BTreeSet::new(),
        data: Meeting::new(event, home, None),
    }
}

struct Play {
    case: Case<Meeting>,
    bookings: Vec<Booking>,
    now: u64,
    effects: Vec<Effect>,
}

impl Play {
    fn new(rule: Option<&str>) -> Self {
        Self { case: meeting(rule), bookings: Vec::new(), now: NOW, effects: Vec::new() }
    }

    fn booked(rule: Option<&str>) -> Self {
        let mut play = Self::new(rule);
        play.does("zhang", Action::Book).unwrap();
        play
    }

    fn acts(&mut self, by: &Actor, action: &Action) -> Result<(), Refusal> {
        let chart = chart();
        let world = World {
            chart: &chart,
            server_name: server_name!("test"),
            bookings: &self.bookings,
            at_ms: self.now,
        };
        let decision = decide(&self.case, action, by, world)?;
        self.case = decision.case;
        self.effects = decision.effects;
        Ok(())
    }

    fn does(&mut self, by: &str, action: Action) -> Result<(), Refusal> {
        self.acts(&actor(by), &action)
    }

    fn rings(&mut self, alarm: Alarm) {
        self.acts(&Actor::nobody(), &Action::Alarm { alarm, is_late: false }).unwrap();
    }

    fn answer(&self, address: &Address) -> Partstat {
        self.case.data.event.attendee(address).unwrap().partstat
    }
}

fn accepts() -> Action {
    Action::Answer { partstat: Partstat::Accepted, instance: None, stamp: None }
}

fn code(result: Result<(), Refusal>) -> &'static str {
    result.err().map_or("", |refusal| refusal.code)
}

#[test]
fn the_sequence_rises_with_time_place_rule_and_cancellation_only() {
    let mut play = Play::booked(Some("FREQ=WEEKLY"));
    assert_eq!(play.case.data.event.sequence, 0);
    play.does("li", accepts()).unwrap();
    play.does(
        "zhang",
        Action::Add(vec![asked(Address::email("new@example.org"), String::new(), Role::Required)]),
    )
    .unwrap();
    assert_eq!(play.case.data.event.sequence, 0, "attendees alone keep it");
    let moves = |scope| Action::Move { scope, start: at(6, 14), length_minutes: None };
    play.does("zhang", moves(Scope::This)).unwrap();
    assert_eq!(play.case.data.event.sequence, 1);
    play.does("zhang", Action::Cancel { scope: Scope::This }).unwrap();
    assert_eq!(play.case.data.event.sequence, 2);
    play.does("zhang", Action::Cancel { scope: Scope::All }).unwrap();
    assert_eq!((play.case.data.event.sequence, play.case.state.as_str()), (3, state::CANCELLED));
}

#[test]
fn an_answer_counts_for_its_own_person_and_the_newest_wins() {
    let mut play = Play::booked(None);
    play.does("wang", accepts()).unwrap();
    assert_eq!(
        play.answer(&Address::email("wang@example.org")),
        Partstat::Accepted,
        "by the account of a mailbox"
    );
    let old = Action::Answer { partstat: Partstat::Declined, instance: None, stamp: Some((NOW - 1, 0)) };
    play.does("wang", old).unwrap();
    assert_eq!(
        play.answer(&Address::email("wang@example.org")),
        Partstat::Accepted,
        "an older one says nothing"
    );
    play.does("zhang", Action::Answer { partstat: Partstat::Declined, instance: None, stamp: None }).unwrap();
    assert_eq!(play.answer(&user("zhang").into()), Partstat::Accepted, "the organiser comes");
    play.does("other", accepts()).unwrap();
    assert!(play.case.data.event.attendee(&user("other").into()).is_none());
    assert_eq!(play.case.data.strangers.len(), 1);
    assert_eq!(code(play.does("li", Action::Admit { who: user("other").into(), is_welcome: true })), "E101");
    play.does("zhang", Action::Admit { who: user("other").into(), is_welcome: true }).unwrap();
    assert_eq!(play.answer(&user("other").into()), Partstat::Accepted);
}

#[test]
fn nobody_is_let_in_where_no_more_can_be_asked() {
    let mut play = Play::booked(None);
    play.does("other", accepts()).unwrap();
    let mailbox =
        |n: usize| asked(Address::email(&format!("a{n}@example.org")), String::new(), Role::Required);
    let asked_already = play.case.data.event.attendees.len();
    play.does("zhang", Action::Add((asked_already..500).map(mailbox).collect())).unwrap();
    let admits = |is_welcome| Action::Admit { who: user("other").into(), is_welcome };
    assert_eq!(code(play.does("zhang", admits(true))), "E110");
    assert_eq!(play.case.data.strangers.len(), 1, "they wait on");
    play.does("zhang", Action::Remove(vec![Address::email("a499@example.org")])).unwrap();
    play.does("zhang", admits(true)).unwrap();
    assert_eq!(play.answer(&user("other").into()), Partstat::Accepted);
}

#[test]
fn a_moved_meeting_asks_everybody_anew() {
    let mut play = Play::booked(None);
    play.does("li", accepts()).unwrap();
    assert_eq!(
        code(play.does("li", Action::Move { scope: Scope::All, start: at(7, 10), length_minutes: None })),
        "E101"
    );
    play.does("zhang", Action::Move { scope: Scope::All, start: at(7, 10), length_minutes: Some(30) })
        .unwrap();
    let event = &play.case.data.event;
    assert_eq!((event.start, event.end), (at(7, 10), date(2026, 11, 7).at(10, 30, 0, 0)));
    assert_eq!(play.answer(&user("li").into()), Partstat::NeedsAction);
    let past = Action::Move { scope: Scope::All, start: at(4, 10), length_minutes: None };
    assert_eq!(code(play.does("zhang", past)), "E110");
}

#[test]
fn an_instance_keeps_its_own_time_unless_all_of_the_series_moves() {
    let mut play = Play::booked(Some("FREQ=WEEKLY;COUNT=6"));
    play.does("zhang", Action::Move { scope: Scope::This, start: at(6, 15), length_minutes: None }).unwrap();
    assert_eq!(play.case.data.event.overrides[&at(6, 10)].start, Some(at(6, 15)));
    play.now += 2 * 24 * 60 * 60 * 1_000;
    play.rings(Alarm::End);
    play.does("zhang", Action::Move { scope: Scope::This, start: at(14, 9), length_minutes: None }).unwrap();
    play.does("zhang", Action::Move { scope: Scope::All, start: at(13, 16), length_minutes: None }).unwrap();
    assert!(play.case.data.event.overrides.is_empty());
    assert_eq!(play.case.data.round.as_ref().unwrap().start, at(13, 16));
}

#[test]
fn a_split_series_counts_what_was_held() {
    let mut play = Play::booked(Some("FREQ=WEEKLY;COUNT=6"));
    play.now += 2 * 24 * 60 * 60 * 1_000;
    play.rings(Alarm::End);
    play.does("zhang", Action::Move { scope: Scope::Following, start: at(14, 16), length_minutes: None })
        .unwrap();
    let later = play.effects.iter().find_map(|effect| match effect {
        Effect::Split(later) => Some(later.event.clone()),
        _ => None,
    });
    let later = later.unwrap();
    assert_eq!((later.start, later.sequence), (at(14, 16), 0));
    assert_eq!(later.rrule.unwrap().count(), Some(5));
    assert_eq!(
        play.case.data.event.rrule.as_ref().unwrap().until(),
        Some(date(2026, 11, 13).at(9, 59, 59, 0))
    );
    assert_eq!(play.case.state, state::ENDED);
}

#[test]
fn rules_that_name_days_do_not_follow_to_others() {
    let moves = Action::Move { scope: Scope::All, start: at(7, 10), length_minutes: None };
    let mut play = Play::booked(Some("FREQ=WEEKLY;BYDAY=FR"));
    play.does("zhang", moves.clone()).unwrap();
    assert!(play.case.data.event.rrule.as_ref().unwrap().to_string().contains("BYDAY=SA"));
    let mut play = Play::booked(Some("FREQ=WEEKLY;BYDAY=MO,FR"));
    assert_eq!(code(play.does("zhang", moves)), "E301");
}

#[test]
fn a_resource_that_is_taken_refuses_with_the_next_free_time() {
    let mut play = Play::new(None);
    let hour = 60 * 60 * 1_000;
    let tomorrow = NOW + 25 * hour;
    let booking = |from: u64, until: u64| Booking {
        resource: "R".to_owned(),
        start_ms: tomorrow + from * hour,
        end_ms: tomorrow + until * hour,
        by: "王五".to_owned(),
    };
    play.bookings = vec![booking(0, 2), booking(2, 3)];
    let refusal = play.does("zhang", Action::Book).unwrap_err();
    assert_eq!(refusal.code, "E302");
    let field = |name: &str| refusal.fields.iter().find(|(field, _)| *field == name).unwrap().1.as_str();
    assert_eq!((field("room"), field("who"), field("next")), ("R", "王五", "11-06 13:00"));
    play.bookings = vec![booking(1, 2)];
    play.does("zhang", Action::Book).unwrap();
}

#[test]
fn a_skipped_hour_moves_the_meeting_forward_and_is_told() {
    let mut play = Play::new(None);
    let zone = Zone::find("America/New_York").unwrap();
    play.case.data.event.zone = zone;
    play.case.data.event.start = date(2027, 3, 14).at(2, 30, 0, 0);
    play.case.data.event.end = date(2027, 3, 14).at(3, 30, 0, 0);
    play.does("zhang", Action::Book).unwrap();
    let round = play.case.data.round.as_ref().unwrap();
    assert!(round.was_moved);
    assert_eq!(round.start, date(2027, 3, 14).at(3, 30, 0, 0));
}

#[test]
fn life_goes_on_by_the_clock_and_never_too_early() {
    let mut play = Play::booked(None);
    let hour = 60 * 60 * 1_000;
    play.rings(Alarm::Start);
    assert_eq!(play.case.state, state::SCHEDULED, "a timer that was moved says nothing");
    play.now = NOW + 25 * hour;
    play.rings(Alarm::Start);
    assert_eq!(play.case.state, state::LIVE);
    play.does("li", Action::Attend).unwrap();
    play.rings(Alarm::End);
    assert_eq!(play.case.state, state::LIVE);
    play.now += hour;
    play.rings(Alarm::End);
    assert_eq!(play.case.state, state::ENDED);
    assert!(play.effects.iter().any(|effect| matches!(effect, Effect::OpenMinutes(_))));
    let id = at(6, 10);
    play.does("li", Action::Write { id, text: "结论: 好".to_owned() }).unwrap();
    play.does("other", Action::Write { id, text: "结论: 不好".to_owned() }).unwrap();
    play.rings(Alarm::Minutes(id));
    assert_eq!((play.case.state.as_str(), play.case.data.minutes[0].lines.len()), (state::MINUTED, 1));
    assert_eq!(code(play.does("zhang", Action::Cancel { scope: Scope::All })), "E110");
}

#[test]
fn what_is_too_large_is_refused() {
    let mut play = Play::new(None);
    play.case.data.event.title = "长".repeat(201);
    assert_eq!(code(play.does("zhang", Action::Book)), "E110");
    let mut play = Play::new(None);
    play.case.data.event.attendees = (0..501)
        .map(|n| asked(Address::email(&format!("a{n}@example.org")), String::new(), Role::Required))
        .collect();
    assert_eq!(code(play.does("zhang", Action::Book)), "E110");
    let mut play = Play::new(None);
    play.case.data.event.end = play.case.data.event.start;
    assert_eq!(code(play.does("zhang", Action::Book)), "E110");
}
