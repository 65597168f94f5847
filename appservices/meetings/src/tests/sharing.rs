//! Who may know of people's time, as account data says, and what partners' servers say of theirs.

use serde_json::{Value, json};

use super::{LISI, ZHANGSAN, last, office, says};
use crate::LOCALPART;

const POLICY: &str = "com.lianqiao.availability_policy";
const EVE: &str = "@eve:partner";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shared_stands_in_account_data_and_what_a_client_writes_there_holds() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 晨会 今天 11:00 30m").await;
    says(&mut stage, ZHANGSAN, &room, "!meet share @李四 titles").await;
    says(&mut stage, ZHANGSAN, &room, "!meet share partner.example busy").await;
    let grants = json!([{ "subject": LISI, "tier": 2 }, { "subject": "*:partner.example", "tier": 1 }]);
    assert_eq!(
        stage.homeserver().account_data(ZHANGSAN, POLICY),
        json!({ "v": 1, "grants": grants }),
        "people read it with any client"
    );
    let desk = stage.room_with(LISI, LOCALPART, true);
    stage.settle().await;
    let asks = "!meet free @张三";
    assert_eq!(says(&mut stage, LISI, &desk, asks).await, "11-05 忙闲\n张三：忙 11:00–11:30 晨会");
    // A client of 张三 writes something else.
    let written = json!({ "v": 1, "default_tier": 0, "grants": [{ "subject": EVE, "tier": 1 }] });
    stage.homeserver().sets_account_data(ZHANGSAN, POLICY, written);
    assert_eq!(says(&mut stage, LISI, &desk, asks).await, "11-05 忙闲\n张三：未知");
    let listed = says(&mut stage, ZHANGSAN, &room, "!meet share").await;
    assert!(listed.ends_with("\n其他所有人：什么也看不到\n@eve:partner：看到忙闲"), "{listed}");
    // What makes no sense is refused, and the default holds.
    stage.homeserver().sets_account_data(ZHANGSAN, POLICY, json!({ "v": 1, "grants": "all" }));
    assert_eq!(says(&mut stage, LISI, &desk, asks).await, "11-05 忙闲\n张三：忙 11:00–11:30");
}

/// When somebody of the partner is busy on the fifth of November.
fn busy(from: &str, until: &str, kind: &str) -> Value {
    json!({ "start": format!("2026-11-05T{from}:00+08:00"), "end": format!("2026-11-05T{until}:00+08:00"), "type": kind })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partners_server_is_asked_when_its_people_are_busy() {
    let (mut stage, room) = office().await;
    let taken = [busy("09:00", "10:30", "BUSY"), busy("11:00", "12:00", "BUSY-TENTATIVE")];
    stage.homeserver().is_busy_elsewhere(EVE, json!(taken));
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet free @eve:partner").await,
        "11-05 忙闲\neve：忙 09:00–10:30、11:00–12:00（待定）"
    );
    says(&mut stage, ZHANGSAN, &room, "!meet find @eve:partner 30m 今天").await;
    let offered = last(&stage, &room);
    assert!(!stage.said(&room).iter().any(|text| text.contains("未知")), "{offered}");
    let card = super::card(&stage, &room, "[找时间]");
    assert!(super::reads(&stage, &room, &card).contains("MT-20261105-0001"), "{offered}");
    // Nobody asks servers that are no partners, and who says nothing is unknown (E303).
    stage.homeserver().is_busy_elsewhere("@eve:other", json!([]));
    says(&mut stage, ZHANGSAN, &room, "!meet find @eve:other @mallory:partner 30m 今天").await;
    let said = stage.said(&room);
    assert!(said.iter().any(|text| text.contains("eve") && text.contains("mallory")), "{said:#?}");
    // What makes no sense is not believed.
    stage.homeserver().is_busy_elsewhere(EVE, json!([busy("12:00", "11:00", "BUSY")]));
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet free @eve:partner").await, "11-05 忙闲\neve：未知");
}
