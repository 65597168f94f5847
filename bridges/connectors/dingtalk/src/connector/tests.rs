//! The stream against a scripted gateway: what is acknowledged, and when.

use bridge_api::Happened;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

use super::*;
use crate::peer::{Basket, Platform, Rows, settings};

const OPEN: &str = "/v1.0/gateway/connections/open";
const PATIENCE: Duration = Duration::from_secs(20);

type Peer = WebSocketStream<TcpStream>;

struct Gateway {
    platform: Platform,
    listener: TcpListener,
    basket: Arc<Basket>,
    shutdown: Shutdown,
    running: tokio::task::JoinHandle<Result<(), Failure>>,
}

impl Gateway {
    async fn start(tickets: usize) -> Self {
        let platform = Platform::default();
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
    let gateway = Gateway::start(1).await;
    let mut peer = gateway.accept().await;
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
    assert!(matches!(gateway.basket.lines().as_slice(), [Line::Up]));
    let asked = &gateway.platform.asked(OPEN)[0].body;
    assert_eq!(asked["clientSecret"], "secret");
    assert_eq!(asked["subscriptions"].as_array().map(Vec::len), Some(3));
    gateway.stop().await;
}

#[tokio::test]
async fn a_connection_asked_to_go_is_replaced_before_it_closes_and_still_read() {
    let gateway = Gateway::start(2).await;
    let mut old = gateway.accept().await;
    tell(&mut old, "SYSTEM", "", "disconnect", &json!({"reason": "connection is expired"})).await;
    let mut new = gateway.accept().await;
    tell(&mut old, "CALLBACK", "m1", ROBOT, &robot("msg1==")).await;
    assert_eq!(heard(&mut old).await["code"], 200);
    tell(&mut new, "CALLBACK", "m2", ROBOT, &robot("msg2==")).await;
    assert_eq!(heard(&mut new).await["code"], 200);
    assert_eq!(gateway.basket.taken().len(), 2);
    assert_eq!(gateway.platform.asked(OPEN).len(), 2, "a fresh ticket each time");
    gateway.stop().await;
}

#[tokio::test]
async fn a_lost_connection_is_said_and_opened_again_and_garbage_costs_none() {
    let gateway = Gateway::start(2).await;
    let mut first = gateway.accept().await;
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
    assert!(matches!(gateway.basket.lines().as_slice(), [Line::Up, Line::Down(_), Line::Up]));
    gateway.stop().await;
}
