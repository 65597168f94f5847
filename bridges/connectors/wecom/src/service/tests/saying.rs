use bridge_api::{Failure, FailureKind, MessageId, Refusal};

use super::*;
use crate::sending::tests::outgoing;

async fn say(connector: &WeCom, key: &str) -> Result<String, Failure> {
    let sent = connector.send(&outgoing(here().as_str(), key, "hello")).await?;
    Ok(sent.messages[0].as_str().to_owned())
}

#[tokio::test]
async fn a_new_session_is_taken_up_once_and_answered_under_ids_of_ours() {
    let desk = Desk::new().await;
    let connector = desk.connector();
    desk.answers("service_state/get", json!({"errcode": 0, "service_state": 0}));
    let first = say(&connector, "a").await.expect("sent");
    say(&connector, "b").await.expect("sent");
    let taken_up = desk.asked("service_state/trans", 1).await;
    assert_eq!((&taken_up[0]["service_state"], taken_up.len()), (&json!(1), 1));
    assert_eq!(desk.platform.asked("kf/service_state/get").len(), 1);
    let said = desk.asked("send_msg", 2).await;
    let id = said[0]["msgid"].as_str().expect("an id");
    assert_eq!((first, id.len()), (format!("service:{id}"), 32));
    assert_eq!((&said[0]["touser"], &said[0]["open_kfid"]), (&json!(CUSTOMER), &json!("wkA")));
    assert_eq!(said[0]["text"], json!({"content": "Ada: hello"}));
    assert_ne!(said[0]["msgid"], said[1]["msgid"]);
}

#[tokio::test]
async fn what_nobody_knows_is_said_again_under_the_same_id_also_after_a_restart() {
    let desk = Desk::new().await;
    desk.platform.next("kf/send_msg", 200, "{\"errcode\":0,\"msg");
    assert!(say(&desk.connector(), "a").await.expect_err("unknown").passes());
    let again = say(&desk.connector(), "a").await.expect("sent");
    let said = desk.asked("send_msg", 2).await;
    assert_eq!(said[0]["msgid"], said[1]["msgid"]);
    assert_eq!(say(&desk.connector(), "a").await, Ok(again));
    assert_eq!(desk.platform.asked("kf/send_msg").len(), 2);
}

#[tokio::test]
async fn a_session_that_is_not_ours_is_not_answered_and_people_are_told_why() {
    let desk = Desk::new().await;
    let connector = desk.connector();
    for (state, is_over) in [(2, false), (3, false), (4, true)] {
        desk.answers("service_state/get", json!({"errcode": 0, "service_state": state}));
        let failure = say(&connector, "a").await.expect_err("not ours");
        match failure.kind {
            FailureKind::Silenced(words) => assert!(is_over && words.en.contains("session"), "{words:?}"),
            FailureKind::Refused(Refusal::Other(words)) => {
                assert!(!is_over && words.contains("接待"), "{words}")
            }
            other => panic!("{other}"),
        }
    }
    assert!(desk.platform.asked("kf/send_msg").is_empty());
    // It was ours a moment ago, and somebody took it meanwhile; then it is ours again.
    desk.answers("service_state/get", json!({"errcode": 0, "service_state": 1}));
    desk.answers(
        "send_msg",
        json!({"errcode": 95018, "errmsg": "send msg session status invalid, hint: [17]"}),
    );
    desk.answers("service_state/get", json!({"errcode": 0, "service_state": 3}));
    let failure = say(&connector, "a").await.expect_err("taken");
    assert!(!failure.passes() && failure.trace.as_deref() == Some("17"), "{failure}");
    desk.answers("service_state/get", json!({"errcode": 0, "service_state": 1}));
    desk.answers("send_msg", json!({"errcode": 95018, "errmsg": ""}));
    desk.answers("service_state/get", json!({"errcode": 0, "service_state": 1}));
    assert!(say(&connector, "a").await.expect_err("a moment").passes());
    desk.answers("service_state/get", json!({"errcode": 0, "service_state": 1}));
    say(&connector, "a").await.expect("sent");
}

#[tokio::test]
async fn what_is_beyond_five_answers_waits_for_the_customer() {
    let desk = Desk::new().await;
    let (connector, service) = (desk.connector(), desk.service());
    service.read("wkA", &[words("m1", "hello")]).await.expect("read");
    for key in ["a", "b", "c", "d", "e"] {
        say(&connector, key).await.expect("sent");
    }
    for key in ["f", "f"] {
        let failure = say(&connector, key).await.expect_err("too many");
        assert!(matches!(failure.kind, FailureKind::Silenced(_)), "{failure}");
    }
    assert_eq!(desk.platform.asked("kf/send_msg").len(), 5);
    service.read("wkA", &[words("m2", "and?")]).await.expect("read");
    say(&connector, "f").await.expect("sent");
    // What the platform itself says of it means the same.
    desk.answers("send_msg", json!({"errcode": 95002, "errmsg": "too late"}));
    let failure = say(&connector, "g").await.expect_err("too late");
    assert!(matches!(failure.kind, FailureKind::Silenced(_)), "{failure}");
}

#[tokio::test]
async fn what_may_have_been_said_stays_counted_whatever_becomes_of_the_next_try() {
    let desk = Desk::new().await;
    let (connector, service) = (desk.connector(), desk.service());
    service.read("wkA", &[words("m1", "hello")]).await.expect("read");
    desk.platform.next("kf/send_msg", 200, "{\"errcode\":0,\"msg");
    desk.answers("send_msg", json!({"errcode": 90001, "errmsg": "no"}));
    assert!(say(&connector, "a").await.expect_err("unknown").passes());
    assert!(!say(&connector, "a").await.expect_err("refused").passes());
    // What was refused at once was never said.
    desk.answers("send_msg", json!({"errcode": 90001, "errmsg": "no"}));
    assert!(!say(&connector, "b").await.expect_err("refused").passes());
    for key in ["c", "d", "e", "f"] {
        say(&connector, key).await.expect("sent");
    }
    let failure = say(&connector, "g").await.expect_err("too many");
    assert!(matches!(failure.kind, FailureKind::Silenced(_)), "{failure}");
}

#[tokio::test]
async fn an_answer_is_taken_back_in_the_name_of_its_account_and_once() {
    let desk = Desk::new().await;
    let connector = desk.connector();
    let said = MessageId::new(say(&connector, "a").await.expect("sent")).expect("an id");
    let recalls = connector.recalls().expect("recalls");
    for _ in 0..2 {
        recalls.recall(&here(), &said).await.expect("taken back");
    }
    let asked = desk.asked("recall_msg", 1).await;
    let id = said.as_str().strip_prefix("service:").expect("an id of ours");
    assert_eq!(asked, [json!({"msgid": id, "open_kfid": "wkA"})]);
    desk.answers("recall_msg", json!({"errcode": 40058, "errmsg": "more than two minutes ago"}));
    let late = MessageId::new(say(&connector, "b").await.expect("sent")).expect("an id");
    let failure = recalls.recall(&here(), &late).await.expect_err("too late");
    assert_eq!(failure.kind, FailureKind::Refused(Refusal::TooLate));
    // Whose answer is lost was taken back, whatever is said of it a moment later.
    desk.platform.next("kf/recall_msg", 200, "{\"errcode\":0,\"errm");
    desk.answers("recall_msg", json!({"errcode": 40058, "errmsg": "it is taken back"}));
    let lost = MessageId::new(say(&connector, "c").await.expect("sent")).expect("an id");
    assert!(recalls.recall(&here(), &lost).await.expect_err("unknown").passes());
    recalls.recall(&here(), &lost).await.expect("taken back");
}
