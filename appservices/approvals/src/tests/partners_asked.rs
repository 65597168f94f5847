//! Steps of another server's people, as the side that is asked sees them.

use cases::{PublicKeys, Record};
use serde_json::json;

use super::{
    partner::{
        ADMIN, BOT, LISI, PAN, WANGWU, ZHANGSAN, asked_for_partner, hears, of_kind, request, room_of_partner,
        room_of_partner_with,
    },
    staff_list,
    talk::{card, last, reads},
};

const ANN: &str = "@ann:test";

#[tokio::test]
async fn our_people_decide_for_a_partner_and_the_answer_holds() {
    let (mut stage, room) = room_of_partner().await;
    let request = request(1);
    // Nobody but the bot of a partner can ask, and only for those who were given to partners.
    stage.invites(BOT, &room, PAN);
    stage.joins(PAN, &room);
    stage.sends(PAN, &room, "com.lianqiao.request", request.clone());
    let mut greedy = request.clone();
    greedy["capability"] = json!("approval_admin");
    let unable = stage.sends(BOT, &room, "com.lianqiao.request", greedy);
    let asked = stage.sends(BOT, &room, "com.lianqiao.request", request);
    stage.settle().await;
    let answers = of_kind(&stage, &room, "answer");
    let outcomes: Vec<_> = answers
        .iter()
        .map(|answer| (answer["content"]["request"].clone(), &answer["content"]["outcome"]))
        .collect();
    assert_eq!(outcomes, [(json!(unable), &json!("nobody")), (json!(asked), &json!("asks"))]);

    stage.joins(WANGWU, &room);
    stage.settle().await;
    let mine = card(&stage, &room, "[待审批] AP-7 用章 · Pan");
    let tap = stage.reacts(WANGWU, &room, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &room, &mine).starts_with("[已通过] AP-7"), "{}", reads(&stage, &room, &mine));
    let decided = of_kind(&stage, &room, "answer").pop().unwrap()["content"].clone();
    let verdict = &decided["outcome"]["decided"];
    assert_eq!(
        (&verdict["agrees"], &verdict["actor"], &verdict["event"]),
        (&json!(true), &json!(WANGWU), &json!(tap))
    );
    let keys = verdict["keys"].as_object().unwrap();
    let keys: Vec<(&str, &str)> = keys.iter().map(|(id, key)| (id.as_str(), key.as_str().unwrap())).collect();
    let keys = PublicKeys::parse(keys).unwrap();
    let record: Record = serde_json::from_value(verdict["record"].clone()).unwrap();
    let (id, signature) = record.sig.first_key_value().unwrap();
    assert_eq!(keys.verifies(id, signature, &record.signed_bytes().unwrap()), Some(true));
    stage.reacts(WANGWU, &room, &mine, "❌");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("已由 王五 于 11-05 09:00 通过Matrix处理：同意。"));
}

#[tokio::test]
async fn our_people_refuse_for_a_partner_with_a_reason() {
    let (mut stage, room, mine) = asked_for_partner().await;
    stage.invites(WANGWU, &room, LISI);
    stage.joins(LISI, &room);
    stage.reacts(LISI, &room, &mine, "✅");
    stage.replies(LISI, &room, &mine, "同意");
    stage.settle().await;
    let told = "你不是当前处理人。现在由 王五 处理。";
    assert_eq!(stage.said(&room).iter().filter(|said| *said == told).count(), 2);
    stage.says_in_thread(LISI, &room, &mine, "抬头对吗？");
    stage.settle().await;
    assert_eq!(last(&stage, &room), told, "who talks below it decides nothing");
    stage.reacts(WANGWU, &room, &mine, "❌");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "请在 10 分钟内回复理由，否则本次拒绝无效。");
    let said = stage.says_in_thread(WANGWU, &room, &mine, "抬头不对");
    stage.settle().await;
    let decided = of_kind(&stage, &room, "answer").pop().unwrap()["content"]["outcome"]["decided"].clone();
    assert_eq!(
        (&decided["agrees"], &decided["reason"], &decided["event"]),
        (&json!(false), &json!("抬头不对"), &json!(said))
    );
}

#[tokio::test]
async fn who_is_asked_for_a_partner_reads_it_in_their_language() {
    let staff = staff_list().replace(",cfo,", ",partner.contract,");
    let staff = staff.replace("总部/市场部,,,,en", "总部/市场部,,,partner.contract,en");
    let (mut stage, room) = room_of_partner_with(&staff).await;
    let mut both = request(1);
    both["english"] = json!({ "name": "Seal", "form_view": [["Paper", "frame contract"]] });
    stage.sends(BOT, &room, "com.lianqiao.request", both);
    stage.settle().await;
    for (person, text) in [
        (WANGWU, "[待审批] AP-7 用章 · Pan\npartner 请求审批\n文件: 框架合同\n"),
        (ANN, "[Pending] AP-7 Seal · Pan\nAsked by partner\nPaper: frame contract\n"),
    ] {
        stage.joins(person, &room);
        stage.settle().await;
        let mine = card(&stage, &room, &text[..text.find('\n').unwrap()]);
        assert!(reads(&stage, &room, &mine).starts_with(text), "{}", reads(&stage, &room, &mine));
    }
}

#[tokio::test]
async fn the_number_of_a_request_is_always_answered() {
    let (mut stage, room, mine) = asked_for_partner().await;
    let records = of_kind(&stage, &room, "record");
    let number = records[0]["content"]["no"].as_str().unwrap().to_owned();
    let unknown = format!("找不到编号 {number}，或你无权查看。");
    let on_card = format!("{number} 请在它的卡片上处理：点 ✅ ❌，或在卡片下回复「同意」「拒绝 理由」。");
    // (who, what, how the answer begins)
    for (person, command, answer) in [
        (ZHANGSAN, format!("!同意 {number}"), unknown.as_str()),
        (ZHANGSAN, format!("!verify {number}"), unknown.as_str()),
        (WANGWU, format!("!同意 {number}"), on_card.as_str()),
        (WANGWU, format!("!拒绝 {number} 抬头不对"), on_card.as_str()),
        (WANGWU, format!("!审批 show {number}"), "[待审批] AP-7 用章 · Pan"),
        (WANGWU, format!("!verify {number}"), "OK · 1 条记录"),
        (ADMIN, format!("!催办 {number}"), "你不是当前处理人。现在由 王五 处理。"),
        (WANGWU, "!为什么 PR-20261105-0009".to_owned(), "找不到编号 PR-20261105-0009，或你无权查看。"),
    ] {
        let said = hears(&mut stage, person, &command).await;
        assert!(said.starts_with(answer), "{person} {command}: {said}");
    }
    stage.reacts(WANGWU, &room, &mine, "✅");
    stage.settle().await;
    let said = hears(&mut stage, ADMIN, &format!("!终止 {number} 作废")).await;
    assert_eq!(said, "已由 王五 于 11-05 09:00 通过Matrix处理：同意。");
}
