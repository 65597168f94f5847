//! Events of the stream: acknowledged when all that they say is durable.

use bridge_api::limits::PEOPLE_AT_ONCE_MAX;

use super::*;

#[tokio::test]
async fn all_who_were_removed_at_once_are_told_before_the_event_is_acknowledged() {
    let gateway = Gateway::start(2).await;
    let (mut peer, _other) = (gateway.accept().await, gateway.accept().await);
    let users: Vec<String> = (0..=PEOPLE_AT_ONCE_MAX).map(|number| format!("u{number}")).collect();
    let headers = json!({"messageId": "m1", "topic": "*", "eventId": "e1", "eventType": "chat_remove_member",
        "eventBornTime": "1700000000000"});
    let data = json!({"openConversationId": "cid1==", "operator": "u9", "userId": users}).to_string();
    let frame = json!({"specVersion": "1.0", "type": "EVENT", "headers": headers, "data": data}).to_string();
    for (refuses, status) in [(true, "LATER"), (false, "SUCCESS")] {
        gateway.basket.refuse(refuses);
        peer.send(Message::text(frame.clone())).await.expect("told");
        let answer = heard(&mut peer).await;
        assert!(answer["data"].as_str().is_some_and(|data| data.contains(status)), "{answer}");
    }
    let told = gateway.basket.taken().into_iter().map(|arrival| match arrival.what {
        Happened::Left { people, .. } => people.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(told.collect::<Vec<_>>(), [PEOPLE_AT_ONCE_MAX, 1]);
    gateway.stop().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_yet_is_asked_for_again() {
    let gateway = Gateway::start(2).await;
    let (mut peer, _other) = (gateway.accept().await, gateway.accept().await);
    let instance = "/v1.0/workflow/processInstances";
    gateway.platform.next(instance, 504, json!({"code": "ServiceTimeout", "message": "slow"}));
    let read = json!({"result": {"title": "Leave", "status": "RUNNING", "businessId": "1"}});
    gateway.platform.next(instance, 200, &read);
    let headers = json!({"messageId": "m1", "topic": "*", "eventId": "e1", "eventType": "bpms_instance_change",
        "eventBornTime": "1700000000000"});
    let data = json!({"processInstanceId": "Gx1", "type": "start"}).to_string();
    let frame = json!({"specVersion": "1.0", "type": "EVENT", "headers": headers, "data": data}).to_string();
    for status in ["LATER", "SUCCESS"] {
        peer.send(Message::text(frame.clone())).await.expect("told");
        let answer = heard(&mut peer).await;
        assert!(answer["data"].as_str().is_some_and(|data| data.contains(status)), "{answer}");
    }
    let taken = gateway.basket.taken();
    assert!(matches!(taken.as_slice(), [arrival] if matches!(arrival.what, Happened::ApprovalChanged(_))));
    gateway.stop().await;
}
