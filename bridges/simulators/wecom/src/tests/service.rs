//! Customer service: what customers write is fetched, and they are answered within the platform's bounds.

use serde_json::{Value, json};

use super::client::{World, text, world};
use super::door::{Door, door};

const ROOT: &str = "/cgi-bin/kf";
const CUSTOMER: &str = "wmAbCdEfGhIjKlMnOpQrStUvWx";

/// A world with an account, a customer who entered it, and the address of the app.
struct Desk {
    world: World,
    door: Door,
    account: String,
    chat: String,
}

impl Desk {
    async fn new() -> Self {
        let world = world().await;
        let mut door = door(vec![]).await.of_app(&world).await;
        let account = json!({ "do": "add_account", "name": "客服", "servicers": ["lisi"] });
        let account = text(&world.act(account).await, "open_kfid");
        assert_eq!(text(&door.next().await.fields(), "AuthAddOpenKfId"), account);
        world.act(json!({ "do": "add_customer", "external_userid": CUSTOMER, "name": "王先生" })).await;
        let mut desk = Self { world, door, account, chat: String::new() };
        desk.chat = desk.enters().await;
        desk
    }

    async fn enters(&self) -> String {
        let enter = json!({ "do": "enter_service", "external_userid": CUSTOMER, "open_kfid": self.account });
        text(&self.world.act(enter).await, "chat_id")
    }

    async fn says(&self, who: &str, words: &str) -> String {
        self.world.speak(who, &self.chat, words).await
    }

    /// Time passes, and the app has another token.
    async fn later(&mut self, minutes: u64) {
        self.world.skip_minutes(minutes);
        self.world.token = text(&self.world.token_for("secret").await, "access_token");
    }

    /// The token of the next event.
    async fn token(&mut self) -> String {
        let event = self.door.next().await.fields();
        assert_eq!(
            (text(&event, "Event"), text(&event, "OpenKfId")),
            ("kf_msg_or_event".into(), self.account.clone())
        );
        text(&event, "Token")
    }

    async fn page(&self, cursor: &str, limit: u64, token: &str) -> Value {
        let body = json!({ "cursor": cursor, "token": token, "limit": limit, "open_kfid": self.account });
        self.world.ask(&format!("{ROOT}/sync_msg"), body).await
    }

    async fn answers(&self, id: &str, words: &str) -> i64 {
        let body = json!({
            "touser": CUSTOMER, "open_kfid": self.account, "msgid": id, "msgtype": "text", "text": { "content": words },
        });
        self.world.code(&format!("{ROOT}/send_msg"), body).await
    }

    fn of_session(&self, more: Value) -> Value {
        let mut body = json!({ "open_kfid": self.account, "external_userid": CUSTOMER });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    async fn words(&self) -> Vec<String> {
        self.world.words(&self.chat).await
    }
}

fn messages(page: &Value) -> Vec<Value> {
    page["msg_list"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_customers_write_is_fetched_page_by_page_from_where_one_stopped() {
    let mut desk = Desk::new().await;
    let (one, two) = (desk.says(CUSTOMER, "one").await, desk.says(CUSTOMER, "two").await);
    let token = desk.token().await;
    let first = desk.page("", 2, &token).await;
    let entries = messages(&first);
    let [entered, said] = &entries[..] else { panic!("{first}") };
    assert_eq!((&entered["event"]["event_type"], &entered["origin"]), (&json!("enter_session"), &json!(4)));
    assert_eq!(
        (&said["msgid"], &said["external_userid"], &said["origin"]),
        (&json!(one), &json!(CUSTOMER), &json!(3))
    );
    assert_eq!(first["has_more"], 1);
    let next = desk.page(first["next_cursor"].as_str().unwrap(), 1_000, &token).await;
    assert_eq!(
        (messages(&next).len(), &messages(&next)[0]["msgid"], &next["has_more"]),
        (1, &json!(two), &json!(0))
    );
    let last = desk.page(next["next_cursor"].as_str().unwrap(), 1_000, &token).await;
    assert_eq!((messages(&last).len(), &last["has_more"]), (0, &json!(0)));
    // What is recalled is told, and what is three days old is gone.
    desk.world.act(json!({ "do": "recall", "person": CUSTOMER, "message": two })).await;
    let told = messages(&desk.page(last["next_cursor"].as_str().unwrap(), 1_000, &token).await);
    assert_eq!(
        (&told[0]["event"]["event_type"], &told[0]["event"]["recall_msgid"]),
        (&json!("user_recall_msg"), &json!(two))
    );
    desk.later(3 * 24 * 60 + 1).await;
    assert_eq!(messages(&desk.page("", 1_000, "").await).len(), 0);
}

#[tokio::test]
async fn without_the_token_of_an_event_one_asks_seldom() {
    let mut desk = Desk::new().await;
    let token = desk.token().await;
    for _ in 0..10 {
        assert_eq!(desk.page("", 1, "").await["errcode"], 0);
    }
    assert_eq!(desk.page("", 1, "").await["errcode"], 45_009);
    assert_eq!(desk.page("", 1, &token).await["errcode"], 0);
    assert_eq!(desk.page("", 1, "ENCnothing").await["errcode"], 95_007);
    desk.world.skip_minutes(10);
    for _ in 0..10 {
        desk.page("", 1, &token).await;
    }
    assert_eq!(desk.page("", 1, &token).await["errcode"], 45_009, "it is over");
}

#[tokio::test]
async fn what_a_customer_was_told_is_taken_back_within_two_minutes_and_counts_all_the_same() {
    let mut desk = Desk::new().await;
    desk.says(CUSTOMER, "hello").await;
    for id in ["a", "b", "c", "d", "e"] {
        assert_eq!(desk.answers(id, id).await, 0);
    }
    let recalls = async |desk: &Desk, account: &str, id: &str| {
        desk.world.code(&format!("{ROOT}/recall_msg"), json!({ "open_kfid": account, "msgid": id })).await
    };
    let account = desk.account.clone();
    assert_eq!(recalls(&desk, &account, "a").await, 0);
    assert_eq!(desk.words().await, ["hello", "", "b", "c", "d", "e"]);
    assert_eq!(recalls(&desk, &account, "a").await, 40_058);
    assert_eq!(recalls(&desk, "wkNone", "b").await, 95_004);
    assert_eq!(desk.answers("f", "f").await, 95_001);
    desk.later(2).await;
    assert_eq!(recalls(&desk, &account, "b").await, 40_058);
}

#[tokio::test]
async fn a_customer_is_answered_five_times_within_two_days_and_never_twice_under_one_id() {
    let mut desk = Desk::new().await;
    assert_eq!(desk.answers("a", "nobody wrote yet").await, 95_002);
    desk.says(CUSTOMER, "hello").await;
    for id in ["a", "a", "b", "c", "d", "e"] {
        assert_eq!(desk.answers(id, id).await, 0);
    }
    assert_eq!(desk.words().await, ["hello", "a", "b", "c", "d", "e"]);
    assert_eq!(desk.answers("f", "f").await, 95_001);
    desk.says(CUSTOMER, "more").await;
    assert_eq!(desk.answers("f", "f").await, 0);
    desk.later(48 * 60).await;
    assert_eq!(desk.answers("g", "g").await, 95_002);
}

#[tokio::test]
async fn whoever_attends_to_a_session_is_who_may_speak_there() {
    let desk = Desk::new().await;
    desk.says(CUSTOMER, "hello").await;
    let state = format!("{ROOT}/service_state/get");
    assert_eq!(desk.world.ask(&state, desk.of_session(json!({}))).await["service_state"], 0);
    let to = |state: u64| desk.of_session(json!({ "service_state": state, "servicer_userid": "zhangsan" }));
    let trans = format!("{ROOT}/service_state/trans");
    assert_eq!(desk.world.code(&trans, to(1)).await, 0);
    assert_eq!(desk.world.code(&trans, to(3)).await, 95_014, "they do not attend to it");
    desk.world.act(json!({ "do": "attend", "chat": desk.chat, "state": 3, "servicer": "lisi" })).await;
    assert_eq!(desk.answers("a", "the API").await, 95_018);
    desk.says("lisi", "I am here").await;
    let told = messages(&desk.page("", 1_000, "").await);
    let last = told.last().unwrap();
    assert_eq!((&last["origin"], &last["servicer_userid"]), (&json!(5), &json!("lisi")));
    assert_eq!(desk.world.code(&trans, to(1)).await, 95_016);
    desk.world.act(json!({ "do": "attend", "chat": desk.chat, "state": 4 })).await;
    assert_eq!(desk.world.code(&trans, to(3)).await, 95_013);
    let ended = messages(&desk.page("", 1_000, "").await).last().unwrap()["event"].clone();
    assert_eq!((&ended["change_type"], &ended["old_servicer_userid"]), (&json!(3), &json!("lisi")));
    let farewell = json!({ "code": ended["msg_code"], "msgtype": "text", "text": { "content": "bye" } });
    let path = format!("{ROOT}/send_msg_on_event");
    assert_eq!(desk.world.code(&path, farewell.clone()).await, 0);
    assert_eq!(desk.world.code(&path, farewell).await, 95_007);
    desk.says(CUSTOMER, "one thing more").await;
    assert_eq!(desk.world.ask(&state, desk.of_session(json!({}))).await["service_state"], 0);
}

#[tokio::test]
async fn who_enters_is_welcomed_at_once_and_accounts_and_customers_are_known() {
    let desk = Desk::new().await;
    let path = format!("{ROOT}/send_msg_on_event");
    let welcome = |event: &Value| json!({ "code": event["welcome_code"], "msgtype": "text", "text": { "content": "欢迎" } });
    let entered = messages(&desk.page("", 1_000, "").await)[0]["event"].clone();
    desk.world.skip_minutes(1);
    assert_eq!(desk.world.code(&path, welcome(&entered)).await, 95_007, "too late");
    desk.enters().await;
    let again = messages(&desk.page("", 1_000, "").await)[1]["event"].clone();
    assert_eq!(desk.world.code(&path, welcome(&again)).await, 0);
    assert_eq!(desk.words().await, ["欢迎"]);
    let accounts =
        desk.world.ask(&format!("{ROOT}/account/list"), json!({ "offset": 0, "limit": 100 })).await;
    assert_eq!(
        (&accounts["account_list"][0]["open_kfid"], &accounts["account_list"][0]["name"]),
        (&json!(desk.account), &json!("客服"))
    );
    let servicers =
        desk.world.ask(&format!("{ROOT}/servicer/list?open_kfid={}", desk.account), Value::Null).await;
    assert_eq!(servicers["servicer_list"][0]["userid"], "lisi");
    let customers = json!({ "external_userid_list": [CUSTOMER, "wmNobody"] });
    let customers = desk.world.ask(&format!("{ROOT}/customer/batchget"), customers).await;
    assert_eq!(
        (&customers["customer_list"][0]["nickname"], &customers["invalid_external_userid"]),
        (&json!("王先生"), &json!(["wmNobody"]))
    );
}

#[tokio::test]
async fn what_goes_wrong_in_customer_service_goes_wrong_as_it_is_told() {
    let mut desk = Desk::new().await;
    desk.says(CUSTOMER, "one").await;
    desk.world.fail("service.page_empty", Value::Null);
    let empty = desk.page("", 1_000, "").await;
    assert_eq!((messages(&empty).len(), &empty["has_more"]), (0, &json!(1)));
    let page = desk.page("", 1_000, "").await;
    desk.world.fail("service.page_repeats", Value::Null);
    let again = desk.page(page["next_cursor"].as_str().unwrap(), 1_000, "").await;
    assert_eq!(messages(&again).last(), messages(&page).last());
    desk.world.fail("service.state", Value::Null);
    assert_eq!(desk.answers("a", "a").await, 95_018);
    desk.world.fail("service.send_fails", json!(4));
    assert_eq!(desk.answers("b", "b").await, 0);
    let told = messages(&desk.page("", 1_000, "").await).last().unwrap()["event"].clone();
    assert_eq!((&told["fail_msgid"], &told["fail_type"]), (&json!("b"), &json!(4)));
    assert_eq!(desk.words().await, ["one"]);
    desk.world.fail("service.token_over", Value::Null);
    desk.says(CUSTOMER, "two").await;
    let mut token = String::new();
    // The events before this one came with tokens that are good.
    for _ in 0..4 {
        token = desk.token().await;
    }
    let mut code = 0;
    for _ in 0..20 {
        code = desk.page("", 1, &token).await["errcode"].as_i64().unwrap();
    }
    assert_eq!(code, 45_009);
    desk.world.act(json!({ "do": "remove_account", "open_kfid": desk.account })).await;
    assert_eq!(desk.page("", 1, "").await["errcode"], 95_004);
}
