//! Approvals that are decided on cards of a platform: the real server, its bots and its bridge, a simulated platform.

use serde_json::{Value, json};
use simulator_feishu::Command;
use testkit::User;

use crate::{
    approvals::{imports, joins_the_bots_chat},
    bots::{BOT as APPROVALS, answer_to, room_with_bot},
    bridges::{APP, Bridge, bodies},
};

const STAFF: &str = "工号,姓名,部门,职位,部门主管,账号\n\
    1,李四,总部/销售部,销售部主管,是,lisi\n\
    2,张三,总部/销售部,专员,否,zhangsan\n";

/// 李四 works here, and is 李雷 of the platform.
pub(super) struct Office {
    pub(super) bridge: Bridge,
    pub(super) zhangsan: User,
    pub(super) lisi: User,
    /// 李雷 on the platform, as the bridge knows them.
    pub(super) li: String,
    /// Where 李雷 and the app talk on the platform.
    direct: String,
}

impl Office {
    pub(super) async fn new() -> Self {
        let office = Self::of_strangers().await;
        office.is_li("@lisi:test.example").await;
        office
    }

    /// The same where nobody of the platform is anybody here.
    pub(super) async fn of_strangers() -> Self {
        let bridge = Bridge::with_bots().await;
        let directory = tempfile::tempdir().unwrap();
        imports(&bridge.server, directory.path(), STAFF.as_bytes()).await;
        let [zhangsan, lisi] = [bridge.server.user("zhangsan").await, bridge.server.user("lisi").await];
        bridge.speaks(&bridge.chat, "你好").await;
        let heard = bridge.hears_until(|heard| !heard.is_empty()).await;
        let ghost = heard[0]["sender"].as_str().unwrap();
        let li = ghost.strip_prefix("@fs_").unwrap().split(':').next().unwrap().to_owned();
        let direct = bridge.direct().await;
        Self { bridge, zhangsan, lisi, li, direct }
    }

    /// Says whose account 李雷 of the platform is.
    async fn is_li(&self, account: &str) {
        let order = ["bridge", "person", "feishu", &self.li, account];
        let (is_done, said) = self.bridge.server.commands(&order).await;
        assert!(is_done, "{said}");
    }

    /// 张三 asks for leave; its number.
    async fn asks(&self, hall: &str) -> String {
        asks_for_leave(&self.zhangsan, hall).await
    }

    /// The card of an approval on the platform, once it is as `is_so` asks for.
    async fn card(&self, no: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.bridge.card(&self.direct, no, is_so).await
    }

    async fn presses(&self, card: &Value, button: &str, words: &str) -> Value {
        self.bridge.presses(card, button, words).await
    }

    async fn hears(&self, person: &User, room: &str, words: &str) -> Value {
        hears(person, room, words).await
    }
}

impl Bridge {
    /// Where 李雷 and the app talk on the platform.
    pub(super) async fn direct(&self) -> String {
        let enter = Command::Enter { person: "li".to_owned(), app: APP.to_owned() };
        self.platform.act(enter).await.unwrap()["chat_id"].as_str().unwrap().to_owned()
    }

    /// The card of an approval in a chat of the platform, once it is as `is_so` asks for.
    pub(super) async fn card(&self, direct: &str, no: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let is_meant = |message: &Value| message["card"].to_string().contains(no) && is_so(message);
        let shown = self.shows_until(direct, |shown| shown.iter().any(is_meant)).await;
        shown.into_iter().find(is_meant).unwrap()
    }

    /// 李雷 presses a button.
    pub(super) async fn presses(&self, card: &Value, button: &str, words: &str) -> Value {
        let press = Command::Press {
            person: "li".to_owned(),
            message: card["message_id"].as_str().unwrap().to_owned(),
            button: button.to_owned(),
            form: Some(json!({ "reason": words })),
        };
        self.platform.act(press).await.unwrap()
    }
}

/// Somebody asks for leave; its number.
pub(super) async fn asks_for_leave(person: &User, hall: &str) -> String {
    let asked = person.sends(hall, "!请假 tomorrow tomorrow 事假 家里有事").await.event_id();
    let answer = answer_to(person, hall, &asked).await;
    let told = answer["content"]["body"].as_str().unwrap();
    told.trim_start_matches("已收到 ").split('，').next().unwrap().to_owned()
}

/// Waits until the bot of approvals has said something like this to somebody in a room, in words of now.
pub(super) async fn hears(person: &User, room: &str, words: &str) -> Value {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let says = |event: &Value| {
        let content = &event["content"];
        let bodies = [&content["body"], &content["m.new_content"]["body"]];
        event["sender"] == APPROVALS
            && bodies.iter().any(|body| body.as_str().is_some_and(|body| body.contains(words)))
    };
    let page = person
        .gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(says)))
        .await;
    page["chunk"].as_array().unwrap().iter().find(|event| says(event)).unwrap().clone()
}

pub(super) fn has_buttons(message: &Value) -> bool {
    message["buttons"].as_array().is_some_and(|buttons| !buttons.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_began_here_is_decided_on_a_card_of_feishu() {
    let office = Office::new().await;
    let hall = room_with_bot(&office.zhangsan, false).await;
    let no = office.asks(&hall).await;
    let own = joins_the_bots_chat(&office.zhangsan).await;
    let card = office.card(&no, has_buttons).await;
    let text = card["card"].to_string();
    assert!(text.contains("待审批") && text.contains("张三") && text.contains("同意"), "{text}");

    // The platform vouches for somebody who is nobody of the organisation: nothing changes.
    let eve = office.bridge.server.user("eve").await;
    office.is_li(&eve.id).await;
    office.presses(&card, "同意", "").await;
    let told =
        |shown: &[Value]| shown.iter().any(|message| message["card"].to_string().contains("未绑定员工"));
    office.bridge.shows_until(&office.direct, told).await;
    office.card(&no, has_buttons).await;

    office.is_li(&office.lisi.id).await;
    office.presses(&card, "同意", "早去早回").await;
    office.hears(&office.zhangsan, &own, &format!("[已通过] {no}")).await;
    let decided = office.card(&no, |message| !has_buttons(message)).await;
    assert_eq!(decided["message_id"], card["message_id"], "the card was changed in its place");
    assert!(decided["card"].to_string().contains("已通过"), "{decided}");
    let asked = office.zhangsan.sends(&hall, &format!("!verify {no}")).await.event_id();
    let verdict = answer_to(&office.zhangsan, &hall, &asked).await;
    assert!(bodies(std::slice::from_ref(&verdict))[0].starts_with("OK · 3 条记录"), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_surfaces_that_are_pressed_at_once_one_decides() {
    let office = Office::new().await;
    let hall = room_with_bot(&office.zhangsan, false).await;
    let no = office.asks(&hall).await;
    let desk = joins_the_bots_chat(&office.lisi).await;
    let own = joins_the_bots_chat(&office.zhangsan).await;
    let card = office.card(&no, has_buttons).await;
    let shown = office.hears(&office.lisi, &desk, &format!("[待审批] {no}")).await;
    let event = shown["event_id"].as_str().unwrap();
    let refuse = format!("!拒绝 {no} 人手不够");
    let (_, refused) = tokio::join!(office.presses(&card, "同意", ""), office.lisi.sends(&desk, &refuse));
    refused.ok();
    let late = office.hears(&office.lisi, &desk, &no).await;
    let decided = office.card(&no, |message| !has_buttons(message)).await;
    let text = decided["card"].to_string();
    assert!(text.contains("已通过") != text.contains("已拒绝"), "{text} {late}");
    let outcome = if text.contains("已通过") { "[已通过]" } else { "[已拒绝]" };
    office.hears(&office.zhangsan, &own, &format!("{outcome} {no}")).await;
    office.lisi.reacts(&desk, event, "✅").await.ok();
    office.hears(&office.lisi, &desk, "已由 李四 于 ").await;
    let asked = office.zhangsan.sends(&hall, &format!("!verify {no}")).await.event_id();
    let verdict = answer_to(&office.zhangsan, &hall, &asked).await;
    assert!(
        bodies(std::slice::from_ref(&verdict))[0].starts_with("OK · 3 条记录"),
        "one decision: {verdict}"
    );
}
