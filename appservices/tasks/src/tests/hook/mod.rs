//! A program elsewhere that hears how tasks stand.

mod refused;

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use outbound::{Outbound, OutboundSettings, parse_range};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{
    Hook, OfficeError,
    limits::{HOOK_KEPT_MS, HOOK_LOOK_INTERVAL, HOOK_PAUSE},
};

/// What a program was told: the headers, lower case, and the body.
type Request = (String, Value);

/// A program that hears of tasks.
struct Program {
    url: String,
    heard: Arc<Mutex<Vec<Request>>>,
}

impl Program {
    /// One that answers with these statuses, one after the other, and with 200 from then on.
    async fn answering(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/tasks", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (kept, mut statuses) = (Arc::clone(&heard), VecDeque::from(statuses.to_vec()));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let request = read(&mut socket).await;
                kept.lock().unwrap().push(request);
                let status = statuses.pop_front().unwrap_or(200);
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, heard }
    }

    /// What it was told since the last look.
    fn told(&self) -> Vec<Request> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    /// The bot that tells it, over what the one on the stage has kept.
    fn teller(&self, stage: &Stage, allowed: &[&str]) -> Tasks {
        let hook = Hook { url: self.url.clone(), secret: SECRET.to_owned(), outbound: outbound(allowed) };
        Tasks::new(stage.kit().clone(), TasksParts { hook: Some(hook), ..TasksParts::default() })
    }
}

const SECRET: &str = "a-secret-of-sixteen";

fn outbound(allowed: &[&str]) -> Outbound {
    let allowed_ranges = allowed.iter().map(|range| parse_range(range).unwrap()).collect();
    Outbound::new(OutboundSettings { allowed_ranges, ..OutboundSettings::default() }).unwrap()
}

async fn read(socket: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = socket.read(&mut piece).await.unwrap();
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let length = header(&head, "content-length").parse::<usize>().unwrap();
        if body.len() == length {
            return (head, serde_json::from_str(body).unwrap());
        }
    }
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let found = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("{name} is in {head}")).trim()
}

/// The office of the other tests, whose bot notes what is to be told of.
async fn telling_office() -> (Stage, String) {
    let bots = |kit: &kit::Kit| {
        let hook = Hook { url: String::new(), secret: String::new(), outbound: outbound(&[]) };
        let parts = TasksParts { hook: Some(hook), ..TasksParts::default() };
        vec![Arc::new(Tasks::new(kit.clone(), parts)) as Arc<dyn Bot>]
    };
    opened(Stage::new(Play { bots, ..play() }).await).await
}

/// Time goes by.
fn passes(stage: &Stage, time: Duration) {
    stage.advance_ms(u64::try_from(time.as_millis()).unwrap());
}

const LOOPBACK: &[&str] = &["127.0.0.0/8"];

#[tokio::test(flavor = "multi_thread")]
async fn a_program_hears_signed_how_each_task_stands_now() {
    let (mut stage, hall) = telling_office().await;
    let program = Program::answering(&[]).await;
    let teller = program.teller(&stage, LOOPBACK);
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天 !高 #周报").await;
    says(&mut stage, ZHANGSAN, &hall, "!task secret things @李四 明天 !secret").await;
    let task = card(&stage, &hall, "] TK-20261105-0001");
    taps(&mut stage, LISI, &hall, &task, "2️⃣").await;
    assert_eq!(teller.tell_hook().await.unwrap(), HOOK_LOOK_INTERVAL);
    let told = program.told();
    assert_eq!(told.len(), 1, "one task as it is now, and the secret one not at all: {told:#?}");
    let (head, body) = &told[0];
    assert!(head.starts_with("post /tasks "), "{head}");
    assert_eq!(
        (&body["no"], &body["state"], &body["title"], &body["progress"], &body["priority"]),
        (&"TK-20261105-0001".into(), &"doing".into(), &"写周报".into(), &50.into(), &"high".into())
    );
    assert_eq!(
        (&body["assignees"][0]["name"], &body["assignees"][0]["account"]),
        (&"李四".into(), &LISI.into())
    );
    let delivery = format!("{}.{}", body["id"].as_str().unwrap(), body["rev"]).to_lowercase();
    assert_eq!(header(head, "x-lianqiao-delivery"), delivery);
    assert_eq!(header(head, "x-lianqiao-timestamp"), stage.kit().clock().now_ms().to_string());
    let signature = header(head, "x-lianqiao-signature").strip_prefix("sha256=").unwrap();
    assert_eq!(signature.len(), 64, "{signature}");
    teller.tell_hook().await.unwrap();
    assert!(program.told().is_empty(), "once");
    taps(&mut stage, LISI, &hall, &task, "✅").await;
    teller.tell_hook().await.unwrap();
    assert_eq!(program.told()[0].1["state"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_program_is_away_changes_wait_for_days() {
    let (mut stage, hall) = telling_office().await;
    let program = Program::answering(&[503, 429, 200, 500]).await;
    let teller = program.teller(&stage, LOOPBACK);
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    for times in [1, 2] {
        let wait = teller.tell_hook().await.unwrap();
        assert_eq!(wait, HOOK_PAUSE * times, "it has no time");
        passes(&stage, wait);
    }
    // A restart in between loses nothing, and what has changed meanwhile is told as it is.
    stage.restart().await;
    let task = card(&stage, &hall, "] TK-20261105-0001");
    taps(&mut stage, LISI, &hall, &task, "1️⃣").await;
    let teller = program.teller(&stage, LOOPBACK);
    teller.tell_hook().await.unwrap();
    let told = program.told();
    assert_eq!((told.len(), &told[2].1["progress"]), (3, &25.into()));
    // After days it is given up.
    taps(&mut stage, LISI, &hall, &task, "3️⃣").await;
    stage.advance_ms(HOOK_KEPT_MS);
    teller.tell_hook().await.unwrap();
    assert_eq!(program.told().len(), 1);
    teller.tell_hook().await.unwrap();
    assert!(program.told().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_alone_is_not_taken_holds_up_no_other() {
    let (mut stage, hall) = telling_office().await;
    let program = Program::answering(&[500, 200, 200, 500, 200, 500]).await;
    let teller = program.teller(&stage, LOOPBACK);
    for line in ["!任务 写周报 @李四 明天", "!任务 写月报 @李四 明天"] {
        says(&mut stage, ZHANGSAN, &hall, line).await;
    }
    let mut wait = teller.tell_hook().await.unwrap();
    let told = program.told();
    assert_eq!((told.len(), wait), (2, HOOK_PAUSE), "the other one had its turn");
    let untaken = told[0].1["title"].clone();
    // However often it is not taken, what happens meanwhile is told of at once.
    for title in ["写年报", "写日报"] {
        says(&mut stage, ZHANGSAN, &hall, &format!("!任务 {title} @李四 明天")).await;
        assert_eq!(teller.tell_hook().await.unwrap(), HOOK_LOOK_INTERVAL);
        let told = program.told();
        assert_eq!((told.len(), &told[0].1["title"]), (1, &title.into()), "{title} alone");
        passes(&stage, wait);
        wait = teller.tell_hook().await.unwrap();
        let told = program.told();
        assert_eq!((told.len(), &told[0].1["title"]), (1, &untaken), "it is tried after {title}");
    }
    assert_eq!(wait, HOOK_PAUSE * 4, "it waits longer each time");
    passes(&stage, wait);
    assert_eq!(teller.tell_hook().await.unwrap(), HOOK_LOOK_INTERVAL);
    assert_eq!(program.told()[0].1["title"], untaken, "it arrives at last");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_has_time_for_a_second_task_either_all_wait() {
    let (mut stage, hall) = telling_office().await;
    let program = Program::answering(&[503, 503]).await;
    let teller = program.teller(&stage, LOOPBACK);
    for title in ["写周报", "写月报", "写年报"] {
        says(&mut stage, ZHANGSAN, &hall, &format!("!任务 {title} @李四 明天")).await;
    }
    assert!(matches!(teller.tell_hook().await, Err(OfficeError::Later(_))));
    assert_eq!(program.told().len(), 2, "nobody asks for the third");
    passes(&stage, HOOK_PAUSE);
    assert_eq!(teller.tell_hook().await.unwrap(), HOOK_LOOK_INTERVAL);
    assert_eq!(program.told().len(), 3, "all of them arrive");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_not_asked() {
    let (mut stage, hall) = telling_office().await;
    let program = Program::answering(&[]).await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    let teller = program.teller(&stage, &[]);
    for _ in 0..2 {
        teller.tell_hook().await.unwrap();
    }
    assert!(program.told().is_empty());
}
