//! What goes wrong on DingTalk alone: words that are kept back, a month that is used up, cards, people who are not told of.

use bridge_api::{
    Arrival, Content, ConversationId, Failure, FailureKind, Happened, Outgoing, Refusal, RichText, Sent,
};
use conformance::{Said, Stage, card, outgoing};
use serde_json::json;

/// Far enough from now that nothing is over.
const TIME_MS: u64 = 4_000_000_000_000;
const HOUR_MS: u64 = 3_600_000;

async fn fails(stage: &Stage, name: &str) {
    stage.platform.act(json!({ "do": "fail", "name": name, "times": 1 })).await;
}

fn words(here: &ConversationId, key: &str) -> Outgoing {
    outgoing(here, key, Content::Text(RichText::plain(key)))
}

async fn send(stage: &Stage, said: &Outgoing) -> Result<Sent, Failure> {
    stage.insist(|| async { stage.connector().send(said).await }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_the_platform_keeps_back_are_told_of_where_they_were_said() {
    let stage = Stage::on("dingtalk", false).await;
    let group = stage.platform.group("withheld").await;
    fails(&stage, "message.without_content").await;
    stage.platform.say("zhang", &group, Said::Text("kept back".into())).await;
    let withheld = |arrival: &Arrival| match &arrival.what {
        Happened::Withheld => arrival.conversation.clone(),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("that words are kept back", withheld).await, group);
    assert!(stage.inbox.quotas().iter().any(|quota| quota.what == "pushes_month" && quota.left == 0));
    let next = stage.platform.say("li", &group, Said::Text("heard".into())).await;
    let (_, message) = stage.heard(&next).await;
    assert_eq!(message.parts[0].to_plain(), "heard");
    assert_eq!(stage.inbox.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_a_kind_that_nobody_knows_is_named_and_holds_up_nothing() {
    let stage = Stage::on("dingtalk", false).await;
    let group = stage.platform.group("unknown").await;
    fails(&stage, "message.unknown").await;
    let strange = stage.platform.say("zhang", &group, Said::Text("strange".into())).await;
    let next = stage.platform.say("li", &group, Said::Text("plain".into())).await;
    let (_, message) = stage.heard(&strange).await;
    let is_named = matches!(&message.parts[..], [Content::Unsupported { kind, .. }, ..] if !kind.is_empty());
    assert!(is_named, "{:?}", message.parts);
    assert_eq!(stage.heard(&next).await.1.parts[0].to_plain(), "plain");
    assert_eq!(stage.inbox.messages().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_that_is_used_up_is_said_and_not_asked_for_again() {
    let stage = Stage::on("dingtalk", false).await;
    let (group, direct) = (stage.platform.group("month").await, stage.platform.direct("li").await);
    send(&stage, &words(&group, "before")).await.unwrap();
    let gone = json!({ "do": "fail", "name": "api.quota_gone", "times": 9, "path": "/v1.0/robot/" });
    stage.platform.act(gone).await;
    for here in [&group, &direct, &group] {
        let failure = send(&stage, &words(here, "too-much")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused(Refusal::QuotaUsedUp), "{failure}");
    }
    assert_eq!(stage.platform.struck("api.quota_gone").await, 1, "it is asked for once");
    assert!(stage.inbox.quotas().iter().any(|quota| quota.what == "api_calls_month" && quota.left == 0));
    // What is said here comes all the same.
    let said = stage.platform.say("zhang", &group, Said::Text("still".into())).await;
    stage.heard(&said).await;
    assert_eq!(stage.platform.shows(&group).await.iter().filter(|shown| shown.ours).count(), 1);
    // Its address takes words, for some time, and costs none of the calls.
    send(&stage, &words(&group, "by-session")).await.unwrap();
    assert_eq!(stage.platform.shows(&group).await.iter().filter(|shown| shown.ours).count(), 2);
    assert_eq!(stage.platform.struck("api.quota_gone").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_whose_answer_is_lost_is_there_once_and_can_be_changed() {
    let stage = Stage::on("dingtalk", false).await;
    let group = stage.platform.group("cards").await;
    let path = "/card/instances/createAndDeliver";
    stage.platform.act(json!({ "do": "fail", "name": "api.answer_lost", "times": 1, "path": path })).await;
    // The second try is refused, because the card is there.
    fails(&stage, "card.exists").await;
    let shown = outgoing(&group, "card", Content::Card(card(1, &["同意"])));
    let sent = send(&stage, &shown).await.unwrap();
    for fault in ["api.answer_lost", "card.exists"] {
        assert_eq!(stage.platform.struck(fault).await, 1, "{fault}");
    }
    assert_eq!(stage.platform.shows(&group).await.len(), 1);
    let connector = stage.connector();
    let (cards, id) = (connector.cards().unwrap(), &sent.messages[0]);
    let newer = card(2, &["同意", "拒绝"]);
    stage.insist(|| cards.update(&group, id, &newer)).await.unwrap();
    assert_eq!(stage.shown(&group, id).await.buttons, ["同意", "拒绝"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_was_made_and_put_nowhere_is_refused_with_the_platforms_words() {
    let stage = Stage::on("dingtalk", false).await;
    let group = stage.platform.group("cards").await;
    fails(&stage, "card.space_failed").await;
    let refused = outgoing(&group, "nowhere", Content::Card(card(1, &["同意"])));
    let failure = send(&stage, &refused).await.unwrap_err();
    assert!(!failure.passes() && failure.to_string().contains("system.busy"), "{failure}");
    assert!(stage.platform.shows(&group).await.is_empty());
    send(&stage, &outgoing(&group, "next", Content::Card(card(1, &["同意"])))).await.unwrap();
    assert_eq!(stage.platform.shows(&group).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_time_is_not_told_is_unknown_and_not_free() {
    let stage = Stage::on("dingtalk", false).await;
    stage.platform.book("zhang", TIME_MS, TIME_MS + HOUR_MS).await;
    stage.platform.book("li", TIME_MS, TIME_MS + HOUR_MS).await;
    fails(&stage, "calendar.schedule_error").await;
    let people = [stage.platform.person("zhang"), stage.platform.person("li")];
    let taken = Some(vec![(TIME_MS, TIME_MS + HOUR_MS, false)]);
    for known in [1, 2] {
        let connector = stage.connector();
        let calendars = connector.calendars().unwrap();
        let busy = stage.insist(|| calendars.busy(&people, TIME_MS, TIME_MS + HOUR_MS)).await.unwrap();
        assert_eq!(busy.len(), 2, "{busy:?}");
        assert_eq!(busy.iter().filter(|one| one.times == taken).count(), known, "{busy:?}");
        assert_eq!(busy.iter().filter(|one| one.times.is_none()).count(), 2 - known, "{busy:?}");
    }
}
