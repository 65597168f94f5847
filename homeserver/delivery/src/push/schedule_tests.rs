use super::*;

fn gateway(name: &str) -> Gateway {
    Gateway::Http(name.to_owned())
}

fn turns(schedule: &mut Schedule, now: Instant) -> Vec<u64> {
    std::iter::from_fn(|| schedule.next(now)).collect()
}

#[tokio::test(start_paused = true)]
async fn gateways_take_turns_whoever_has_more_to_tell() {
    let (mut schedule, now) = (Schedule::new(2), Instant::now());
    for pusher in 1..=5 {
        schedule.queued(pusher, &gateway("busy"), 1);
    }
    schedule.queued(9, &gateway("quiet"), 1);
    assert_eq!(turns(&mut schedule, now), [1, 9, 2], "two at a time for each gateway");
    schedule.done(1, Turn::More, now, 0.0);
    assert_eq!(turns(&mut schedule, now), [3], "who had a turn goes to the end of the line");
}

#[tokio::test(start_paused = true)]
async fn a_pusher_has_one_request_at_a_time_and_loses_no_news() {
    let (mut schedule, now) = (Schedule::new(8), Instant::now());
    schedule.queued(1, &gateway("g"), 1);
    assert_eq!(turns(&mut schedule, now), [1]);
    schedule.queued(1, &gateway("g"), 1);
    assert_eq!(turns(&mut schedule, now), [0; 0]);
    schedule.done(1, Turn::Empty, now, 0.0);
    assert_eq!(turns(&mut schedule, now), [1], "it was queued while the turn was under way");
    schedule.done(1, Turn::Empty, now, 0.0);
    assert_eq!((turns(&mut schedule, now), schedule.rows_total()), (vec![], 0));
    assert!(schedule.lines.is_empty() && schedule.round.is_empty(), "nothing is kept of the idle");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_down_is_tried_by_one_after_growing_pauses() {
    let (mut schedule, mut now) = (Schedule::new(8), Instant::now());
    schedule.queued(1, &gateway("g"), 1);
    schedule.queued(2, &gateway("g"), 1);
    schedule.queued(3, &gateway("other"), 1);
    assert_eq!(turns(&mut schedule, now).len(), 3);
    schedule.done(1, Turn::Down, now, 1.0);
    schedule.done(2, Turn::Down, now, 1.0);
    schedule.done(3, Turn::More, now, 1.0);
    assert_eq!(turns(&mut schedule, now), [3], "the other gateway goes on");
    let mut pauses = Vec::new();
    for _ in 0..16 {
        let due = schedule.due(now).unwrap();
        pauses.push(due - now);
        now = due;
        let next = schedule.next(now).unwrap();
        assert_eq!(schedule.next(now), None, "one feels the way");
        schedule.done(next, Turn::Down, now, 1.0);
    }
    assert!(pauses.windows(2).all(|two| two[0] <= two[1]));
    assert_eq!(*pauses.last().unwrap(), BACKOFF_MAX);
    now = schedule.due(now).unwrap();
    let next = schedule.next(now).unwrap();
    schedule.done(next, Turn::More, now, 1.0);
    assert_eq!(turns(&mut schedule, now).len(), 2, "all of them once it answers");
}

#[tokio::test(start_paused = true)]
async fn a_pusher_that_is_refused_waits_alone() {
    let (mut schedule, now) = (Schedule::new(8), Instant::now());
    schedule.queued(1, &gateway("g"), 1);
    schedule.queued(2, &gateway("g"), 1);
    assert_eq!(turns(&mut schedule, now), [1, 2]);
    schedule.done(1, Turn::Refused, now, 1.0);
    schedule.done(2, Turn::More, now, 1.0);
    assert_eq!(turns(&mut schedule, now), [2]);
    schedule.queued(1, &gateway("g"), 1);
    assert_eq!(turns(&mut schedule, now), [0; 0], "news do not shorten the pause");
    let due = schedule.due(now).unwrap();
    assert_eq!(turns(&mut schedule, due), [1]);
}
