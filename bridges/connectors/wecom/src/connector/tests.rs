use bridge_api::{
    CheckOutcome,
    double::{Basket, Rows},
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

use super::*;
use crate::{
    limits::ANSWER_TIME_MAX,
    peer::{Platform, settings},
    settings::Bot,
};

const PATIENCE: Duration = Duration::from_secs(20);

fn connector(settings: WeComSettings) -> WeCom {
    let rows = Arc::new(Rows::default());
    WeCom::new(settings, rows, Clock::fake(1_700_000_000_000), Rng::seeded(1)).expect("settings")
}

/// A bot that is connected, and whose subscription nobody has answered.
struct Connected {
    peer: WebSocketStream<TcpStream>,
    basket: Arc<Basket>,
    shutdown: Shutdown,
    running: JoinHandle<Result<(), Failure>>,
}

impl Connected {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}", listener.local_addr().expect("an address")).parse().expect("an address");
        let mut settings = settings(&Platform::default().start().await);
        let mode = BotMode::Socket { url, secret: bridge_api::Secret::new("s") };
        (settings.app, settings.bot) = (None, Some(Bot { id: "aibX".into(), names: Vec::new(), mode }));
        let (connector, basket, shutdown) =
            (connector(settings), Arc::new(Basket::default()), Shutdown::new());
        let (inbox, stop) = (basket.clone(), shutdown.clone());
        let running = tokio::spawn(async move { connector.run(inbox, stop).await });
        let (stream, _) = timeout(PATIENCE, listener.accept()).await.expect("in time").expect("a connection");
        let mut peer = accept_async(stream).await.expect("a socket");
        timeout(PATIENCE, peer.next()).await.expect("in time").expect("open").expect("a frame");
        Self { peer, basket, shutdown, running }
    }

    async fn stops(self) {
        let Self { peer, shutdown, running, .. } = self;
        drop(peer);
        shutdown.trigger();
        timeout(PATIENCE, running).await.expect("in time").expect("no panic").expect("no failure");
    }
}

#[tokio::test]
async fn the_bot_is_connected_although_the_app_gets_no_token() {
    let platform = Platform::default();
    let mut settings = settings(&platform.start().await);
    for _ in 0..9 {
        platform.next("gettoken", 200, json!({"errcode": 40001, "errmsg": "invalid credential"}));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}", listener.local_addr().expect("an address")).parse().expect("an address");
    let mode = BotMode::Socket { url, secret: bridge_api::Secret::new("s") };
    settings.bot = Some(Bot { id: "aibX".into(), names: Vec::new(), mode });
    let (connector, basket, shutdown) = (connector(settings), Arc::new(Basket::default()), Shutdown::new());
    let (inbox, stop) = (basket.clone(), shutdown.clone());
    let running = tokio::spawn(async move { connector.run(inbox, stop).await });
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.expect("in time").expect("a connection");
    let mut peer = accept_async(stream).await.expect("a socket");
    let message = timeout(PATIENCE, peer.next()).await.expect("in time").expect("open").expect("a frame");
    let frame: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
    assert_eq!((&frame["cmd"], &frame["body"]["bot_id"]), (&json!("aibot_subscribe"), &json!("aibX")));
    let answer = json!({"headers": frame["headers"], "errcode": 0, "errmsg": "ok"});
    peer.send(Message::text(answer.to_string())).await.expect("answered");
    let up = async {
        while basket.lines() != [LineState::Up] {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, up).await.expect("the line is up");
    assert!(!platform.asked("gettoken").is_empty(), "the app was tried as well");
    shutdown.trigger();
    timeout(PATIENCE, running).await.expect("in time").expect("no panic").expect("no failure");
}

#[tokio::test]
async fn a_check_says_what_works_and_what_to_mend() {
    let platform = Platform::default();
    let settings = settings(&platform.start().await);
    platform.next(
        "department/simplelist",
        200,
        json!({"errcode": 0, "department_id": [{"id": 1}, {"id": 2}]}),
    );
    platform.next("oa/getapprovalinfo", 200, json!({"errcode": 301_055, "errmsg": "no approval auth"}));
    platform.next("oa/schedule/get", 200, json!({"errcode": 48_002, "errmsg": "api forbidden"}));
    platform.next("appchat/get", 200, json!({"errcode": 86008, "errmsg": "another app's"}));
    let steps = connector(settings.clone()).check().await;
    let works: Vec<_> = steps.iter().map(|step| (step.what.en, step.works())).collect();
    assert_eq!(works[0], ("fetch an access token with the company's id and the app's secret", true));
    assert_eq!(steps[1].outcome, CheckOutcome::Works("2 个部门 · departments".into()));
    assert!(
        matches!(&steps[4].outcome, CheckOutcome::Fails { reason, .. } if reason.contains("86008")),
        "{steps:?}"
    );
    let skipped = [2, 3, 5, 6, 7];
    assert!(
        skipped.iter().all(|step| matches!(steps[*step].outcome, CheckOutcome::Skipped(_))),
        "a right that is not granted is no fault: {steps:?}"
    );
    assert_eq!(steps.len(), 8);
    platform.next("gettoken", 200, json!({"errcode": 40001, "errmsg": "invalid credential, hint: [17]"}));
    let steps = connector(settings).check().await;
    let CheckOutcome::Fails { reason, advice } = &steps[0].outcome else { panic!("{steps:?}") };
    assert!(reason.contains("invalid credential") && reason.contains("17"), "{reason}");
    assert!(advice.en.contains("corp_id") && !reason.contains("secret\""));
    assert_eq!(platform.asked("department/simplelist").len(), 1, "nothing is read without a token");
}

#[tokio::test]
async fn what_the_bot_heard_does_not_wait_for_the_answer_to_its_subscription() {
    let mut bot = Connected::new().await;
    let basket = Arc::clone(&bot.basket);
    let heard = json!({"cmd": "aibot_msg_callback", "headers": {"req_id": "r1"}, "body": {"msgid": "m1",
        "aibotid": "aibX", "chatid": "wrX", "chattype": "group", "from": {"userid": "lisi"},
        "msgtype": "text", "text": {"content": "hello"}}});
    bot.peer.send(Message::text(heard.to_string())).await.expect("brought");
    let kept = async {
        while basket.taken().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(ANSWER_TIME_MAX / 2, kept).await.expect("it is kept while nobody answers");
    assert_eq!(basket.taken()[0].conversation.as_ref().map(|id| id.as_str()), Some("group:wrX"));
    bot.stops().await;
}

#[tokio::test]
async fn what_is_beyond_all_bounds_keeps_nothing_behind_it_waiting() {
    let mut bot = Connected::new().await;
    let basket = Arc::clone(&bot.basket);
    let long = "x".repeat(100_000);
    let said = |id: &str, more: Value| {
        let mut body = json!({"msgid": id, "aibotid": "aibX", "chatid": "wrX", "chattype": "group",
            "from": {"userid": "lisi"}, "msgtype": "text", "text": {"content": "hello"}});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        json!({"cmd": "aibot_msg_callback", "headers": {"req_id": id}, "body": body}).to_string()
    };
    let image = json!({"msgtype": "image", "image": {"url": format!("https://files.example/{long}")}});
    let press = json!({"cmd": "aibot_event_callback", "headers": {"req_id": "r2"}, "body": {"msgid": "p1",
        "aibotid": "aibX", "chatid": "wrX", "chattype": "group", "from": {"userid": "lisi"}, "msgtype": "event",
        "event": {"eventtype": "template_card_event", "event_key": "0", "task_id": long}}});
    let frames = [
        said("m1", image),
        said("m2", json!({"response_url": format!("https://answers.example/{long}")})),
        press.to_string(),
        "{\"cmd\": \"aibot_msg_callback\", \"headers\":".to_owned(),
        said("m3", json!({})),
    ];
    for frame in frames {
        bot.peer.send(Message::text(frame)).await.expect("brought");
    }
    let ids = || -> Vec<String> {
        let taken = basket.taken();
        let messages = taken.iter().filter_map(|arrival| arrival.what.message().map(ToString::to_string));
        messages.collect()
    };
    let kept = async {
        while ids().len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, kept).await.expect("the last one is kept");
    assert_eq!(ids(), ["m1", "m2", "m3"]);
    bot.stops().await;
}
