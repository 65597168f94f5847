//! A key that is replaced: here, so that partners believe the new one, and at a partner's, so that it is believed.

use cases::{Handover, Record, Signer};
use kit::double::Stage;
use serde_json::json;

use super::{
    partner::{
        BOT, NO, THEIRS, WANGWU, ZHANGSAN, comment, hears, new_signer, of_kind, partner_comes, request_with,
        room_of_partner, sends, signer, waiting_for_partner,
    },
    talk::last,
};

/// When the partner's first key ended.
const END_MS: u64 = 2;

/// The next record of the partner's case.
fn next(before: Option<&Record>, signer: &Signer) -> Record {
    let seq = before.map_or(0, |record| record.seq) + 1;
    let prev = before.map_or_else(|| "sha256:00".to_owned(), |record| record.hash().unwrap());
    Record::signed(comment(seq), "01THEIRS", THEIRS, seq, &prev, signer).unwrap()
}

/// The partner's bot says that one key followed another.
async fn hands(stage: &mut Stage, room: &str, handover: &Handover) {
    stage.sends(BOT, room, "com.lianqiao.keys", json!({ "v": 1, "handed": [handover] }));
    stage.settle().await;
}

#[tokio::test]
async fn partners_hear_of_a_new_key_before_anything_that_it_signed() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    let now_ms = stage.kit().clock().now_ms();
    let handover = cases::rotate(stage.kit().store(), now_ms).await.unwrap();
    stage.restart().await;
    partner_comes(&mut stage, &case_room).await;
    let told = of_kind(&stage, &case_room, "keys");
    assert_eq!(told.len(), 1, "once in a room: {told:#?}");
    assert_eq!(told[0]["content"], json!({ "v": 1, "handed": [handover] }));
    let events = stage.events_of_bots(&case_room);
    let place = |kind: &str| events.iter().position(|event| event["type"] == kind).unwrap();
    assert!(place("com.lianqiao.keys") < place("com.lianqiao.record"));
    let request = &of_kind(&stage, &case_room, "request")[0];
    assert_eq!(request["content"]["keys"][&handover.to], handover.to_key);
    // The own chain across it holds.
    stage.says(ZHANGSAN, &room, &format!("!verify {NO}"));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · 4 条记录"), "{}", last(&stage, &room));
}

#[tokio::test]
async fn the_key_of_a_partner_follows_the_known_one_that_handed_over_to_it() {
    let (mut stage, room) = room_of_partner().await;
    let (old, new, evil) = (signer().await, new_signer("ent_2"), new_signer("ent_3"));
    stage.sends(BOT, &room, "com.lianqiao.request", request_with(&old, "contract"));
    stage.settle().await;
    stage.invites(BOT, &room, WANGWU);
    stage.joins(WANGWU, &room);
    let first = next(None, &old);
    sends(&mut stage, &room, &first).await;
    // Somebody else's key hands over to nothing.
    hands(&mut stage, &room, &Handover::signed(&new_signer("ent_1"), &evil, END_MS).unwrap()).await;
    sends(&mut stage, &room, &next(Some(&first), &evil)).await;
    let verify = format!("!verify {THEIRS}");
    let counted = |count: u64| format!("partner 的 {THEIRS}：OK · {count} 条记录");
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert!(verdict.starts_with(&counted(1)), "{verdict}");

    hands(&mut stage, &room, &Handover::signed(&old, &new, END_MS).unwrap()).await;
    let second = next(Some(&first), &old);
    let third = next(Some(&second), &new);
    for record in [&second, &third] {
        sends(&mut stage, &room, record).await;
    }
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert!(verdict.starts_with(&counted(3)), "{verdict}");
    // What the old key signs after its end is not taken, nor the key that it names then.
    hands(&mut stage, &room, &Handover::signed(&old, &evil, END_MS).unwrap()).await;
    for forged in [next(Some(&third), &old), next(Some(&third), &evil)] {
        sends(&mut stage, &room, &forged).await;
    }
    sends(&mut stage, &room, &next(Some(&third), &new)).await;
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert!(verdict.starts_with(&counted(4)), "{verdict}");
}
