//! Files that come after a case was handed in, and who may add and have them.

use serde_json::json;

use super::talk::{card, chat, last, office, reads};
use crate::LOCALPART;

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const SUNQI: &str = "@sunqi:test";

#[tokio::test]
async fn whoever_has_a_part_adds_files_in_the_thread_of_their_card() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    let own = card(&stage, &room, "[待审批]");
    stage.uploads(LISI, &desk, "roster.xlsx", b"roster", Some(&mine));
    stage.settle().await;
    let hash = cases::hash_of(b"roster").replace("sha256:", "");
    assert_eq!(last(&stage, &desk), format!("已收到 1 个附件 (sha256 {}…)", &hash[..4]));
    assert_eq!(stage.last(&room), format!("李四 添加附件 roster.xlsx (sha256 {}…)", &hash[..4]));
    stage.uploads(ZHANGSAN, &room, "ticket.pdf", b"ticket", Some(&own));
    stage.settle().await;
    for (room, card) in [(&desk, &mine), (&room, &own)] {
        let text = reads(&stage, room, card);
        assert!(text.contains("\n补充附件: roster.xlsx、ticket.pdf\n"), "{text}");
    }
    stage.says(LISI, &desk, "!审批 files AP-20261105-0001");
    stage.settle().await;
    let sent = stage.newest(&desk, |body| body == "ticket.pdf");
    assert_eq!(stage.file(&desk, &sent), b"ticket");
    stage.says(ZHANGSAN, &room, "!verify AP-20261105-0001");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · 4 条记录"), "{}", last(&stage, &room));
    stage.says(ZHANGSAN, &room, "!审批 export AP-20261105-0001");
    stage.settle().await;
    let file = stage.newest(&room, |body| body.ends_with("的导出文件"));
    let text = String::from_utf8(stage.file(&room, &file)).unwrap();
    assert!(
        text.contains(&format!("roster.xlsx sha256:{hash}")),
        "the chain stands for the hash of the file"
    );
}

#[tokio::test]
async fn others_add_no_files_and_what_cannot_be_had_is_refused() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    for (person, refused) in [
        ("@eve:test", "此账号未绑定员工，不能操作。绑定：!bind matrix"),
        (SUNQI, "找不到编号 AP-20261105-0001，或你无权查看。"),
    ] {
        stage.invites(LISI, &desk, person);
        stage.joins(person, &desk);
        stage.uploads(person, &desk, "x.pdf", b"x", Some(&mine));
        stage.settle().await;
        assert_eq!(last(&stage, &desk), refused);
    }
    let relates = json!({ "rel_type": "m.thread", "event_id": mine });
    for (url, bytes, cause) in [
        ("mxc://test/nothing", 3, "无法下载或未通过安全检查"),
        ("mxc://test/large", 60 * 1024 * 1024, "超过 50 MB"),
    ] {
        let content = json!({
            "msgtype": "m.file", "body": "y.pdf", "url": url, "info": { "size": bytes }, "m.relates_to": relates,
        });
        stage.sends(LISI, &desk, "m.room.message", content);
        stage.settle().await;
        assert_eq!(last(&stage, &desk), format!("附件 y.pdf 不可用：{cause}。草稿已保存。"));
    }
    // What lies in the chat beside the card belongs to nothing.
    let said = stage.said(&desk).len();
    stage.uploads(LISI, &desk, "holiday.jpg", b"beach", None);
    stage.settle().await;
    assert_eq!(stage.said(&desk).len(), said);
    assert!(!reads(&stage, &desk, &mine).contains("补充附件"));
    let foreign = stage.room_with(SUNQI, LOCALPART, true);
    stage.settle().await;
    stage.says(SUNQI, &foreign, "!审批 files AP-20261105-0001");
    stage.settle().await;
    assert_eq!(last(&stage, &foreign), "找不到编号 AP-20261105-0001，或你无权查看。");
}

#[tokio::test]
async fn a_file_of_an_encrypted_chat_is_hashed_and_handed_on_as_its_sender_meant_it() {
    let (mut stage, room) = office().await;
    let start = stage.says(ZHANGSAN, &room, "!报销 12800 招待 x");
    stage.settle().await;
    stage.uploads_locked(ZHANGSAN, &room, "invoice.pdf", b"invoice", Some(&start));
    stage.settle().await;
    let hash = cases::hash_of(b"invoice").replace("sha256:", "");
    assert_eq!(last(&stage, &room), format!("已收到 1 个附件 (sha256 {}…)", &hash[..4]));
    stage.says_in_thread(ZHANGSAN, &room, &start, "提交");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    stage.uploads_locked(LISI, &desk, "roster.xlsx", b"roster", Some(&mine));
    stage.settle().await;
    stage.says(LISI, &desk, "!审批 files AP-20261105-0001");
    stage.settle().await;
    for (name, bytes) in [("invoice.pdf", b"invoice".as_slice()), ("roster.xlsx", b"roster")] {
        let sent = stage.newest(&desk, |body| body == name);
        assert_eq!(stage.file(&desk, &sent), bytes, "{name}");
    }
    // Whoever reads the exported records has the hash of the file and no key to it.
    stage.says(ZHANGSAN, &room, "!审批 export AP-20261105-0001");
    stage.settle().await;
    let file = stage.newest(&room, |body| body.ends_with("的导出文件"));
    let text = String::from_utf8(stage.file(&room, &file)).unwrap();
    assert!(text.contains(&hash) && !text.contains("A256CTR"));
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_sent_is_refused() {
    let (mut stage, room) = office().await;
    let start = stage.says(ZHANGSAN, &room, "!报销 12800 招待 x");
    stage.settle().await;
    stage.uploads_locked(ZHANGSAN, &room, "invoice.pdf", b"invoice", Some(&start));
    stage.homeserver().spoils_files();
    stage.settle().await;
    let told = "附件 invoice.pdf 不可用：内容与消息中的校验值不符，请重新上传。草稿已保存。";
    assert_eq!(last(&stage, &room), told);
}
