//! The stream against a scripted gateway: what is acknowledged, and when.

use bridge_api::{
    CheckOutcome, Happened,
    double::{Basket, Rows, Script},
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

use super::*;
use crate::peer::{platform, settings};

mod events;

const OPEN: &str = "/v1.0/gateway/connections/open";
const PATIENCE: Duration = Duration::from_secs(20);

type Peer = WebSocketStream<TcpStream>;

struct Gateway {
    platform: Script,
    listener: TcpListener,
    basket: Arc<Basket>,
    shutdown: Shutdown,
    running: tokio::task::JoinHandle<Result<(), Failure>>,
}

impl Gateway {
    async fn start(tickets: usize) -> Self {
        Self::with(platform(), tickets).await
    }

    /// Of this platform, which may refuse before it gives tickets.
    async fn with(platform: Script, tickets: usize) -> Self {
        let base = platform.start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("ws://{}/connect", listener.local_addr().expect("an address"));
        for ticket in 0..tickets {
            platform.next(OPEN, 200, json!({"endpoint": endpoint, "ticket": format!("t+{ticket}")}));
        }
        let (basket, shutdown, rows) =
            (Arc::new(Basket::default()), Shutdown::new(), Arc::new(Rows::default()));
        let clock = Clock::fake(1_700_000_000_000);
        let connector = DingTalk::new(settings(&base), rows, clock, Rng::seeded(1)).expect("a connector");
        let (inbox, stop) = (basket.clone(), shutdown.clone());
        let running = tokio::spawn(async move { connector.run(inbox, stop).await });
        Self { platform, listener, basket, shutdown, running }
    }

    async fn accept(&self) -> Peer {
        let (stream, _) =
            timeout(PATIENCE, self.listener.accept()).await.expect("in time").expect("a connection");
        accept_async(stream).await.expect("a stream")
    }

    async fn stop(self) {
        self.shutdown.trigger();
        timeout(PATIENCE, self.running).await.expect("in time").expect("no panic").expect("no failure");
    }
}

async fn tell(peer: &mut Peer, kind: &str, id: &str, topic: &str, data: &Value) {
    let headers = json!({"messageId": id, "topic": topic, "contentType": "application/json"});
    let frame = json!({"specVersion": "1.0", "type": kind, "headers": headers, "data": data.to_string()});
    peer.send(Message::text(frame.to_string())).await.expect("told");
}

async fn heard(peer: &mut Peer) -> Value {
    loop {
        let message =
            timeout(PATIENCE, peer.next()).await.expect("in time").expect("open").expect("a message");
        if let Message::Text(text) = message {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

fn robot(id: &str) -> Value {
    json!({"msgId": id, "msgtype": "text", "text": {"content": " hi"}, "conversationType": "2", "conversationId": "cid1==",
        "senderStaffId": "u1", "senderNick": "Li", "createAt": 1_700_000_000_000_u64})
}

const ROBOT: &str = "/v1.0/im/bot/messages/get";

#[tokio::test]
async fn what_is_said_is_acknowledged_when_it_is_durable() {
    let gateway = Gateway::start(2).await;
    let (mut peer, _other) = (gateway.accept().await, gateway.accept().await);
    tell(&mut peer, "SYSTEM", "p1", "ping", &json!({"opaque": "x"})).await;
    let pong = heard(&mut peer).await;
    assert_eq!((pong["code"].as_u64(), pong["data"].as_str()), (Some(200), Some(r#"{"opaque":"x"}"#)));
    gateway.basket.refuse(true);
    tell(&mut peer, "CALLBACK", "m1", ROBOT, &robot("msg1==")).await;
    assert_eq!(heard(&mut peer).await["code"], 500, "not durable");
    gateway.basket.refuse(false);
    tell(&mut peer, "CALLBACK", "m1", ROBOT, &robot("msg1==")).await;
    let answer = heard(&mut peer).await;
    assert_eq!((&answer["code"], &answer["headers"]["messageId"]), (&json!(200), &json!("m1")));
    let taken = gateway.basket.taken();
    assert_eq!(taken.len(), 1);
    assert!(matches!(&taken[0].what, Happened::Message(message) if message.id.as_str() == "msg1=="));
    assert!(matches!(gateway.basket.lines().as_slice(), [Line::Up, Line::Up]));
    let asked = &gateway.platform.asked(OPEN)[0].body;
    assert_eq!(asked["clientSecret"], "secret");
    assert_eq!(asked["subscriptions"].as_array().map(Vec::len), Some(3));
    gateway.stop().await;
}

#[tokio::test]
async fn a_connection_asked_to_go_is_replaced_before_it_closes_and_still_read() {
    let gateway = Gateway::start(3).await;
    let (mut old, _other) = (gateway.accept().await, gateway.accept().await);
    tell(&mut old, "SYSTEM", "", "disconnect", &json!({"reason": "connection is expired"})).await;
    let mut new = gateway.accept().await;
    tell(&mut old, "CALLBACK", "m1", ROBOT, &robot("msg1==")).await;
    assert_eq!(heard(&mut old).await["code"], 200);
    tell(&mut new, "CALLBACK", "m2", ROBOT, &robot("msg2==")).await;
    assert_eq!(heard(&mut new).await["code"], 200);
    assert_eq!(gateway.basket.taken().len(), 2);
    assert_eq!(gateway.platform.asked(OPEN).len(), 3, "a fresh ticket each time");
    gateway.stop().await;
}

#[tokio::test]
async fn what_comes_over_two_connections_is_taken_in_the_order_in_which_it_was_said() {
    let gateway = Gateway::start(2).await;
    let (mut one, mut other) = (gateway.accept().await, gateway.accept().await);
    let said_at = |id: &str, at_ms: u64| {
        let mut message = robot(id);
        message["createAt"] = json!(at_ms);
        message
    };
    tell(&mut one, "CALLBACK", "m2", ROBOT, &said_at("msg2==", 2_000)).await;
    tell(&mut other, "CALLBACK", "m1", ROBOT, &said_at("msg1==", 1_000)).await;
    for peer in [&mut one, &mut other] {
        assert_eq!(heard(peer).await["code"], 200);
    }
    let times: Vec<_> = gateway.basket.taken().iter().map(|arrival| arrival.at_ms).collect();
    assert_eq!(times, [1_000, 2_000]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_lost_connection_is_opened_again_beside_the_other_and_garbage_costs_none() {
    let gateway = Gateway::start(5).await;
    let (mut first, mut other) = (gateway.accept().await, gateway.accept().await);
    first.send(Message::text("{not JSON")).await.expect("told");
    tell(&mut first, "CALLBACK", "m1", ROBOT, &json!({"msgId": 5})).await;
    assert_eq!(
        heard(&mut first).await["code"],
        200,
        "senseless, and acknowledged so that it does not come again"
    );
    drop(first);
    let mut second = gateway.accept().await;
    tell(&mut second, "CALLBACK", "m2", ROBOT, &robot("msg2==")).await;
    assert_eq!(heard(&mut second).await["code"], 200);
    tell(&mut other, "CALLBACK", "m3", ROBOT, &robot("msg3==")).await;
    assert_eq!(heard(&mut other).await["code"], 200);
    // While one is there the line is up.
    assert!(matches!(gateway.basket.lines().as_slice(), [Line::Up, Line::Up, Line::Up]));
    drop((second, other));
    let mut third = gateway.accept().await;
    tell(&mut third, "CALLBACK", "m4", ROBOT, &robot("msg4==")).await;
    assert_eq!(heard(&mut third).await["code"], 200);
    let lines = gateway.basket.lines();
    assert!(
        matches!(lines.as_slice(), [.., Line::Down(_), Line::Up] | [.., Line::Down(_), Line::Up, Line::Up]),
        "{lines:?}"
    );
    assert_eq!(gateway.basket.taken().len(), 3);
    gateway.stop().await;
}

#[tokio::test]
async fn one_that_is_refused_for_its_configuration_holds_up_no_other_and_follows_it_at_once() {
    let platform = platform();
    platform.next(OPEN, 401, json!({"code": "authFailed", "message": "鉴权失败"}));
    let gateway = Gateway::with(platform, 2).await;
    // Long before the one that was refused would be tried again by itself.
    let mut peers = [gateway.accept().await, gateway.accept().await];
    for (number, peer) in peers.iter_mut().enumerate() {
        tell(peer, "CALLBACK", "m1", ROBOT, &robot(&format!("msg{number}=="))).await;
        assert_eq!(heard(peer).await["code"], 200);
    }
    assert_eq!(gateway.platform.asked(OPEN).len(), 3);
    gateway.stop().await;
}

#[tokio::test]
async fn a_check_says_what_works_and_what_to_mend() {
    let platform = platform();
    let settings = settings(&platform.start().await);
    let connector = || {
        let (rows, clock) = (Arc::new(Rows::default()), Clock::fake(1_700_000_000_000));
        DingTalk::new(settings.clone(), rows, clock, Rng::seeded(1)).expect("a connector")
    };
    let departments = "/topapi/v2/department/listsub";
    platform.next(departments, 200, json!({"errcode": 0, "result": [{"dept_id": 2, "name": "Ops"}]}));
    platform.next(OPEN, 200, json!({"endpoint": "ws://127.0.0.1:9/connect", "ticket": "t"}));
    let steps = connector().check().await;
    // With the rights for to-dos, meetings, free/busy and native approvals.
    assert_eq!(steps.len(), 7);
    assert!(steps.iter().all(|step| step.works()), "{steps:?}");
    assert_eq!(steps[1].outcome, CheckOutcome::Works("1 个一级部门 · departments at the top".into()));
    let wrong = json!({"code": "invalidClientIdOrSecret", "message": "无效的clientId或者clientSecret", "requestid": "r1"});
    platform.next("/v1.0/oauth2/accessToken", 400, &wrong);
    platform.next(OPEN, 400, &wrong);
    let steps = connector().check().await;
    assert_eq!(steps.len(), 2, "nothing is read without a token");
    for step in &steps {
        let CheckOutcome::Fails { reason, advice } = &step.outcome else { panic!("{steps:?}") };
        assert!(reason.contains("clientSecret") && !advice.zh.is_empty(), "{reason}");
    }
    assert_eq!(platform.asked(departments).len(), 1);
}
