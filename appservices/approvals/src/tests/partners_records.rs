//! The records of the other side: kept in their order, and walked by their number.

use super::{
    partner::{
        ADMIN, BOT, NO, THEIRS, WANGWU, ZHANGSAN, chain, hears, of_kind, partner_is_there, request_with,
        room_of_partner, sends, signer,
    },
    talk::{last, office},
};
use crate::{LOCALPART, limits::PARTNER_CHAINS_SHOWN_MAX};

#[tokio::test]
async fn a_partners_case_is_verified_by_its_number_on_this_side() {
    let (mut stage, room) = room_of_partner().await;
    let signer = signer().await;
    let records = chain(THEIRS, 5, &signer);
    // The third comes before the second.
    for record in [&records[0], &records[2], &records[1]] {
        sends(&mut stage, &room, record).await;
    }
    stage.invites(BOT, &room, WANGWU);
    stage.joins(WANGWU, &room);
    stage.settle().await;
    let verify = format!("!verify {THEIRS}");
    let unsigned = hears(&mut stage, WANGWU, &verify).await;
    assert!(unsigned.contains("没有已知密钥的签名"), "{unsigned}");
    stage.sends(BOT, &room, "com.lianqiao.request", request_with(&signer, "contract"));
    stage.settle().await;
    let good = format!("partner 的 {THEIRS}：OK · 3 条记录");
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert!(verdict.starts_with(&good), "{verdict}");
    // One that comes too early waits, and is not counted.
    sends(&mut stage, &room, &records[4]).await;
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert!(verdict.starts_with(&good) && verdict.ends_with("另有 1 条记录在等待之前的记录。"), "{verdict}");
    sends(&mut stage, &room, &records[3]).await;
    let verdict = hears(&mut stage, ADMIN, &verify).await;
    assert!(verdict.starts_with(&format!("partner 的 {THEIRS}：OK · 5 条记录")), "{verdict}");
    assert_eq!(
        hears(&mut stage, ZHANGSAN, &verify).await,
        format!("找不到编号 {THEIRS}，或你无权查看。"),
        "who is not in the room of the case"
    );
}

#[tokio::test]
async fn a_number_that_both_sides_have_means_the_own_case() {
    let (mut stage, room, case_room, _) = partner_is_there().await;
    for record in &chain(NO, 2, &signer().await) {
        sends(&mut stage, &case_room, record).await;
    }
    stage.says(ZHANGSAN, &room, &format!("!verify {NO}"));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · 4 条记录"), "{}", last(&stage, &room));
    // Their chain is there as well, whoever has a part in the case may read it, and nobody else.
    stage.says(ZHANGSAN, &room, &format!("!verify {NO}@partner"));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with(&format!("partner 的 {NO}：")), "{}", last(&stage, &room));
    let other = hears(&mut stage, "@sunqi:test", &format!("!verify {NO}@partner")).await;
    assert!(other.starts_with("找不到编号"), "{other}");
    // What is not known does not bring the verdict of another case.
    stage.says(ZHANGSAN, &room, "!verify PR-20261105-0009@partner");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "找不到编号 PR-20261105-0009@partner，或你无权查看。");
}

#[tokio::test]
async fn a_number_of_requests_that_both_sides_have_means_the_partners() {
    let (mut stage, room) = room_of_partner().await;
    let signer = signer().await;
    stage.sends(BOT, &room, "com.lianqiao.request", request_with(&signer, "contract"));
    stage.settle().await;
    let records = of_kind(&stage, &room, "record");
    let number = records[0]["content"]["no"].as_str().unwrap().to_owned();
    for record in &chain(&number, 2, &signer) {
        sends(&mut stage, &room, record).await;
    }
    let verdict = hears(&mut stage, ADMIN, &format!("!verify {number}")).await;
    assert!(verdict.starts_with(&format!("partner 的 {number}：OK · 2 条记录")), "{verdict}");
}

#[tokio::test]
async fn records_that_somebody_may_read_are_found_behind_those_that_they_may_not() {
    let (mut stage, _) = office().await;
    let records = chain(THEIRS, 1, &signer().await);
    let mut rooms = Vec::new();
    for _ in 0..=2 * PARTNER_CHAINS_SHOWN_MAX {
        let room = stage.room_with(BOT, LOCALPART, false);
        stage.settle().await;
        sends(&mut stage, &room, &records[0]).await;
        rooms.push(room);
    }
    for place in [0, rooms.len() - 1] {
        let mine = &rooms[place];
        stage.invites(BOT, mine, WANGWU);
        stage.joins(WANGWU, mine);
    }
    stage.settle().await;
    let (verify, found) = (format!("!verify {THEIRS}"), format!("partner 的 {THEIRS}："));
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert_eq!(verdict.matches(&found).count(), 2, "{verdict}");
    let verdict = hears(&mut stage, ADMIN, &verify).await;
    assert_eq!(verdict.matches(&found).count(), PARTNER_CHAINS_SHOWN_MAX, "{verdict}");
}
