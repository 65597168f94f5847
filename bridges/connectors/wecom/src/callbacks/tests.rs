use std::sync::Arc;

use bridge_api::{
    CallbackRequest, Clock, Connector as _, Happened, Rng,
    double::{Basket, Rows},
};
use serde_json::json;

use super::*;
use crate::{
    WeCom,
    peer::{CORP, KEY, Platform, TOKEN, settings},
};

const NOW_MS: u64 = 1_700_000_000_000;
const ECHO: &str = "4j/AuRx71kQlxVlzbpsMWJPzFKGaqdwn3+dBvT2xqUOuprSQP8IPcXAdsXYq8pKrq/CjzjSSPNSXesIGHee7cA==";
const ECHO_SIGNATURE: &str = "87ceeaa1391089e7b08a8631ee04f1f298ad08b2";

struct Stand {
    connector: WeCom,
    basket: Basket,
    platform: Platform,
    clock: Clock,
}

impl Stand {
    async fn new() -> Self {
        let (platform, clock) = (Platform::default(), Clock::fake(NOW_MS));
        let settings = settings(&platform.start().await);
        let connector = WeCom::new(settings, Arc::new(Rows::default()), clock.clone(), Rng::seeded(1));
        Self { connector: connector.expect("settings"), basket: Basket::default(), platform, clock }
    }

    async fn call(&self, method: &str, query: String, body: String) -> (u16, String) {
        let request =
            CallbackRequest { method: method.into(), query, headers: Vec::new(), body: body.into() };
        let callbacks = self.connector.callbacks().expect("callbacks");
        let answer = callbacks.call(request, &self.basket).await;
        (answer.status, String::from_utf8(answer.body.to_vec()).expect("text"))
    }

    /// A callback of the app, encrypted and signed as the platform does it.
    async fn app(&self, inner: &str, nonce: &str) -> u16 {
        let encrypted = crypt(CORP).encrypt(inner, [5; 16]);
        let body = format!(
            "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID>1000002</AgentID><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        );
        self.call("POST", query(&encrypted, nonce, "1700000000"), body).await.0
    }
}

fn crypt(receiver: &str) -> Crypt {
    Crypt::new(KEY, receiver).expect("a key")
}

fn query(encrypted: &str, nonce: &str, timestamp: &str) -> String {
    let signature = sealed::signature(TOKEN, timestamp, nonce, encrypted);
    format!("msg_signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

fn text(id: u32, words: &str) -> String {
    format!(
        "<xml><ToUserName>{CORP}</ToUserName><FromUserName>zhangsan</FromUserName><CreateTime>1700000000</CreateTime>\
        <MsgType>text</MsgType><Content><![CDATA[{words}]]></Content><MsgId>{id}</MsgId><AgentID>1000002</AgentID></xml>"
    )
}

#[tokio::test]
async fn the_console_tests_an_address_by_the_vector_of_the_page() {
    let stand = Stand::new().await;
    let base = format!("msg_signature={ECHO_SIGNATURE}&timestamp=1700000000&nonce=n0nce42&echostr=");
    let encoded = ECHO.replace('+', "%2B").replace('/', "%2F");
    for echo in [encoded.as_str(), &ECHO.replace('/', "%2F")] {
        assert_eq!(
            stand.call("GET", format!("{base}{echo}"), String::new()).await,
            (200, "echo-4711".into())
        );
    }
    let wrong = base.replace(ECHO_SIGNATURE, &ECHO_SIGNATURE.replace('8', "9"));
    assert_eq!(stand.call("GET", format!("{wrong}{encoded}"), String::new()).await.0, 403);
    assert_eq!(stand.call("GET", base.replace("&echostr=", ""), String::new()).await.0, 400);
    stand.clock.advance(3_700_000);
    assert_eq!(stand.call("GET", format!("{base}{encoded}"), String::new()).await.0, 403, "an old one");
}

#[tokio::test]
async fn nothing_but_the_word_of_a_test_is_ever_decrypted_for_whoever_asks() {
    let stand = Stand::new().await;
    let overheard = crypt(CORP).encrypt(&text(1, "the salary list"), [5; 16]);
    let query = format!("{}&echostr={}", query(&overheard, "n", "1700000000"), overheard.replace('+', "%2B"));
    let (status, body) = stand.call("GET", query, String::new()).await;
    assert_eq!(status, 403);
    assert!(!body.contains("salary"));
}

#[tokio::test]
async fn what_is_said_is_acknowledged_when_it_is_durable_and_taken_once() {
    let stand = Stand::new().await;
    stand.basket.refuse(true);
    assert_eq!(stand.app(&text(1, "hello"), "a").await, 503);
    stand.basket.refuse(false);
    for nonce in ["a", "a", "a"] {
        assert_eq!(stand.app(&text(1, "hello"), nonce).await, 200);
    }
    let taken = stand.basket.taken();
    assert_eq!(taken.len(), 1);
    assert!(matches!(&taken[0].what, Happened::Message(message) if message.parts[0].to_plain() == "hello"));
}

#[tokio::test]
async fn forged_and_foolish_requests_leave_no_trace() {
    let stand = Stand::new().await;
    let ours = crypt(CORP).encrypt(&text(1, "x"), [5; 16]);
    let theirs = crypt("wwother").encrypt(&text(1, "x"), [5; 16]);
    let bomb = crypt(CORP).encrypt("<!DOCTYPE x [<!ENTITY a \"aa\">]><xml>&a;</xml>", [5; 16]);
    let body = |encrypted: &str| format!("<xml><Encrypt>{encrypted}</Encrypt></xml>");
    let table = [
        ("no signature", String::new(), body(&ours), 403),
        ("a wrong signature", query(&theirs, "n", "1700000000"), body(&ours), 403),
        ("an old signature", query(&ours, "n", "1699990000"), body(&ours), 403),
        ("no time", query(&ours, "n", "soon"), body(&ours), 403),
        ("for another company", query(&theirs, "n", "1700000000"), body(&theirs), 403),
        ("nothing encrypted", query(&ours, "n", "1700000000"), "<xml/>".into(), 400),
        ("no XML", query(&ours, "n", "1700000000"), "nonsense".into(), 400),
        ("an entity bomb", query(&bomb, "n", "1700000000"), body(&bomb), 400),
        (
            "too large",
            query(&ours, "n", "1700000000"),
            format!("<xml>{}</xml>", "a".repeat(XML_BYTES_MAX)),
            400,
        ),
    ];
    for (what, query, body, expected) in table {
        assert_eq!(stand.call("POST", query, body).await.0, expected, "{what}");
    }
    assert_eq!(stand.call("PUT", query(&ours, "n", "1700000000"), body(&ours)).await.0, 400);
    assert!(stand.basket.taken().is_empty());
}

#[tokio::test]
async fn the_bots_messages_come_to_the_same_address_as_json() {
    let stand = Stand::new().await;
    let message = json!({"msgid": "m1", "create_time": 1_700_000_000, "aibotid": "aibX", "chatid": "wrX", "chattype": "group",
        "from": {"userid": "lisi"}, "msgtype": "text", "text": {"content": "@Bridge hello"},
        "response_url": "https://evil.example/answer"});
    let encrypted = crypt("").encrypt(&message.to_string(), [5; 16]);
    let names = query(&encrypted, "n", "1700000000").replace("msg_signature", "signature");
    assert_eq!(
        stand.call("POST", names, json!({"encrypt": encrypted}).to_string()).await,
        (200, String::new())
    );
    let taken = stand.basket.taken();
    assert_eq!(taken[0].conversation.as_ref().map(|id| id.as_str()), Some("group:wrX"));
    // Where the one answer would go to is no address of the platform's.
    let outgoing = crate::sending::tests::outgoing("group:wrX", "k", "hi");
    let failure = stand.connector.send(&outgoing).await.expect_err("never sent there");
    assert!(!failure.passes(), "{failure}");
}

#[tokio::test]
async fn a_changed_person_is_looked_up_because_the_event_tells_nothing() {
    let stand = Stand::new().await;
    stand.platform.next(
        "user/get",
        200,
        json!({"errcode": 0, "userid": "LiSi", "name": "李四", "department": [2]}),
    );
    assert_eq!(stand.app(&of_contacts("update_user"), "a").await, 200);
    let Happened::PersonChanged(person) = &stand.basket.taken()[0].what else { panic!("no person") };
    assert_eq!((person.id.as_str(), person.name.as_str()), ("lisi", "李四"));
}

/// Something happened to LiSi.
fn of_contacts(change: &str) -> String {
    format!(
        "<xml><ToUserName>{CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>1700000000</CreateTime>\
        <MsgType>event</MsgType><Event>change_contact</Event><ChangeType>{change}</ChangeType><UserID>LiSi</UserID></xml>"
    )
}

#[tokio::test]
async fn who_was_deleted_has_left_unless_they_are_back_and_it_comes_again_until_that_is_known() {
    let stand = Stand::new().await;
    let deleted = of_contacts("delete_user");
    let refused = json!({"errcode": 60_020, "errmsg": "not allow to access from your ip"});
    stand.platform.next("user/get", 200, refused);
    assert_ne!(stand.app(&deleted, "a").await, 200, "nobody knows yet");
    assert!(stand.basket.taken().is_empty());
    stand.platform.next("user/get", 200, json!({"errcode": 60_111, "errmsg": "userid not found"}));
    assert_eq!(stand.app(&deleted, "b").await, 200);
    let gone = stand.basket.taken().remove(0);
    let Happened::PersonGone(person) = &gone.what else { panic!("{gone:?}") };
    assert_eq!((person.as_str(), &gone.conversation), ("lisi", &None));
    let back = json!({"errcode": 0, "userid": "LiSi", "name": "李四", "department": [2]});
    stand.platform.next("user/get", 200, back);
    let later = deleted.replace("1700000000", "1700000060");
    assert_eq!(stand.app(&later, "c").await, 200);
    let arrivals = stand.basket.taken();
    let [_, last] = arrivals.as_slice() else { panic!("{arrivals:?}") };
    assert!(matches!(&last.what, Happened::PersonChanged(person) if person.name == "李四"), "{last:?}");
}

#[tokio::test]
async fn who_has_another_id_is_gone_under_the_old_one_and_who_quit_is_gone_although_the_platform_shows_them()
{
    let stand = Stand::new().await;
    let changed = |more: &str| of_contacts("update_user").replace("</UserID>", &format!("</UserID>{more}"));
    let nobody = json!({"errcode": 60_111, "errmsg": "userid not found"});
    let renamed = json!({"errcode": 0, "userid": "LiSi2", "name": "李四", "department": [2], "status": 1});
    stand.platform.next("user/get", 200, nobody);
    stand.platform.next("user/get", 200, renamed);
    assert_eq!(stand.app(&changed("<NewUserID>LiSi2</NewUserID>"), "a").await, 200);
    let arrivals = stand.basket.taken();
    let [gone, here] = arrivals.as_slice() else { panic!("{arrivals:?}") };
    assert!(matches!(&gone.what, Happened::PersonGone(person) if person.as_str() == "lisi"), "{gone:?}");
    assert!(
        matches!(&here.what, Happened::PersonChanged(person) if person.id.as_str() == "lisi2"),
        "{here:?}"
    );
    assert_ne!(gone.key, here.key);
    let quit = json!({"errcode": 0, "userid": "LiSi", "name": "李四", "department": [2], "status": 5});
    stand.platform.next("user/get", 200, quit);
    assert_eq!(stand.app(&changed("<Status>5</Status>").replace("1700000000", "1700000060"), "b").await, 200);
    let arrivals = stand.basket.taken();
    let last = arrivals.last().expect("something");
    assert!(matches!(&last.what, Happened::PersonGone(person) if person.as_str() == "lisi"), "{last:?}");
    // Whom the app may not see has not left for that.
    stand.platform.next("user/get", 200, json!({"errcode": 60_011, "errmsg": "no privilege"}));
    assert_eq!(stand.app(&changed("").replace("1700000000", "1700000120"), "c").await, 200);
    assert_eq!(stand.basket.taken().len(), 3);
}

#[tokio::test]
async fn a_warning_that_the_app_is_used_too_little_is_shown_until_it_is_over() {
    let stand = Stand::new().await;
    let event = |name: &str, at: u64| {
        format!(
            "<xml><ToUserName>{CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>{at}</CreateTime>\
            <MsgType>event</MsgType><Event>{name}</Event><AgentID>1000002</AgentID></xml>"
        )
    };
    assert_eq!(stand.app(&event("inactive_alert", 1_700_000_000), "a").await, 200);
    assert!(stand.connector.amiss()[0].en.contains("too little"), "{:?}", stand.connector.amiss());
    assert_eq!(stand.app(&event("active_restored", 1_700_000_060), "b").await, 200);
    assert!(stand.connector.amiss().is_empty() && stand.basket.taken().is_empty());
}
