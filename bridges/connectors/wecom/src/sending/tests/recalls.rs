//! Taking back: once, in time, and across an end in between.

use super::*;

#[tokio::test]
async fn what_was_taken_back_is_taken_back_once_and_what_is_old_is_too_late() {
    let (platform, connector, _) = stand().await;
    let (here, recalls) =
        (ConversationId::new("user:lisi").expect("an id"), connector.recalls().expect("recalls"));
    let id = |text: &str| MessageId::new(text).expect("an id");
    for _ in 0..2 {
        recalls.recall(&here, &id("msg:M1")).await.expect("taken back");
    }
    assert_eq!(platform.asked("message/recall").len(), 1);
    platform.next("message/recall", 200, json!({"errcode": 40058, "errmsg": "too old"}));
    let table = [
        ("msg:M2", Refusal::TooLate),
        ("said:k", Refusal::Impossible),
        ("bot:r", Refusal::Impossible),
        ("7001", Refusal::NotPermitted),
    ];
    for (message, expected) in table {
        let failure = recalls.recall(&here, &id(message)).await.expect_err("not possible");
        assert_eq!(failure.kind, FailureKind::Refused(expected), "{message}");
    }
}

#[tokio::test]
async fn what_was_being_taken_back_when_all_ended_is_taken_back() {
    let (platform, connector, rows) = stand().await;
    let here = ConversationId::new("user:lisi").expect("an id");
    let message = MessageId::new("msg:M1").expect("an id");
    let recalls = connector.recalls().expect("recalls");
    {
        let taking_back = recalls.recall(&here, &message);
        let asked = async {
            while platform.asked("message/recall").is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = asked => {}
            _ = taking_back => panic!("it was answered before it was asked"),
        }
    }
    platform.next("message/recall", 200, json!({"errcode": 40058, "errmsg": "it is taken back"}));
    let settings = connector_settings(&connector);
    let again = WeCom::new(settings, rows, Clock::fake(1), Rng::seeded(2)).expect("settings");
    again.recalls().expect("recalls").recall(&here, &message).await.expect("taken back");
    assert_eq!(platform.asked("message/recall").len(), 2);
}

#[tokio::test]
async fn taking_back_that_was_refused_at_once_is_no_try() {
    let (platform, connector, _) = stand().await;
    let here = ConversationId::new("user:lisi").expect("an id");
    let message = MessageId::new("msg:M1").expect("an id");
    let recalls = connector.recalls().expect("recalls");
    platform.next("message/recall", 200, json!({"errcode": 60020, "errmsg": "not allowed from your ip"}));
    for _ in 0..2 {
        platform.next("message/recall", 200, json!({"errcode": 40058, "errmsg": "too old"}));
    }
    recalls.recall(&here, &message).await.expect_err("not from this address");
    for _ in 0..2 {
        let failure = recalls.recall(&here, &message).await.expect_err("too late");
        assert_eq!(failure.kind, FailureKind::Refused(Refusal::TooLate));
    }
}
