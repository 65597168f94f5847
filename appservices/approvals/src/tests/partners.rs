//! Steps of another server's people, as the side that asks sees them, and what is not believed.

use serde_json::json;

use super::{
    partner::{
        ADMIN, BOT, LISI, NO, PAN, ZHANGSAN, answer, of_kind, pan_is_asked, partner_answers, partner_comes,
        partner_is_there, partner_is_there_with, signer, verdict, waiting_for_partner,
    },
    talk::{card, chat, last, reads},
};

#[tokio::test]
async fn a_partners_bot_is_asked_when_it_comes_and_holds_the_whole_chain() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    assert_eq!(of_kind(&stage, &case_room, "request").len(), 0, "nobody is there to read it");
    partner_comes(&mut stage, &case_room).await;
    let requests = of_kind(&stage, &case_room, "request");
    assert_eq!(requests.len(), 1);
    let request = &requests[0]["content"];
    assert_eq!(
        (&request["no"], &request["capability"], &request["form_view"]),
        (&json!(NO), &json!("contract"), &json!([["文件", "框架合同"]]))
    );
    let english = json!({ "name": "Seal", "form_view": [["Paper", "框架合同"]] });
    assert_eq!(request["english"], english, "whoever reads it there reads their own language");
    let records = of_kind(&stage, &case_room, "record");
    let seqs: Vec<u64> = records.iter().map(|record| record["content"]["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=4).collect::<Vec<_>>(), "start, submit, approve, partner_joined");
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).contains("下一步: partner"), "{}", reads(&stage, &room, &own));
    let state = stage.homeserver().state(&case_room, "m.room.server_acl", "");
    assert_eq!(state["allow"], json!(["test", "partner"]));
    assert_eq!(
        stage.homeserver().state(&case_room, "m.room.history_visibility", "")["history_visibility"],
        "joined"
    );
}

#[tokio::test]
async fn an_answer_counts_by_the_event_that_it_names_and_a_forged_one_does_not() {
    let (mut stage, room, case_room, request) = partner_is_there().await;
    let message = |request: &str| json!({ "msgtype": "m.text", "body": "[待审批]", "com.lianqiao.card": { "v": 1, "request": request } });
    let asked = stage.sends(BOT, &case_room, "m.room.message", message(&request));
    let other = stage.sends(BOT, &case_room, "m.room.message", message("$another"));
    stage.invites(BOT, &case_room, PAN);
    stage.joins(PAN, &case_room);
    let tap = stage.reacts(PAN, &case_room, &asked, "✅");
    let elsewhere = stage.reacts(PAN, &case_room, &other, "✅");
    let refused = stage.reacts(PAN, &case_room, &asked, "❌");
    let bots_own = stage.reacts(BOT, &case_room, &asked, "✅");
    stage.joins(LISI, &case_room);
    let ours = stage.reacts(LISI, &case_room, &asked, "✅");
    stage.settle().await;
    let signer = signer().await;
    let good = answer(&request, &case_room, &tap, &signer);
    let with = |event: &str| answer(&request, &case_room, event, &signer);
    let mut of_nobody = good.clone();
    of_nobody["outcome"]["decided"]["record"]["actor"] = json!("@somebody:partner");
    let mut unsigned = good.clone();
    unsigned["outcome"]["decided"]["record"]["at"] = json!(2);
    let mut by_ours = with(&ours);
    by_ours["outcome"]["decided"]["actor"] = json!(LISI);
    let mut by_bot = with(&bots_own);
    by_bot["outcome"]["decided"]["actor"] = json!(BOT);
    let mut says_no = good.clone();
    says_no["outcome"]["decided"]["agrees"] = json!(false);
    let mut of_another_case = good.clone();
    of_another_case["no"] = json!("AP-20261105-0002");
    // (what is sent, why it is not believed)
    let forged = [
        (answer("$another", &case_room, &tap, &signer), "the event does not answer the request"),
        (of_another_case, "the event does not answer the request"),
        (with(&elsewhere), "the event does not answer the request"),
        (with(&refused), "the event says something else"),
        (says_no, "the event says something else"),
        (by_ours, "the event is of somebody else"),
        (by_bot, "the event is of somebody else"),
        (of_nobody, "the record is not of this decision"),
        (unsigned, "the record is not signed by the partner's key"),
    ];
    for (content, cause) in forged {
        stage.sends(BOT, &case_room, "com.lianqiao.answer", content);
        stage.settle().await;
        let said = last(&stage, &case_room);
        assert!(said.starts_with("partner 的答复未被接受："), "{said}");
        assert!(said.ends_with(&format!("\nThe answer of partner is not accepted: {cause}")), "{said}");
        let own = card(&stage, &room, "[待审批]");
        assert!(reads(&stage, &room, &own).starts_with("[待审批]"), "{cause}");
    }
    // Who is not the partner's bot is not even answered.
    let before = stage.said(&case_room).len();
    for nobody in [PAN, LISI] {
        stage.sends(nobody, &case_room, "com.lianqiao.answer", good.clone());
    }
    stage.settle().await;
    assert_eq!(stage.said(&case_room).len(), before);

    stage.sends(BOT, &case_room, "com.lianqiao.answer", good.clone());
    stage.settle().await;
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[已通过]"), "{}", reads(&stage, &room, &own));
    let records = of_kind(&stage, &case_room, "record");
    let record = &records.last().unwrap()["content"];
    assert_eq!(
        (&record["action"], &record["actor"], &record["proof"]["hash"]),
        (&json!("approve"), &json!(PAN), &json!(tap))
    );
    stage.sends(BOT, &case_room, "com.lianqiao.answer", good);
    stage.settle().await;
    assert_eq!(last(&stage, &case_room), "已由 partner 于 11-05 09:00 通过Matrix处理：同意。");
    stage.says(ZHANGSAN, &room, &format!("!verify {NO}"));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · 5 条记录 · 3 个服务器签名"), "{}", last(&stage, &room));
}

#[tokio::test]
async fn an_answer_whose_event_is_not_there_yet_is_looked_at_again_and_then_refused() {
    let (mut stage, room, case_room, request) = partner_is_there().await;
    let signer = signer().await;
    stage.sends(BOT, &case_room, "com.lianqiao.answer", answer(&request, &case_room, "$nowhere", &signer));
    stage.settle().await;
    assert_eq!(stage.said(&case_room).len(), 0, "it may still come");
    for _ in 0..=crate::limits::ANSWER_LOOKS_MAX {
        stage.advance_ms(crate::limits::ANSWER_WAIT_MS);
        stage.settle().await;
    }
    assert!(last(&stage, &case_room).starts_with("partner 的答复未被接受：操作不在这个房间\n"));
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[待审批]"));
}

#[tokio::test]
async fn edge_10_a_partner_who_is_away_keeps_the_case_waiting_and_nothing_is_decided() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    stage.advance_ms(crate::limits::PARTNER_QUIET_MS);
    stage.settle().await;
    let offline = "对方服务器 partner 自 11-05 09:00 起离线，流程等待中。";
    assert!(stage.said(&room).contains(&offline.to_owned()), "{:?}", stage.said(&room));
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).contains(offline), "{}", reads(&stage, &room, &own));
    stage.advance_ms(49 * 3_600_000);
    stage.settle().await;
    assert!(reads(&stage, &room, &own).starts_with("[待审批]"), "time decides nothing over their head");
    // It comes back, and asks somebody.
    let request = partner_comes(&mut stage, &case_room).await;
    partner_answers(&mut stage, &case_room, &request, "asks").await;
    assert!(!reads(&stage, &room, &own).contains("离线"), "{}", reads(&stage, &room, &own));
}

#[tokio::test]
async fn a_partner_without_such_people_leaves_it_to_an_administrator() {
    let (mut stage, room, case_room, request) = partner_is_there().await;
    partner_answers(&mut stage, &case_room, &request, "nobody").await;
    assert!(stage.said(&room).contains(&"本节点没有审批人，已转给管理员 管理员。".to_owned()));
    let desk = chat(&stage, ADMIN);
    stage.says(ADMIN, &desk, &format!("!同意 {NO}"));
    stage.settle().await;
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[已通过]"));
}

#[tokio::test]
async fn a_partner_who_sent_it_back_is_not_told_that_it_is_over() {
    let (mut stage, room, case_room, request) =
        partner_is_there_with(&json!({ "reject": "to_starter" })).await;
    let asked = pan_is_asked(&stage, &case_room, &request);
    let said = stage.replies(PAN, &case_room, &asked, "拒绝 抬头不对");
    let refused = verdict(&request, (&case_room, &said), Some("抬头不对"), &signer().await);
    stage.sends(BOT, &case_room, "com.lianqiao.answer", refused);
    stage.settle().await;
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[已退回]"), "{}", last(&stage, &case_room));
    assert_eq!(of_kind(&stage, &case_room, "request.over").len(), 0);
}
