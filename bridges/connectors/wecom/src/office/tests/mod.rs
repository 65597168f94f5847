//! The office in front of a platform that answers by a script.

mod approvals;

use std::sync::Arc;

use bridge_api::{
    Acted, Action, ApprovalState, Assignee, Attendee, Connector as _, FailureKind, Happened, Rng,
    double::{Basket, Rows as Shelf},
};
use serde_json::{Value, json};

use super::{
    foreign::tests::info,
    rows::mark_of,
    sheet::tests::{START_MS, meeting, todo},
    *,
};
use crate::{
    WeCom,
    peer::{CORP, Platform, settings},
    xml::{self, Element},
};

const NOW_MS: u64 = START_MS - 3_600_000;

struct Stand {
    platform: Platform,
    connector: WeCom,
    shelf: Arc<Shelf>,
    basket: Basket,
}

impl Stand {
    async fn new() -> Self {
        let (platform, shelf) = (Platform::default(), Arc::new(Shelf::default()));
        let settings = settings(&platform.start().await);
        let connector = WeCom::new(settings, shelf.clone(), Clock::fake(NOW_MS), Rng::seeded(1));
        platform.next("oa/calendar/add", 200, json!({"errcode": 0, "cal_id": "wc1"}));
        Self { platform, connector: connector.expect("settings"), shelf, basket: Basket::default() }
    }

    /// The same after a kill.
    fn restarted(self) -> Self {
        let settings = self.connector.settings().clone();
        let connector = WeCom::new(settings, self.shelf.clone(), Clock::fake(NOW_MS), Rng::seeded(2));
        Self { connector: connector.expect("settings"), ..self }
    }

    fn office(&self) -> &Office {
        &self.connector.incoming().office
    }

    fn adds(&self, schedule: &str) {
        self.platform.next("oa/schedule/add", 200, json!({"errcode": 0, "schedule_id": schedule}));
    }

    /// What stands in a schedule the next time it is read.
    fn reads(&self, schedules: &[Value]) {
        self.platform.next("oa/schedule/get", 200, json!({"errcode": 0, "schedule_list": schedules}));
    }

    async fn put(&self, meeting: &Meeting) -> Result<String, Failure> {
        let calendars = self.connector.calendars().expect("calendars");
        calendars.put_meeting(meeting, None).await.map(String::from)
    }

    async fn put_todo(&self, todo: &Todo) -> Result<String, Failure> {
        self.connector.todos().expect("to-dos").put_todo(todo, None).await.map(String::from)
    }

    fn asked(&self, path: &str) -> Vec<Value> {
        self.platform.asked(path).into_iter().map(|asked| asked.body).collect()
    }

    /// What an event of the platform comes to, told and noted.
    async fn hears(&self, event: &str) -> Vec<Happened> {
        let text = format!(
            "<xml><ToUserName>{CORP}</ToUserName><FromUserName>lisi</FromUserName>\
             <CreateTime>1700000000</CreateTime><MsgType>event</MsgType>{event}</xml>"
        );
        let document = xml::read(&text).expect("XML");
        let arrivals = self.connector.incoming().app(Element::of(&document), "proof").await.expect("read");
        self.office().taken(&arrivals).await;
        arrivals.into_iter().map(|arrival| arrival.what).collect()
    }
}

fn with(people: &[&str], meeting: Meeting) -> Meeting {
    let attendee = |person: &&str| Attendee {
        person: PersonId::new(*person).expect("an id"),
        is_optional: false,
        answer: None,
    };
    Meeting { attendees: people.iter().map(attendee).collect(), ..meeting }
}

fn revised(revision: u64, mut meeting: Meeting) -> Meeting {
    meeting.head.revision = revision;
    meeting
}

/// What the platform shows of what was put there, with these answers.
fn shown(mut fields: Value, id: &str, answers: &[(&str, u64)]) -> Value {
    fields["schedule_id"] = id.into();
    fields["status"] = 0.into();
    let one = |(user, status): &(&str, u64)| json!({"userid": user, "response_status": status});
    fields["attendees"] = answers.iter().map(one).collect();
    fields
}

#[tokio::test]
async fn a_meeting_is_put_once_changed_as_a_whole_and_taken_away() {
    let stand = Stand::new().await;
    stand.adds("s1");
    let first = with(&["Li", "wang"], meeting("m"));
    assert_eq!(stand.put(&first).await.as_deref(), Ok("s1"));
    let added = stand.asked("oa/schedule/add")[0].clone();
    assert_eq!((&added["agentid"], &added["schedule"]["cal_id"]), (&json!(1_000_002), &json!("wc1")));
    assert_eq!(added["schedule"]["attendees"], json!([{"userid": "li"}, {"userid": "wang"}]));
    let stand = stand.restarted();
    assert_eq!(stand.put(&first).await.as_deref(), Ok("s1"), "a repeat asks nothing");
    assert_eq!((stand.asked("oa/schedule/add").len(), stand.asked("oa/schedule/get").len()), (1, 0));
    stand.reads(&[shown(added["schedule"].clone(), "s1", &[("Li", 2), ("wang", 0)])]);
    let mut second = revised(2, with(&["li", "zhao"], meeting("m")));
    second.head.title = "Review, later".into();
    assert_eq!(stand.put(&second).await.as_deref(), Ok("s1"));
    let changed = &stand.asked("oa/schedule/update")[0];
    assert_eq!(
        (&changed["skip_attendees"], &changed["schedule"]["summary"]),
        (&json!(1), &json!("Review, later"))
    );
    assert_eq!(changed["schedule"]["schedule_id"], "s1");
    assert_eq!(stand.asked("oa/schedule/add_attendees")[0]["attendees"], json!([{"userid": "zhao"}]));
    assert_eq!(stand.asked("oa/schedule/del_attendees")[0]["attendees"], json!([{"userid": "wang"}]));
    assert_eq!(stand.put(&first).await.as_deref(), Ok("s1"), "a late one changes nothing");
    let canceled = Meeting { is_canceled: true, ..revised(3, second) };
    assert_eq!(stand.put(&canceled).await.as_deref(), Ok("none"));
    assert_eq!(stand.asked("oa/schedule/del"), [json!({"schedule_id": "s1"})]);
    assert_eq!(stand.asked("oa/schedule/update").len(), 1);
    assert_eq!(stand.asked("oa/calendar/add").len(), 1);
}

#[tokio::test]
async fn a_schedule_whose_answer_was_lost_is_found_and_not_made_twice() {
    let stand = Stand::new().await;
    stand.platform.next("oa/schedule/add", 200, "{\"errcode\":0,\"sched");
    let lost = with(&["li"], meeting("m"));
    let failure = stand.put(&lost).await.expect_err("nobody knows");
    assert!(failure.passes(), "{failure}");
    let fields = stand.asked("oa/schedule/add")[0]["schedule"].clone();
    let other = json!({"schedule_id": "s0", "description": "somebody else's", "status": 0});
    let gone = shown(fields.clone(), "s8", &[]);
    let gone = json!({"schedule_id": "s8", "description": gone["description"], "status": 1});
    let there = shown(fields, "s9", &[("li", 0)]);
    let page = json!({"errcode": 0, "schedule_list": [other, gone, there]});
    stand.platform.next("oa/schedule/get_by_calendar", 200, page);
    stand.reads(std::slice::from_ref(&there));
    let stand = stand.restarted();
    assert_eq!(stand.put(&lost).await.as_deref(), Ok("s9"));
    assert_eq!((stand.asked("oa/schedule/add").len(), stand.asked("oa/schedule/update").len()), (1, 0));
    assert_eq!(stand.asked("oa/schedule/get_by_calendar")[0]["cal_id"], "wc1");
    // What never arrived is not found, and put again.
    stand.platform.next("oa/schedule/add", 502, "");
    let never = with(&["li"], meeting("never"));
    assert!(stand.put(&never).await.expect_err("nobody knows").passes());
    stand.adds("s10");
    assert_eq!(stand.put(&never).await.as_deref(), Ok("s10"));
}

#[tokio::test]
async fn what_somebody_deleted_there_is_put_there_again() {
    let stand = Stand::new().await;
    stand.adds("s1");
    let first = with(&["li"], meeting("m"));
    stand.put(&first).await.expect("put");
    let fields = stand.asked("oa/schedule/add")[0]["schedule"].clone();
    let mut deleted = shown(fields, "s1", &[("li", 0)]);
    deleted["status"] = 1.into();
    stand.reads(&[deleted]);
    stand.adds("s2");
    assert_eq!(stand.put(&revised(2, first.clone())).await.as_deref(), Ok("s2"));
    // A canceled one that is gone already is gone.
    stand.platform.next("oa/schedule/del", 200, json!({"errcode": 40_058, "errmsg": "schedule_id"}));
    stand.reads(&[]);
    let canceled = Meeting { is_canceled: true, ..revised(3, first.clone()) };
    assert_eq!(stand.put(&canceled).await.as_deref(), Ok("none"));
    // The whole calendar is gone, which is noticed when something is put there.
    stand.platform.next("oa/schedule/add", 200, json!({"errcode": 40_058, "errmsg": "cal_id"}));
    stand.platform.next("oa/calendar/get", 200, json!({"errcode": 0, "calendar_list": []}));
    stand.platform.next("oa/calendar/add", 200, json!({"errcode": 0, "cal_id": "wc2"}));
    stand.adds("s3");
    assert_eq!(stand.put(&revised(4, first)).await.as_deref(), Ok("s3"));
    assert_eq!(stand.asked("oa/schedule/add")[3]["schedule"]["cal_id"], "wc2");
    // Or told.
    stand.hears("<Event>delete_calendar</Event><CalId>wc2</CalId>").await;
    stand.platform.next("oa/calendar/add", 200, json!({"errcode": 0, "cal_id": "wc3"}));
    stand.adds("s4");
    stand.put(&with(&["li"], meeting("other"))).await.expect("put");
    assert_eq!(stand.asked("oa/schedule/add")[4]["schedule"]["cal_id"], "wc3");
}

fn answer_of(happened: &[Happened]) -> Vec<(&str, Action)> {
    let answer = happened.iter().map(|happened| match happened {
        Happened::Acted(Acted { by, action, .. }) => (by.as_str(), *action),
        other => panic!("{other:?}"),
    });
    answer.collect()
}

#[tokio::test]
async fn an_answer_is_told_once_whether_the_platform_tells_of_it_or_not() {
    const EVENT: &str = "<Event>respond_schedule</Event><CalId>wc1</CalId><ScheduleId>s1</ScheduleId>";
    let stand = Stand::new().await;
    stand.adds("s1");
    stand.put(&with(&["li", "wang"], meeting("m"))).await.expect("put");
    let fields = stand.asked("oa/schedule/add")[0]["schedule"].clone();
    let there = |li, wang| [shown(fields.clone(), "s1", &[("Li", li), ("wang", wang)])];
    stand.reads(&there(2, 0));
    let heard = stand.hears(EVENT).await;
    assert_eq!(answer_of(&heard), [("li", Action::Accept)]);
    let Happened::Acted(acted) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!((acted.key.as_str(), acted.proof.as_str()), ("m", "proof"));
    stand.reads(&there(2, 0));
    assert!(stand.hears(EVENT).await.is_empty(), "it is told");
    // The event of the next answers is lost: they are read in the next round, also after a restart, and handed over once.
    let stand = stand.restarted();
    stand.reads(&there(4, 1));
    stand.office().look_after_answers(&stand.basket).await.expect("a round");
    let told: Vec<Happened> = stand.basket.taken().into_iter().map(|arrival| arrival.what).collect();
    assert_eq!(answer_of(&told), [("li", Action::Decline), ("wang", Action::Tentative)]);
    // The platform forgets answers when a meeting moves; the same answer again is another one.
    stand.reads(&there(0, 1));
    assert!(stand.hears(EVENT).await.is_empty());
    stand.basket.refuse(true);
    stand.reads(&there(2, 1));
    assert!(stand.office().look_after_answers(&stand.basket).await.is_err());
    stand.basket.refuse(false);
    for _ in 0..2 {
        stand.reads(&there(2, 1));
        stand.office().look_after_answers(&stand.basket).await.expect("a round");
    }
    let keys: BTreeSet<String> = stand.basket.taken().into_iter().map(|arrival| arrival.key.into()).collect();
    assert_eq!((stand.basket.taken().len(), keys.len()), (3, 3));
    assert!(stand.hears(&EVENT.replace("s1", "theirs")).await.is_empty(), "a schedule that is none of ours");
}

#[tokio::test]
async fn an_answer_that_was_told_and_not_noted_is_told_under_the_same_key() {
    let stand = Stand::new().await;
    stand.adds("s1");
    stand.put(&with(&["li"], meeting("m"))).await.expect("put");
    let fields = stand.asked("oa/schedule/add")[0]["schedule"].clone();
    let there = [shown(fields, "s1", &[("li", 4)])];
    let office = stand.office();
    let mark = mark_of(&meeting("m").head.key);
    let entry = office.rows.entry(&mark).await.expect("read").expect("there");
    let first = office.news(&mark, &entry, &there[0], 1, "a").await.expect("news");
    stand.reads(&there);
    office.look_after_answers(&stand.basket).await.expect("a round");
    assert_eq!(first[0].key, stand.basket.taken()[0].key);
}

#[tokio::test]
async fn a_due_date_stands_there_until_the_task_is_done() {
    let stand = Stand::new().await;
    let assignee =
        |person: &str, is_done| Assignee { person: PersonId::new(person).expect("an id"), is_done };
    let task = |revision, assignees: Vec<Assignee>| {
        let mut task = Todo { assignees, ..todo("t") };
        task.head.revision = revision;
        task
    };
    assert_eq!(
        stand.put_todo(&Todo { due_ms: None, ..task(1, vec![assignee("li", false)]) }).await.as_deref(),
        Ok("none")
    );
    assert!(stand.asked("oa/schedule/add").is_empty(), "what is never due stands nowhere");
    stand.adds("s1");
    let both = vec![assignee("li", false), assignee("wang", false)];
    assert_eq!(stand.put_todo(&task(2, both)).await.as_deref(), Ok("s1"));
    let fields = stand.asked("oa/schedule/add")[0]["schedule"].clone();
    assert_eq!(fields["end_time"], START_MS / 1_000);
    stand.reads(&[shown(fields.clone(), "s1", &[("li", 0), ("wang", 0)])]);
    stand.put_todo(&task(3, vec![assignee("li", true), assignee("wang", false)])).await.expect("put");
    assert_eq!(stand.asked("oa/schedule/del_attendees")[0]["attendees"], json!([{"userid": "li"}]));
    // Nothing is ticked off by an answer to a schedule.
    stand.reads(&[shown(fields, "s1", &[("wang", 2)])]);
    assert!(stand.hears("<Event>respond_schedule</Event><ScheduleId>s1</ScheduleId>").await.is_empty());
    let done = Todo { state: TodoState::Done, ..task(4, vec![assignee("wang", true)]) };
    assert_eq!(stand.put_todo(&done).await.as_deref(), Ok("none"));
    assert_eq!(stand.asked("oa/schedule/del").len(), 1);
}

#[tokio::test]
async fn what_the_platform_has_not_is_refused() {
    let stand = Stand::new().await;
    let calendars = stand.connector.calendars().expect("calendars");
    let approvals = stand.connector.approvals().expect("approvals");
    let impossible = FailureKind::Refused(Refusal::Impossible);
    let busy = calendars.busy(&[PersonId::new("li").expect("an id")], 0, 1).await;
    assert_eq!(busy.expect_err("no such call").kind, impossible);
    let (there, li) = (EntryOnPlatform::new("1").expect("an id"), PersonId::new("li").expect("an id"));
    let decided = approvals.decide(&there, "1/0", &li, true, None).await;
    assert_eq!(decided.expect_err("no such call").kind, impossible);
    let approval = Approval {
        head: meeting("a").head,
        lines: Vec::new(),
        starter: None,
        starter_name: "Ada".into(),
        state: ApprovalState::Pending,
        ended_ms: None,
        tasks: Vec::new(),
    };
    assert_eq!(approvals.put_approval(&approval, None).await.expect_err("no such call").kind, impossible);
    assert!(stand.platform.asked("oa/applyevent").is_empty());
}
