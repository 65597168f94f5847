//! Bursts, strangers, administrators, floods.

use http::StatusCode;
use ruma::user_id;

use super::*;
use crate::limits::RATE_LIMIT_SUBJECTS_MAX;

fn two_messages_then_one_a_second() -> RateLimits {
    let settings = RateLimitSettings::new(|action| {
        (action == Action::Message).then_some(Rate { per_second: 1.0, burst: 2 })
    });
    RateLimits::new(Some(&settings))
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_allowed_then_refused_then_allowed_again() {
    let limits = two_messages_then_one_a_second();
    let alice = user_id!("@alice:example.org");
    assert!(limits.user(alice, Action::Message).is_ok());
    assert!(limits.user(alice, Action::Message).is_ok());
    let refused = limits.user(alice, Action::Message).unwrap_err();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    tokio::time::advance(Duration::from_millis(1100)).await;
    assert!(limits.user(alice, Action::Message).is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_user_does_not_use_up_another_ones_bucket_nor_another_action() {
    let limits = two_messages_then_one_a_second();
    let [alice, bob] = [user_id!("@alice:example.org"), user_id!("@bob:example.org")];
    for _ in 0..3 {
        let _ = limits.user(alice, Action::Message);
    }
    assert!(limits.user(alice, Action::Message).is_err());
    assert!(limits.user(alice, Action::State).is_ok());
    assert!(limits.user(bob, Action::Message).is_ok());
}

#[tokio::test(start_paused = true)]
async fn administrators_and_users_with_a_rate_of_their_own_are_not_held_by_the_general_one() {
    let limits = two_messages_then_one_a_second();
    let [root, bob, carol] =
        [user_id!("@root:example.org"), user_id!("@bob:example.org"), user_id!("@carol:example.org")];
    limits.note_administrator(root, true);
    limits.set_own(bob, Some(Rate { per_second: 0.0, burst: 0 }));
    limits.set_own(carol, Some(Rate { per_second: 1.0, burst: 4 }));
    for _ in 0..4 {
        for user in [root, bob, carol] {
            assert!(limits.user(user, Action::Message).is_ok());
        }
    }
    assert!(limits.user(carol, Action::Message).is_err());
    limits.note_administrator(root, false);
    limits.set_own(bob, None);
    for user in [root, bob] {
        assert!((0..3).any(|_| limits.user(user, Action::Message).is_err()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_subjects_shares_one_bucket_and_no_memory() {
    let limits = two_messages_then_one_a_second();
    for number in 0..RATE_LIMIT_SUBJECTS_MAX as u64 + 10 {
        let _ = limits.check(number, Action::Message);
    }
    let table = limits.tables.as_ref().unwrap()[Action::Message as usize].as_ref().unwrap();
    assert!(table.keyed.len() <= RATE_LIMIT_SUBJECTS_MAX);
    assert!(limits.check(u64::MAX, Action::Message).is_err());
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_when_told_is_let_in() {
    let settings = RateLimitSettings::new(|_| Some(Rate { per_second: 3.0, burst: 1 }));
    let limits = RateLimits::new(Some(&settings));
    let alice = user_id!("@alice:example.org");
    assert!(limits.user(alice, Action::Message).is_ok());
    for _ in 0..10 {
        let wait_ms = limits.wait_ms(alice, Action::Message).unwrap_err();
        tokio::time::advance(Duration::from_millis(wait_ms)).await;
        assert!(limits.user(alice, Action::Message).is_ok(), "after {wait_ms} ms");
    }
}
