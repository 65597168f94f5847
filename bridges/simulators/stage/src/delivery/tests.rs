//! The schedule by itself: a platform whose app answers as a script says, and a clock that waits for nobody.

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde_json::Value;

use super::*;
use crate::faults::FaultSpec;
use crate::hub::Hub;
use crate::limits::HELD_BACK_MS_MAX;
use crate::page::Page;
use crate::play::{End, Ending, Refused, ending};
use crate::stage::Stage;

/// Longer than any schedule here.
const LONG: Duration = Duration::from_secs(60);
const WAITS_MS: [u64; 2] = [1_000, 3_000];
const PATIENCE_MS: u64 = 5_000;

/// What comes of the next try.
#[derive(Clone, Copy)]
enum Says {
    Refuses,
    Loses,
    /// A connection takes it and answers so.
    Answers(bool),
    /// A connection takes it and never answers.
    Nothing,
}

struct Platform {
    stage: Mutex<Stage>,
    hub: Hub<(), (), bool>,
    ending: Ending,
    end: End,
    retries: Retries,
    /// By event, what its tries come to, first one first; the rest are successes.
    script: Mutex<Vec<(&'static str, VecDeque<Says>)>>,
    copies: Mutex<u32>,
    began: Instant,
    /// Each try with its time in milliseconds.
    tries: Mutex<Vec<(&'static str, u128)>>,
}

impl Platform {
    fn new() -> Self {
        let (end, ending) = ending();
        Self {
            stage: Mutex::new(Stage::new(1, Arc::new(|| 0))),
            hub: Hub::default(),
            ending,
            end,
            retries: Retries { waits_ms: WAITS_MS.to_vec(), from_first_try: false, time_scale: 1 },
            script: Mutex::default(),
            copies: Mutex::new(0),
            began: Instant::now(),
            tries: Mutex::default(),
        }
    }

    fn says(self, event: &'static str, says: &[Says]) -> Self {
        self.script.lock().push((event, says.iter().copied().collect()));
        self
    }

    fn fails(self, fault: Fault, times: u64, value: impl Into<Value>) -> Self {
        let spec = FaultSpec { times: Some(times), path: None, value: value.into() };
        self.stage.lock().faults.set(fault, spec);
        self
    }

    /// Carries these until nothing more happens.
    async fn carries(self, events: &[&'static str]) -> Arc<Self> {
        let (queue, waiting) = queue();
        events.iter().for_each(|event| queue.put(*event));
        let platform = Arc::new(self);
        let running = tokio::spawn(run(platform.clone(), waiting));
        tokio::time::sleep(LONG).await;
        platform.end.now();
        running.await.unwrap();
        platform
    }

    fn tries(&self) -> Vec<(&'static str, u128)> {
        self.tries.lock().clone()
    }

    fn order(&self) -> Vec<&'static str> {
        self.tries().into_iter().map(|(event, _)| event).collect()
    }

    /// The record: event, number of the try, outcome.
    fn record(&self) -> Vec<(String, u64, String)> {
        let lines = self.stage.lock().deliveries();
        let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        let line = |line: &Value| (text(line, "id"), line["try"].as_u64().unwrap(), text(line, "outcome"));
        lines.as_array().unwrap().iter().map(line).collect()
    }

    fn outcomes(&self, event: &str) -> Vec<String> {
        let own = self.record().into_iter().filter(|(id, _, _)| id == event);
        own.map(|(_, _, outcome)| outcome).collect()
    }
}

impl Play for Platform {
    type Command = Value;
    type Refusal = Refused;

    const FAULTS: &'static [(&'static str, &'static str)] = Fault::LIST;
    const PAGE: Page = Page {
        names: ["", ""],
        colour: "",
        reactions: &[],
        edits: false,
        mentions: false,
        opens: false,
        todos: false,
        ticks: false,
    };

    fn with_stage<R>(&self, use_it: impl FnOnce(&mut Stage) -> R) -> R {
        use_it(&mut self.stage.lock())
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }

    async fn act(self: &Arc<Self>, command: Value) -> Result<Value, Refused> {
        Ok(command)
    }
}

impl Deliver for Platform {
    type Event = &'static str;
    type Answer = bool;

    fn label(event: &Self::Event) -> Label {
        Label { app: "app".to_owned(), id: (*event).to_owned(), what: "message".to_owned() }
    }

    fn retries(&self) -> Retries {
        self.retries.clone()
    }

    fn patience_ms(&self, _event: &Self::Event) -> u64 {
        PATIENCE_MS
    }

    async fn begin(self: &Arc<Self>, event: &mut Self::Event) -> Begun<bool> {
        self.tries.lock().push((event, self.began.elapsed().as_millis()));
        let mut script = self.script.lock();
        let says = script.iter_mut().find(|(of, _)| of == event).and_then(|(_, says)| says.pop_front());
        let id = format!("{event}-{}", self.tries.lock().len());
        match says {
            None => Begun::Settled(Ok(true)),
            Some(Says::Refuses) => Begun::Settled(Err("refused".to_owned())),
            Some(Says::Loses) => Begun::Lost("lost"),
            Some(Says::Nothing) => Begun::Underway(self.hub.expect(id)),
            Some(Says::Answers(is_good)) => {
                let underway = self.hub.expect(id.clone());
                self.hub.answer(&id, is_good);
                Begun::Underway(underway)
            }
        }
    }

    fn judge(_event: &Self::Event, answer: bool) -> Tried<bool> {
        if answer { Ok(answer) } else { Err("a bad answer".to_owned()) }
    }

    fn copies(&self, _event: &mut Self::Event) -> bool {
        let copies = &mut *self.copies.lock();
        let left = *copies > 0;
        *copies = copies.saturating_sub(1);
        left
    }
}

#[tokio::test(start_paused = true)]
async fn first_tries_begin_in_order_and_each_outcome_is_recorded() {
    let platform = Platform::new().says("b", &[Says::Answers(true)]).carries(&["a", "b", "c"]).await;
    assert_eq!(platform.order(), ["a", "b", "c"]);
    assert_eq!(platform.record().len(), 3);
    assert!(platform.record().iter().all(|(_, number, outcome)| *number == 0 && outcome == "acknowledged"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_acknowledged_comes_again_after_its_waits_and_is_given_up() {
    for (from_first_try, time_scale, times) in [
        (false, 1, [0, 1_000, 4_000]),
        (true, 1, [0, 1_000, 3_000]),
        (false, 10, [0, 100, 400]),
        (false, 0, [0, 1_000, 4_000]),
    ] {
        let mut platform = Platform::new().says("a", &[Says::Refuses; 3]);
        platform.retries = Retries { waits_ms: WAITS_MS.to_vec(), from_first_try, time_scale };
        let platform = platform.carries(&["a"]).await;
        assert_eq!(platform.tries(), times.map(|at| ("a", at)), "{from_first_try} {time_scale}");
        let expected = [(0, "refused"), (1, "refused"), (2, "refused"), (2, "given up")];
        let expected = expected.map(|(number, outcome)| ("a".to_owned(), number, outcome.to_owned()));
        assert_eq!(platform.record(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_the_tries_and_a_wait_keeps_nobody_else_waiting() {
    let platform = Platform::new().says("a", &[Says::Refuses]).carries(&["a", "b"]).await;
    assert_eq!(platform.tries(), [("a", 0), ("b", 0), ("a", 1_000)]);
    assert_eq!(platform.outcomes("a"), ["refused", "acknowledged"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_awaited_for_a_while_and_a_bad_one_is_none() {
    let platform = Platform::new().says("a", &[Says::Nothing, Says::Answers(false)]).carries(&["a"]).await;
    assert_eq!(platform.tries(), [("a", 0), ("a", 6_000), ("a", 9_000)]);
    assert_eq!(platform.outcomes("a"), ["no answer in time", "a bad answer", "acknowledged"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_not_tried_again() {
    let platform = Platform::new()
        .says("a", &[Says::Loses])
        .says("b", &[Says::Refuses, Says::Loses])
        .carries(&["a", "b"])
        .await;
    assert_eq!(platform.tries(), [("a", 0), ("b", 0), ("b", 1_000)]);
    assert_eq!(
        (platform.outcomes("a"), platform.outcomes("b")),
        (vec!["lost".to_owned()], vec!["refused".to_owned(), "lost".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_acknowledgement_brings_the_event_again() {
    let platform = Platform::new().fails(Fault::DeliveryAckIgnored, 1, Value::Null).carries(&["a"]).await;
    assert_eq!(platform.tries(), [("a", 0), ("a", 1_000)]);
    assert_eq!(platform.outcomes("a"), ["the acknowledgement was lost", "acknowledged"]);
}

#[tokio::test(start_paused = true)]
async fn copies_come_after_a_success_and_are_not_tried_again() {
    let platform = Platform::new().fails(Fault::DeliveryDuplicate, 1, Value::Null).carries(&["a", "b"]).await;
    assert_eq!(platform.outcomes("a"), ["acknowledged", "acknowledged again"]);
    assert_eq!(platform.outcomes("b"), ["acknowledged"]);
    let own = Platform::new();
    *own.copies.lock() = 1;
    let own = own.says("a", &[Says::Answers(true), Says::Refuses]).carries(&["a"]).await;
    assert_eq!(
        (own.order().len(), own.outcomes("a")),
        (2, vec!["acknowledged".to_owned(), "the copy failed".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_event_is_never_brought() {
    let platform = Platform::new().fails(Fault::DeliveryDropped, 1, Value::Null).carries(&["a", "b"]).await;
    assert_eq!((platform.order(), platform.outcomes("a")), (vec!["b"], vec!["dropped".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_event_comes_later_and_others_before_it() {
    let platform = Platform::new().fails(Fault::DeliveryDelayed, 1, 700).carries(&["a", "b"]).await;
    assert_eq!(platform.tries(), [("b", 0), ("a", 700)]);
}

#[tokio::test(start_paused = true)]
async fn events_held_back_come_in_the_opposite_order() {
    let two = Platform::new().fails(Fault::DeliveryReordered, 2, Value::Null).carries(&["a", "b", "c"]).await;
    assert_eq!(two.order(), ["b", "a", "c"]);
    let three = Platform::new().fails(Fault::DeliveryReordered, 3, 3).carries(&["a", "b", "c"]).await;
    assert_eq!(three.order(), ["c", "b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn events_held_back_do_not_wait_for_quiet() {
    let platform = Arc::new(Platform::new().fails(Fault::DeliveryReordered, 1, Value::Null));
    let (queue, waiting) = queue();
    let running = tokio::spawn(run(platform.clone(), waiting));
    queue.put("a");
    for _ in 0..30 {
        queue.put("b");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    platform.end.now();
    running.await.unwrap();
    let held = platform.tries().into_iter().find(|(event, _)| *event == "a");
    assert_eq!(held, Some(("a", u128::from(HELD_BACK_MS_MAX))));
    assert_eq!(platform.order().len(), 31);
}

#[tokio::test(start_paused = true)]
async fn the_end_ends_waits_and_a_closed_queue_takes_nothing() {
    let platform =
        Arc::new(Platform::new().says("a", &[Says::Refuses]).fails(Fault::DeliveryDelayed, 0, 700));
    let (queue, waiting) = queue();
    queue.put("a");
    let running = tokio::spawn(run(platform.clone(), waiting));
    tokio::time::sleep(Duration::from_millis(500)).await;
    platform.end.now();
    running.await.unwrap();
    queue.put("b");
    tokio::time::sleep(LONG).await;
    assert_eq!(platform.order(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_loses_what_is_too_much() {
    let (queue, mut waiting) = queue();
    for number in 0..EVENTS_WAITING_MAX + 1 {
        queue.put(number);
    }
    drop(queue);
    let mut count = 0;
    while waiting.0.recv().await.is_some() {
        count += 1;
    }
    assert_eq!(count, EVENTS_WAITING_MAX);
}

#[tokio::test(start_paused = true)]
async fn a_callback_is_brought_once_and_answers() {
    let platform = Arc::new(Platform::new().says("a", &[Says::Answers(true), Says::Refuses, Says::Nothing]));
    assert_eq!(call_back(&platform, &mut "a").await, Ok(true));
    assert_eq!(call_back(&platform, &mut "a").await, Err("refused".to_owned()));
    assert_eq!(call_back(&platform, &mut "a").await, Err("no answer in time".to_owned()));
    assert_eq!(platform.tries(), [("a", 0), ("a", 0), ("a", 0)]);
    assert_eq!(platform.outcomes("a"), ["answered", "refused", "no answer in time"]);
}
