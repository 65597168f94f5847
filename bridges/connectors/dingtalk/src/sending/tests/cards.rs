//! Cards: sent once, changed forwards only.

use super::*;

#[tokio::test]
async fn a_card_is_sent_changed_forwards_only_and_taken_back() {
    let stage = stage().await;
    let path = "/v1.0/card/instances/createAndDeliver";
    let result = |success: bool| {
        json!({"success": true, "result": {"outTrackId": "k1", "deliverResults": [
        {"spaceType": "IM_GROUP", "spaceId": "cid1==", "success": success, "carrierId": "pqk1=", "errorMsg": "no"}]}})
    };
    let mut card = Card {
        title: "Leave".into(),
        body: RichText::plain("2 days"),
        buttons: Vec::new(),
        input: None,
        revision: 2,
    };
    card.buttons.push(Button {
        action: "agree".into(),
        label: "Agree".into(),
        style: bridge_api::ButtonStyle::Primary,
        values: [("case".to_owned(), "7".to_owned())].into(),
    });
    stage.platform.next(path, 200, result(true));
    let sent =
        stage.sending.send(&outgoing("k1", "cid1==", Content::Card(card.clone()))).await.expect("sent");
    assert_eq!(ids(&sent), ["card:k1"]);
    let body = &stage.platform.asked(path)[0].body;
    assert_eq!(body["openSpaceId"], "dtv1.card//IM_GROUP.cid1==");
    assert_eq!(body["imGroupOpenSpaceModel"]["supportForward"], false, "who is asked is asked here");
    let variables = &body["cardData"]["cardParamMap"];
    assert_eq!(variables["input"], "");
    assert!(variables.as_object().is_some_and(|map| map.values().all(Value::is_string)));
    let buttons: Value = serde_json::from_str(variables["buttons"].as_str().expect("a text")).expect("JSON");
    assert_eq!(buttons[0]["params"], json!({"action": "agree", "case": "7"}));
    let conversation = ConversationId::new("cid1==").expect("an id");
    for (revision, changes) in [(1, 0), (3, 1), (2, 1)] {
        card.revision = revision;
        stage.sending.update(&conversation, &sent.messages[0], &card).await.expect("changed");
        assert_eq!(stage.platform.asked("/v1.0/card/instances").len(), changes, "{revision}");
    }
    let options = &stage.platform.asked("/v1.0/card/instances")[0].body["cardUpdateOptions"];
    assert_eq!(options["updateCardDataByKey"], true);
    card.input = Some(bridge_api::Input { name: "reason".into(), label: "Why?".into() });
    card.revision = 4;
    stage.sending.update(&conversation, &sent.messages[0], &card).await.expect("changed");
    let variables = &stage.platform.asked("/v1.0/card/instances")[1].body["cardData"]["cardParamMap"];
    assert_eq!(variables["input"], "Why?");
    let buttons: Value = serde_json::from_str(variables["buttons"].as_str().expect("a text")).expect("JSON");
    assert_eq!(buttons[0]["params"]["input_name"], "reason");
    stage.platform.next(
        "/v1.0/robot/groupMessages/recall",
        200,
        json!({"successResult": ["pqk1="], "failedResult": {}}),
    );
    stage.sending.recall(&conversation, &sent.messages[0]).await.expect("taken back");
    stage.platform.next(path, 200, result(false));
    let failure =
        stage.sending.send(&outgoing("k9", "cid1==", Content::Card(card))).await.expect_err("not delivered");
    assert_eq!(failure.kind, FailureKind::Refused(Refusal::Other("no".into())));
}
