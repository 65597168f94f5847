//! Series of meetings in people's calendars, and the single instances that differ from them.

use bridge_api::{Action, Exception, Instead, Meeting};
use serde_json::Value;

use super::office::{HOUR_MS, head, meeting, titled, tomorrow_ms};
use crate::case::case;
use crate::control::text;
use crate::{Case, Stage};

pub(super) const CASES: &[Case] = &[
    case!(Out Meetings a_series_with_one_moved_and_one_canceled_instance_stands_so_in_peoples_calendars),
    case!(Out Meetings a_series_that_moves_or_ends_earlier_takes_its_instances_along),
    case!(In Meetings an_answer_to_one_instance_is_told_of_it_alone),
];

const DAY_MS: u64 = 24 * HOUR_MS;

/// What somebody sees of something that takes place: beginning and end in hours after the first instance, and where.
type Seen = (i64, i64, String);

/// Five days, one after the other.
struct Days {
    first_ms: u64,
}

impl Days {
    fn new() -> Self {
        Self { first_ms: tomorrow_ms() }
    }

    fn at(&self, hours: i64) -> u64 {
        let hours_ms = hours * i64::try_from(HOUR_MS).expect("an hour");
        self.first_ms.checked_add_signed(hours_ms).expect("a time")
    }

    /// A meeting on each of them, with these exceptions.
    fn meeting(
        &self,
        stage: &Stage,
        (called, revision): (&str, u64),
        title: &str,
        exceptions: Vec<Exception>,
    ) -> Meeting {
        Meeting {
            start_ms: self.first_ms,
            end_ms: self.first_ms + HOUR_MS,
            recurrence: Some("FREQ=DAILY;COUNT=5".to_owned()),
            last_ms: Some(self.first_ms + 4 * DAY_MS),
            exceptions,
            ..meeting(stage, called, revision, title)
        }
    }

    /// The instance of a day does not take place.
    fn canceled(&self, day: i64) -> Exception {
        Exception { original_ms: self.at(24 * day), instead: None }
    }

    /// The instance of a day takes place so many hours later, for longer and in another room.
    fn moved(&self, day: i64, hours: i64) -> Exception {
        let start_ms = self.at(24 * day + hours);
        let end_ms = start_ms + 2 * HOUR_MS;
        let instead = Instead { start_ms, end_ms, title: None, location: Some("5F".to_owned()) };
        Exception { original_ms: self.at(24 * day), instead: Some(instead) }
    }

    /// All that somebody sees under a title.
    async fn seen(&self, stage: &Stage, person: &str, title: &str) -> Vec<Seen> {
        let hours = |one: &Value, name: &str| {
            let passed_ms = one[name].as_u64().expect("a time").checked_signed_diff(self.first_ms);
            passed_ms.expect("a time") / i64::try_from(HOUR_MS).expect("an hour")
        };
        let mut all: Vec<Seen> = instances(stage, person, title)
            .await
            .iter()
            .map(|one| (hours(one, "start_ms"), hours(one, "end_ms"), text(one, "location")))
            .collect();
        all.sort();
        all
    }
}

async fn instances(stage: &Stage, person: &str, title: &str) -> Vec<Value> {
    let seen = titled(&stage.platform.calendar(person).await, title);
    seen.iter().flat_map(|meeting| meeting["instances"].as_array().cloned().unwrap_or_default()).collect()
}

/// The instances of these days as the series has them, which begins at this hour, and others.
fn seen(days: &[i64], hour: i64, others: &[(i64, i64)]) -> Vec<Seen> {
    let plain = days.iter().map(|day| (day * 24 + hour, day * 24 + hour + 1, "3F".to_owned()));
    let others = others.iter().map(|(from, until)| (*from, *until, "5F".to_owned()));
    let mut all: Vec<Seen> = plain.chain(others).collect();
    all.sort();
    all
}

async fn a_series_with_one_moved_and_one_canceled_instance_stands_so_in_peoples_calendars(stage: &Stage) {
    let days = Days::new();
    let first = days.meeting(stage, ("m/series", 1), "例会", Vec::new());
    let id = stage.put_meeting(&first, None).await;
    assert_eq!(days.seen(stage, "zhang", "例会").await, seen(&[0, 1, 2, 3, 4], 0, &[]));
    let exceptions = vec![days.moved(1, 5), days.canceled(2)];
    let differing = days.meeting(stage, ("m/series", 2), "例会", exceptions);
    let id = stage.put_meeting(&differing, Some(&id)).await;
    let expected = seen(&[0, 3, 4], 0, &[(29, 31)]);
    assert_eq!(days.seen(stage, "zhang", "例会").await, expected);
    // The same once more, after a kill, and with a revision that changes nothing.
    stage.restart().await;
    stage.put_meeting(&differing, Some(&id)).await;
    let same = Meeting { head: head("m/series", 3, "例会"), ..differing.clone() };
    let id = stage.put_meeting(&same, Some(&id)).await;
    assert_eq!(days.seen(stage, "zhang", "例会").await, expected);
    // What changes in the series does not undo what differs, and who is not invited any more has none of it.
    let without: Vec<_> = differing.attendees.iter().take(1).cloned().collect();
    let renamed = Meeting { head: head("m/series", 4, "新例会"), attendees: without, ..differing };
    let id = stage.put_meeting(&renamed, Some(&id)).await;
    assert_eq!(days.seen(stage, "li", "新例会").await, expected);
    let gone = || async { instances(stage, "zhang", "例会").await.is_empty() };
    stage.until("who is not invited any more has none of it", gone).await;
    // The moved one is as the series again, and another one moves to an earlier day.
    let exceptions = vec![days.canceled(2), days.moved(3, -20)];
    let back = days.meeting(stage, ("m/series", 5), "新例会", exceptions);
    let id = stage.put_meeting(&back, Some(&id)).await;
    assert_eq!(days.seen(stage, "zhang", "新例会").await, seen(&[0, 1, 4], 0, &[(52, 54)]));
    let nothing = Meeting { head: head("m/series", 6, "新例会"), is_canceled: true, ..back };
    stage.put_meeting(&nothing, Some(&id)).await;
    for person in ["zhang", "li"] {
        assert_eq!(days.seen(stage, person, "新例会").await, Vec::new(), "{person}");
    }
    assert!(stage.acted().is_empty(), "what we did ourselves is no news");
}

async fn a_series_that_moves_or_ends_earlier_takes_its_instances_along(stage: &Stage) {
    let days = Days::new();
    let exceptions = vec![days.moved(1, 5), days.canceled(2), days.moved(4, 2)];
    let first = days.meeting(stage, ("m/whole", 1), "晨会", exceptions);
    let id = stage.put_meeting(&first, None).await;
    assert_eq!(days.seen(stage, "zhang", "晨会").await, seen(&[0, 3], 0, &[(29, 31), (98, 100)]));
    // It ends with the third day.
    let exceptions = vec![days.moved(1, 5), days.canceled(2)];
    let cut = Meeting {
        recurrence: Some("FREQ=DAILY;COUNT=3".to_owned()),
        last_ms: Some(days.at(48)),
        ..days.meeting(stage, ("m/whole", 2), "晨会", exceptions)
    };
    let id = stage.put_meeting(&cut, Some(&id)).await;
    assert_eq!(days.seen(stage, "zhang", "晨会").await, seen(&[0], 0, &[(29, 31)]));
    // All of it moves by three hours: nothing stays where it was, and nothing is there twice.
    let later = Exception { original_ms: days.at(51), instead: None };
    let all = Meeting {
        start_ms: days.at(3),
        end_ms: days.at(4),
        last_ms: Some(days.at(99)),
        ..days.meeting(stage, ("m/whole", 3), "晨会", vec![later])
    };
    let id = stage.put_meeting(&all, Some(&id)).await;
    assert_eq!(days.seen(stage, "zhang", "晨会").await, seen(&[0, 1, 3, 4], 3, &[]));
    // The canceled one takes place after all.
    let whole = Meeting { head: head("m/whole", 4, "晨会"), exceptions: Vec::new(), ..all };
    stage.put_meeting(&whole, Some(&id)).await;
    assert_eq!(days.seen(stage, "zhang", "晨会").await, seen(&[0, 1, 2, 3, 4], 3, &[]));
}

async fn an_answer_to_one_instance_is_told_of_it_alone(stage: &Stage) {
    let days = Days::new();
    let one = days.moved(1, 5);
    stage.put_meeting(&days.meeting(stage, ("m/alone", 1), "单次", vec![one.clone()]), None).await;
    let all = instances(stage, "zhang", "单次").await;
    let instance = all.iter().find(|seen| seen["start_ms"].as_u64() == Some(days.at(29)));
    let id = text(instance.expect("it is there"), "id");
    let zhang = stage.platform.person("zhang");
    stage.platform.answer_meeting("zhang", &id, "declined").await;
    let acted = stage.hears_of("m/alone", &zhang, Action::Decline).await;
    assert_eq!(acted.instance_ms, Some(one.original_ms));
    assert_eq!(stage.acted().len(), 1, "{:?}", stage.acted());
}
