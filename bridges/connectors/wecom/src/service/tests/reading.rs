use bridge_api::{Message, MessageId, Sender};

use super::*;
use crate::ids;

async fn read(service: &Service, entries: &[Value]) -> Vec<Arrival> {
    service.read("wkA", entries).await.expect("read")
}

fn message(arrival: &Arrival) -> &Message {
    let Happened::Message(message) = &arrival.what else { panic!("{arrival:?}") };
    message
}

#[tokio::test]
async fn customers_speak_under_their_names_as_people_from_outside_and_members_as_themselves() {
    let desk = Desk::new().await;
    let service = desk.service();
    service.accounts.lock().insert("wkA".to_owned(), "客服".to_owned());
    let customers =
        json!([{"external_userid": CUSTOMER, "nickname": "王先生", "avatar": "https://wx.qlogo.cn/a"}]);
    desk.answers("customer/batchget", json!({"errcode": 0, "customer_list": customers}));
    let mut by_member = words("m2", "I am here");
    (by_member["origin"], by_member["servicer_userid"]) = (json!(5), json!("LiSi"));
    let arrivals = read(&service, &[words("m1", "hello"), by_member, json!({"msgtype": "text"})]).await;
    assert_eq!(arrivals.len(), 2);
    assert!(arrivals.iter().all(|arrival| arrival.conversation == Some(here())));
    let Sender::Person { id, name, external } = &message(&arrivals[0]).from else { panic!("nobody") };
    assert_eq!((id.as_str(), name.as_deref(), *external), (CUSTOMER, Some("王先生"), Some(true)));
    let Sender::Person { id, external, .. } = &message(&arrivals[1]).from else { panic!("nobody") };
    assert_eq!((id.as_str(), *external), ("lisi", Some(false)));
    let listed = service.incoming.groups.name(&here()).await.expect("readable");
    assert_eq!(listed.as_deref(), Some("王先生 · 客服"));
    // Who has a name is not asked for again.
    read(&service, &[words("m3", "more")]).await;
    assert_eq!(desk.platform.asked("kf/customer/batchget").len(), 1);
}

#[tokio::test]
async fn what_is_taken_back_and_what_did_not_arrive_is_told_where_it_belongs() {
    let desk = Desk::new().await;
    let service = desk.service();
    let told = read(
        &service,
        &[
            event("e1", "user_recall_msg", json!({"recall_msgid": "m1"})),
            event("e2", "servicer_recall_msg", json!({"recall_msgid": "m2", "servicer_userid": "lisi"})),
            event("e3", "msg_send_fail", json!({"fail_msgid": "ours", "fail_type": 10})),
            event("e4", "session_status_change", json!({"change_type": 3})),
            event("e5", "servicer_status_change", json!({"status": 1})),
        ],
    )
    .await;
    let recalled = |message: &str, by: &str| Happened::Recalled {
        message: MessageId::new(message).expect("an id"),
        by: ids::customer(by),
    };
    assert_eq!(told[0].what, recalled("m1", CUSTOMER));
    assert_eq!(told[1].what, recalled("m2", "lisi"));
    let failed = message(&told[2]);
    assert_eq!(
        (&failed.from, failed.reply_to.as_ref().map(MessageId::as_str)),
        (&Sender::System, Some("service:ours"))
    );
    let words = failed.parts[0].to_plain();
    assert!(words.contains("客户拒收") && words.contains("takes no messages"), "{words}");
    assert!(message(&told[3]).parts[0].to_plain().contains("ended the session"));
    assert_eq!(told.len(), 4);
}

#[tokio::test]
async fn who_enters_is_welcomed_within_seconds_and_not_later() {
    let desk = Desk::new().await;
    let service = desk.service();
    let enters = event("e1", "enter_session", json!({"scene": "", "welcome_code": "CODE"}));
    assert!(read(&service, std::slice::from_ref(&enters)).await.is_empty());
    let asked = desk.asked("send_msg_on_event", 1).await;
    assert_eq!(asked[0], json!({"code": "CODE", "msgtype": "text", "text": {"content": "welcome"}}));
    desk.clock.advance(60_000);
    read(&service, &[enters, event("e2", "enter_session", json!({"scene": ""}))]).await;
    assert_eq!(desk.platform.asked("kf/send_msg_on_event").len(), 1);
}

#[tokio::test]
async fn what_we_said_ourselves_is_no_news_also_when_all_is_read_once_more() {
    let desk = Desk::new().await;
    let service = desk.service();
    assert_eq!(read(&service, &[words("m1", "hello")]).await.len(), 1);
    let content = json!({"content": "hi"});
    let ours = service.say(&here(), ("wkA", CUSTOMER), "a", ("text", &content)).await.expect("sent");
    let ours = ours.strip_prefix("service:").expect("an id of ours").to_owned();
    assert_eq!(read(&service, &[words("m2", "and?")]).await.len(), 1);
    let again = read(&service, &[words("m1", "hello"), words(&ours, "hi"), words("m2", "and?")]).await;
    let ids: Vec<&str> = again.iter().map(|arrival| message(arrival).id.as_str()).collect();
    assert_eq!(ids, ["m1", "m2"], "the core knows these");
}
