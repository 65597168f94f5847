//! The long connection from its first ping to the next connection.

use std::sync::Arc;

use bridge_api::{Connector as _, Failure, Line, Shutdown};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

use super::peer::{Kept, Peer};
use crate::socket::frame::{CONTROL, DATA, Frame, Header};

struct Running {
    listener: TcpListener,
    inbox: Arc<Kept>,
    shutdown: Shutdown,
    task: JoinHandle<Result<(), Failure>>,
}

async fn running() -> Running {
    let (peer, feishu) = Peer::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    *peer.socket.lock() = format!("ws://{address}/ws/v2?device_id=d1&service_id=7&ticket=t");
    let (inbox, shutdown) = (Arc::new(Kept::default()), Shutdown::new());
    let (inside, until) = (Arc::clone(&inbox), shutdown.clone());
    let task = tokio::spawn(async move { feishu.run(inside, until).await });
    Running { listener, inbox, shutdown, task }
}

impl Running {
    async fn accept(&self) -> WebSocketStream<TcpStream> {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        accept_async(stream).await.expect("an upgrade")
    }
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Frame {
    loop {
        match socket.next().await.expect("a message").expect("a good one") {
            Message::Binary(bytes) => return Frame::read(bytes).expect("a frame"),
            other => assert!(!matches!(other, Message::Close(_)), "{other:?}"),
        }
    }
}

fn frame(kind: &str, id: &str, sum: usize, index: usize, payload: &[u8]) -> Frame {
    let pair = |key: &str, value: String| Header { key: key.to_owned(), value };
    let headers = vec![
        pair("type", kind.to_owned()),
        pair("message_id", id.to_owned()),
        pair("sum", sum.to_string()),
        pair("seq", index.to_string()),
        pair("instance_id", "i1".to_owned()),
    ];
    Frame {
        sequence_id: 3,
        log_id: 4,
        service: 7,
        method: DATA,
        headers,
        payload: Some(payload.to_vec().into()),
        ..Frame::default()
    }
}

fn recalled(id: &str) -> Vec<u8> {
    json!({ "schema": "2.0", "header": { "event_id": format!("ev-{id}"), "event_type": "im.message.recalled_v1", "token": "" },
        "event": { "message_id": id, "chat_id": "oc_1" } })
    .to_string()
    .into_bytes()
}

async fn tell(socket: &mut WebSocketStream<TcpStream>, frame: &Frame) {
    socket.send(Message::Binary(frame.write())).await.expect("it is sent");
}

fn code(frame: &Frame) -> Value {
    let payload: Value = serde_json::from_slice(frame.payload.as_deref().expect("a payload")).expect("JSON");
    payload["code"].clone()
}

#[tokio::test]
async fn an_event_is_acknowledged_when_it_is_kept_and_refused_when_it_is_not() {
    let running = running().await;
    let mut socket = running.accept().await;
    let ping = next(&mut socket).await;
    assert_eq!((ping.method, ping.service, ping.header("type")), (CONTROL, 7, Some("ping")));
    *running.inbox.refusals.lock() = 1;
    tell(&mut socket, &frame("event", "m1", 1, 0, &recalled("om_1"))).await;
    assert_eq!(code(&next(&mut socket).await), 500);
    assert!(running.inbox.arrivals.lock().is_empty());
    tell(&mut socket, &frame("event", "m1", 1, 0, &recalled("om_1"))).await;
    let answer = next(&mut socket).await;
    assert_eq!(code(&answer), 200);
    assert_eq!((answer.sequence_id, answer.log_id, answer.method), (3, 4, DATA));
    assert_eq!((answer.header("instance_id"), answer.header("message_id")), (Some("i1"), Some("m1")));
    assert!(answer.header("biz_rt").is_some());
    assert_eq!(running.inbox.arrivals.lock()[0].key.as_str(), "cli_a:recalled:om_1");
}

#[tokio::test]
async fn what_makes_no_sense_costs_neither_the_connection_nor_what_comes_behind_it() {
    let running = running().await;
    let mut socket = running.accept().await;
    next(&mut socket).await;
    let pong = |payload: &'static [u8]| Frame {
        method: CONTROL,
        headers: frame("pong", "", 1, 0, b"").headers,
        payload: Some(payload.into()),
        ..Frame::default()
    };
    tell(&mut socket, &pong(b"garbage")).await;
    tell(&mut socket, &frame("new", "m0", 1, 0, b"{}")).await;
    tell(&mut socket, &frame("event", "m0", 2, 5, b"{}")).await;
    socket.send(Message::Binary(bytes::Bytes::from_static(&[0xff, 0xff]))).await.expect("it is sent");
    socket.send(Message::text("hello")).await.expect("it is sent");
    let whole = recalled("om_2");
    let (first, second) = whole.split_at(20);
    tell(&mut socket, &frame("event", "m2", 2, 1, second)).await;
    tell(&mut socket, &frame("event", "m2", 2, 0, first)).await;
    let answer = next(&mut socket).await;
    assert_eq!((code(&answer), answer.header("seq")), (json!(200), Some("0")));
    tell(&mut socket, &frame("event", "m3", 1, 0, b"no event")).await;
    assert_eq!(code(&next(&mut socket).await), 200);
    let keys: Vec<_> = running.inbox.arrivals.lock().iter().map(|arrival| arrival.key.to_string()).collect();
    assert_eq!(keys, ["cli_a:recalled:om_2"]);
}

#[tokio::test]
async fn a_press_over_either_frame_gets_its_answer() {
    let running = running().await;
    let mut socket = running.accept().await;
    next(&mut socket).await;
    let press = json!({ "schema": "2.0", "header": { "event_id": "ev1", "event_type": "card.action.trigger", "create_time": "1700000000000000" },
        "event": { "operator": { "open_id": "ou_a" }, "action": { "value": { "action": "yes" }, "tag": "button" },
            "context": { "open_message_id": "om_1", "open_chat_id": "oc_1" } } });
    for kind in ["event", "card"] {
        tell(&mut socket, &frame(kind, "m1", 1, 0, press.to_string().as_bytes())).await;
        let answer = next(&mut socket).await;
        let payload: Value =
            serde_json::from_slice(answer.payload.as_deref().expect("a payload")).expect("JSON");
        assert_eq!(payload["code"], 200, "{kind}");
        assert!(payload["data"].as_str().is_some_and(|data| !data.is_empty()), "{kind}");
    }
    assert_eq!(running.inbox.arrivals.lock().len(), 2);
}

#[tokio::test]
async fn a_lost_connection_is_told_and_replaced_and_there_is_one_at_a_time() {
    let running = running().await;
    let mut socket = running.accept().await;
    next(&mut socket).await;
    socket.close(None).await.expect("it closes");
    drop(socket);
    let mut again = running.accept().await;
    next(&mut again).await;
    let lines: Vec<_> = running.inbox.lines.lock().iter().map(|line| matches!(line, Line::Up)).collect();
    assert_eq!(lines, [true, false, true]);
    running.shutdown.trigger();
    let Running { task, .. } = running;
    assert_eq!(task.await.expect("no panic"), Ok(()));
}
