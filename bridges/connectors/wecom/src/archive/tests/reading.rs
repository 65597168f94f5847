//! What entries become: who, where, to what they answer, and what another way brought before.

use bridge_api::{
    Arrival, Connector as _, Content, ConversationId, FailureKind, File, FileKind, Happened, IdempotencyKey,
    MediaId, Message, MessageId, Outgoing, Refusal, RichText, Sender, Speaker, hex, whole,
};
use serde_json::json;

use super::{World, entry};
use crate::connector::WeCom;

fn message(arrival: &Arrival) -> &Message {
    let Happened::Message(message) = &arrival.what else { panic!("{arrival:?}") };
    message
}

fn place(arrival: &Arrival) -> &str {
    arrival.conversation.as_ref().map_or("", ConversationId::as_str)
}

/// What the AI bot hears in the group that is paired.
async fn heard_by_bot(connector: &WeCom, id: &str, words: &str) -> Option<Arrival> {
    let body = json!({"msgid": id, "aibotid": "aibX", "chatid": "wrBot", "chattype": "group", "create_time": 1_700_000_000,
        "from": {"userid": "zhangsan"}, "msgtype": "text", "text": {"content": words}});
    connector.incoming().bot(&body, None, "proof").await.expect("understood")
}

#[tokio::test]
async fn everything_said_in_a_group_comes_with_its_sender_and_its_time() {
    let world = World::new(|_| {}).await;
    let came = world.one(&entry("m1", json!({}))).await;
    assert_eq!((came.len(), place(&came[0]), came[0].at_ms), (1, "room:wrRoom", 1_700_000_000_000));
    assert_eq!(came[0].key.as_str(), "ww1234567890abcdef:message:m1");
    let from = &message(&came[0]).from;
    assert!(matches!(from, Sender::Person { id, .. } if id.as_str() == "zhangsan"), "{from:?}");
    let recalled = json!({"action": "recall", "msgtype": "revoke", "revoke": {"pre_msgid": "m1"}});
    let came = world.one(&entry("m1_revoke", recalled)).await;
    let expected = MessageId::new("m1").expect("an id");
    assert!(matches!(&came[0].what, Happened::Recalled { message, by: Some(_) } if *message == expected));
}

#[tokio::test]
async fn two_people_alone_are_brought_only_where_the_operator_wants_it() {
    let alone = entry("m1", json!({"roomid": "", "tolist": ["lisi"]}));
    assert!(World::new(|_| {}).await.one(&alone).await.is_empty());
    let world = World::new(|settings| settings.direct_chats = true).await;
    let came = world.one(&alone).await;
    assert_eq!(place(&came[0]), "between:lisi|zhangsan");
}

#[tokio::test]
async fn a_group_has_its_name_and_tells_when_it_gets_another() {
    let mut world = World::new(|_| {}).await;
    world.platform.next("msgaudit/groupchat/get", 200, json!({"errcode": 0, "roomname": "Sales"}));
    assert_eq!(world.one(&entry("m1", json!({}))).await.len(), 1);
    let here = ConversationId::new("room:wrRoom").expect("an id");
    assert_eq!(world.connector.incoming().groups.name(&here).await, Ok(Some("Sales".to_owned())));
    // Within the hour nobody asks again.
    assert_eq!(world.one(&entry("m2", json!({}))).await.len(), 1);
    assert_eq!(world.platform.asked("msgaudit/groupchat/get").len(), 1);
    world.restart(|_| {});
    world.platform.next("msgaudit/groupchat/get", 200, json!({"errcode": 0, "roomname": "Sales 2"}));
    let came = world.one(&entry("m3", json!({}))).await;
    assert!(matches!(&came[0].what, Happened::Renamed { name, .. } if name == "Sales 2"), "{came:?}");
}

#[tokio::test]
async fn who_is_from_outside_is_named_and_a_consent_that_is_missing_is_said_in_the_group() {
    let world = World::new(|_| {}).await;
    let customer = "wmAJ2GCAAAXtWyujaWJHDDGi0mACHAAA";
    world.platform.next(
        "externalcontact/get",
        200,
        json!({"errcode": 0, "external_contact": {"name": "老王"}}),
    );
    let consents =
        json!({"errcode": 0, "agreeinfo": [{"exteranalopenid": customer, "agree_status": "Disagree"}]});
    world.platform.next("msgaudit/check_room_agree", 200, consents);
    let came = world.one(&entry("m1_external", json!({"from": customer}))).await;
    let said = message(&came[0]);
    assert_eq!(said.from, Sender::System);
    assert!(said.parts[0].to_plain().contains("did not agree"), "{said:?}");
    let from = &message(&came[1]).from;
    assert!(
        matches!(from, Sender::Person { id, name: Some(name), .. } if id.as_str() == customer && name == "老王"),
        "{from:?}"
    );
    assert_eq!(world.one(&entry("m2_external", json!({}))).await.len(), 1, "it is said once");
}

#[tokio::test]
async fn robots_speak_as_robots_and_our_own_are_left_out() {
    let world = World::new(|_| {}).await;
    for name in ["Weather", "Alarm", "Bridge"] {
        world.platform.next("msgaudit/get_robot_info", 200, json!({"errcode": 0, "data": {"name": name}}));
    }
    let came = world.one(&entry("m1", json!({"from": "wbOther"}))).await;
    assert!(matches!(&message(&came[0]).from, Sender::Bot { name: Some(name), .. } if name == "Weather"));
    assert!(world.one(&entry("m2", json!({"from": "wbHook"}))).await.is_empty(), "a webhook of ours");
    assert!(world.one(&entry("m3", json!({"from": "wbBot"}))).await.is_empty(), "the AI bot");
    let came = world.one(&entry("m4", json!({"from": "wbOther"}))).await;
    assert_eq!(came.len(), 1);
    assert_eq!(world.platform.asked("msgaudit/get_robot_info").len(), 3, "robots are remembered");
    // Somebody may be called so who is no robot.
    world.platform.next("msgaudit/get_robot_info", 200, json!({"errcode": 40003, "errmsg": "invalid"}));
    let came = world.one(&entry("m5", json!({"from": "wbush"}))).await;
    assert!(matches!(&message(&came[0]).from, Sender::Person { id, .. } if id.as_str() == "wbush"));
}

#[tokio::test]
async fn a_robot_that_says_what_we_just_said_is_ours() {
    let world = World::new(|_| {}).await;
    let here = ConversationId::new("group:wrBot").expect("an id");
    let ours = MessageId::new("bot:aibot_send_msg_k1").expect("an id");
    world.connector.incoming().memory.said(&here, &ours, "Ada", "lunch?").await;
    let unknown = json!({"errcode": 0, "data": {"name": "unknown"}});
    world.platform.next("msgaudit/get_robot_info", 200, &unknown);
    let echo = json!({"from": "wbX", "roomid": "wrPaired", "text": {"content": "Ada: lunch?"}});
    assert!(world.one(&entry("m1", echo)).await.is_empty());
    let other = json!({"from": "wbX", "roomid": "wrPaired", "text": {"content": "rain"}});
    assert_eq!(world.one(&entry("m2", other)).await.len(), 1);
}

#[tokio::test]
async fn what_the_bot_heard_in_a_paired_group_comes_once_and_is_taken_back_by_either_id() {
    let world = World::new(|_| {}).await;
    assert!(heard_by_bot(&world.connector, "b1", "@Bridge hello").await.is_some());
    let paired = |words: &str| json!({"roomid": "wrPaired", "text": {"content": words}});
    assert!(world.one(&entry("a1", paired("@Bridge hello"))).await.is_empty());
    let came = world.one(&entry("a2", paired("not for the bot"))).await;
    assert_eq!(place(&came[0]), "group:wrBot");
    let recalled =
        json!({"roomid": "wrPaired", "action": "recall", "msgtype": "revoke", "revoke": {"pre_msgid": "a1"}});
    let came = world.one(&entry("a1_revoke", recalled)).await;
    let heard = MessageId::new("b1").expect("an id");
    assert!(matches!(&came[0].what, Happened::Recalled { message, .. } if *message == heard), "{came:?}");
    // The archive may be the first one to say it.
    let came = world.one(&entry("a3", paired("@Bridge again"))).await;
    assert_eq!(message(&came[0]).parts, [Content::Text(RichText::plain("again"))]);
    assert!(heard_by_bot(&world.connector, "b3", "@Bridge again").await.is_none());
    // So that one message alone says it, and who quotes it answers that one.
    let here = ConversationId::new("group:wrBot").expect("an id");
    let quoted = world.connector.incoming().memory.quoted(&here, "again").await;
    assert_eq!(quoted.as_ref(), Some(&message(&came[0]).id));
}

#[tokio::test]
async fn an_answer_answers_the_message_that_says_what_it_quotes() {
    let world = World::new(|_| {}).await;
    world.one(&entry("m1", json!({"text": {"content": "午饭?"}}))).await;
    let answer = |quote: &str| json!({"from": "lisi", "text": {"content": format!("这是一条引用/回复消息：\n\"{quote}\"\n------\n好的")}});
    let came = world.one(&entry("m2", answer("张三：\n午饭?"))).await;
    assert_eq!(message(&came[0]).reply_to, MessageId::new("m1").ok());
    assert_eq!(message(&came[0]).parts[0].to_plain(), "好的");
    let came = world.one(&entry("m3", answer("张三：\n很久以前"))).await;
    assert_eq!(message(&came[0]).reply_to, None);
    assert!(message(&came[0]).parts[0].to_plain().contains("很久以前"));
}

#[tokio::test]
async fn files_are_fetched_piece_by_piece_when_somebody_wants_them() {
    let world = World::new(|_| {}).await;
    let bytes = b"\xff\xd8\xff and the rest".to_vec();
    world.archive.files.lock().push(("sdk1".to_owned(), bytes.clone()));
    let image =
        |id: &str| json!({"msgtype": "image", "image": {"md5sum": "wrong", "filesize": 16, "sdkfileid": id}});
    let came = world.one(&entry("m1", image("sdk1"))).await;
    let Content::File(file) = &message(&came[0]).parts[0] else { panic!("{came:?}") };
    let name = file.media.as_str().strip_prefix("archive:").expect("ours").to_owned();
    world.archive.trouble(super::ArchiveError::Helper("killed".into()));
    let download = world.archived.media().download(&name).await.expect("a file");
    assert_eq!(download.mimetype.as_deref(), Some("image/jpeg"));
    assert_eq!(hex(&whole(download.bytes, 100).await.expect("all of it")), hex(&bytes));
    // One that the platform has no more, and one that nobody ever heard of.
    let came = world.one(&entry("m2", image("sdk2"))).await;
    let Content::File(gone) = &message(&came[0]).parts[0] else { panic!("{came:?}") };
    let name = gone.media.as_str().strip_prefix("archive:").expect("ours").to_owned();
    let error = world.archived.media().download(&name).await.map(drop).expect_err("gone");
    assert_eq!(error.kind, FailureKind::Refused(Refusal::Gone));
    assert!(world.archived.media().download("nothing").await.is_err());
}

#[tokio::test]
async fn groups_of_the_archive_are_heard_and_nothing_can_be_said_there() {
    let world = World::new(|_| {}).await;
    world.one(&entry("m1", json!({}))).await;
    let here = ConversationId::new("room:wrRoom").expect("an id");
    let conversations = world.connector.conversations().expect("conversations");
    assert!(conversations.conversation(&here).await.expect("an answer").is_some());
    let listed = conversations.list(None).await.expect("a page").items;
    assert!(listed.iter().any(|group| group.id == here), "{listed:?}");
    let outgoing = Outgoing {
        key: IdempotencyKey::new("k1").expect("a key"),
        conversation: here.clone(),
        speaker: Speaker { name: "Ada".into(), person: None },
        content: Content::Text(RichText::plain("hello")),
        reply_to: None,
        thread: None,
    };
    let error = world.connector.send(&outgoing).await.expect_err("it is refused");
    assert_eq!(error.kind, FailureKind::Refused(Refusal::Impossible));
    let media = MediaId::new("none").expect("an id");
    let file = File { size: Some(9), ..File::new(FileKind::File, "a", media) };
    let nothing = Box::pin(futures_util::stream::empty());
    let files = world.connector.files().expect("files");
    assert!(files.upload(&here, &file, nothing).await.is_err());
}
