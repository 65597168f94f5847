//! Everything that goes wrong with the bot's long connection.

use serde_json::{Value, json};

use super::client::{APP, BOT, text, world};
use super::line::{markdown, stream};

#[tokio::test]
async fn what_is_said_while_nobody_is_connected_is_lost() {
    let world = world().await;
    world.speak("lisi", &world.chat, "lost").await;
    world.fared("lost: nobody is connected", 1).await;
    let mut line = world.subscribed().await;
    world.fail("socket.closed", Value::Null);
    world.speak("lisi", &world.chat, "lost too").await;
    assert!(line.next().await.is_none());
    let mut line = world.subscribed().await;
    world.fail("socket.deaf", Value::Null);
    world.speak("lisi", &world.chat, "lost as well").await;
    world.fared("lost: the platform forgot", 1).await;
    assert_eq!(line.ping().await, 0);
    world.speak("lisi", &world.chat, "heard").await;
    assert_eq!(line.callback().await["body"]["text"]["content"], "@Robot heard");
    assert_eq!(world.act(json!({ "do": "close_connections", "bot": BOT })).await["closed"], 1);
    assert!(line.next().await.is_none());
}

#[tokio::test]
async fn handles_die_with_their_connection() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "hello").await;
    let asked = line.callback().await;
    world.fail("socket.request_dead", Value::Null);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", markdown("x")).await, 846_605);
    let mut again = world.subscribed().await;
    assert_eq!(again.reply(&asked, "aibot_respond_msg", markdown("x")).await, 846_605);
    assert_eq!(again.push(&world.chat, 0, "of its own").await, 0);
    world.speak("lisi", &world.chat, "more").await;
    let asked = again.callback().await;
    world.fail("socket.stream_over", Value::Null);
    assert_eq!(again.reply(&asked, "aibot_respond_msg", stream("s", "x", true)).await, 846_608);
}

#[tokio::test]
async fn a_subscription_can_be_gone_while_pings_are_answered() {
    let world = world().await;
    for way in ["fault", "command"] {
        let mut line = world.subscribed().await;
        world.speak("lisi", &world.chat, "hello").await;
        line.callback().await;
        if way == "fault" {
            world.fail("socket.unsubscribed", Value::Null);
        } else {
            world.act(json!({ "do": "unsubscribe", "bot": BOT })).await;
            line.ping().await;
        }
        assert_eq!(line.push(&world.chat, 0, "x").await, 846_609, "{way}");
        assert_eq!((line.ping().await, line.push(&world.chat, 0, "x").await), (0, 846_609), "{way}");
    }
    let mut line = world.subscribed().await;
    assert_eq!(line.push(&world.chat, 0, "back").await, 0);
}

#[tokio::test]
async fn a_connection_can_stand_and_say_nothing() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.fail("socket.no_pong", Value::Null);
    line.put("ping", "lost", Value::Null).await;
    assert_eq!(line.ping().await, 0);
    world.fail("socket.ack_lost", Value::Null);
    world.speak("lisi", &world.chat, "hello").await;
    let asked = line.callback().await;
    line.put("aibot_respond_msg", &text(&asked["headers"], "req_id"), markdown("done")).await;
    line.ping().await;
    assert_eq!(world.words(&world.chat).await[1], "done");
    world.fail("socket.ack_delayed", json!(1));
    assert_eq!(line.push(&world.chat, 0, "late").await, 0);
    world.act(json!({ "do": "freeze_connections", "bot": BOT })).await;
    world.speak("lisi", &world.chat, "into nothing").await;
    line.put("ping", "unheard", Value::Null).await;
    let waited = tokio::time::timeout(std::time::Duration::from_millis(100), line.next()).await;
    assert!(waited.is_err());
    let mut next = world.subscribed().await;
    world.fail("socket.silent", Value::Null);
    world.speak("lisi", &world.chat, "into nothing").await;
    let waited = tokio::time::timeout(std::time::Duration::from_millis(100), next.next()).await;
    assert!(waited.is_err());
}

#[tokio::test]
async fn what_nobody_knows_comes_before_a_message_and_messages_come_twice() {
    let world = world().await;
    let mut line = world.subscribed().await;
    for name in ["socket.garbage", "socket.binary", "socket.unknown"] {
        world.fail(name, Value::Null);
    }
    world.fail("delivery.duplicate", Value::Null);
    let said = world.speak("lisi", &world.chat, "hello").await;
    assert_eq!((line.next().await, line.next().await), (Some(Value::Null), Some(Value::Null)));
    assert_eq!(line.next().await.unwrap()["cmd"], "aibot_nobody_knows");
    let (first, second) = (line.callback().await, line.callback().await);
    assert_eq!((&first["body"]["msgid"], &second["body"]["msgid"]), (&json!(said), &json!(said)));
    assert_ne!(first["headers"]["req_id"], second["headers"]["req_id"]);
}

#[tokio::test]
async fn a_frame_that_is_none_is_refused_and_the_app_has_nothing_to_do_with_it() {
    let world = world().await;
    let mut line = world.subscribed().await;
    assert_eq!(line.tell("aibot_no_such", json!({})).await["errcode"], 40_058);
    assert_eq!(world.send("lisi", "from the app").await["errcode"], 0);
    let overview = world.act(json!({ "do": "overview" })).await;
    let apps = overview["apps"].as_array().unwrap();
    assert_eq!((&apps[0]["app_id"], &apps[1]["connections"]), (&json!(APP.to_string()), &json!(1)));
}
