//! Application services import histories while people chat: how long people wait for what they send, against a server that has
//! nothing else to do.
//!
//! Each service imports one message after the other, as bridges do, in a room of its own users. People send at a pace and read what
//! others say by long polls, so what they wait does not depend on how much they send.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::{Json, Router};
use base::Background;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{TEST_SERVER_NAME, segment};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::Sizes;
use crate::client::{Client, User, text};
use crate::measure::{Done, Measure, measured, timed};
use crate::target::{LianqiaoOptions, Target};

/// Threads that the services' side runs on.
const SERVICE_THREADS: usize = 2;

/// Stack of each of them, in bytes.
const SERVICE_STACK_BYTES: usize = 2 * 1024 * 1024;

/// People in one room.
const PEOPLE_IN_ROOM: usize = 10;

/// How often each of them says something.
const PACE: Duration = Duration::from_secs(1);

/// How often each of them says something while nothing else happens.
const WORDS_IDLE: usize = 20;

/// How often at most while services import.
const WORDS_MAX: usize = 100_000;

/// When the first of the imported messages was written, in milliseconds since 1970; each is a second after the one before.
const HISTORY_BEGINS_MS: usize = 1_500_000_000_000;

/// Somebody who chats, and where.
#[derive(Clone)]
struct Person {
    user: User,
    room: String,
}

/// An application service with its users in a room.
struct Service {
    client: User,
    ghosts: Vec<String>,
    room: String,
}

pub async fn beside_people(options: &LianqiaoOptions, sizes: Sizes) -> Result<Vec<Measure>, String> {
    // Services run on machines of their own elsewhere: here they leave the processors to people and to the server.
    let background =
        Background::start(SERVICE_THREADS, SERVICE_STACK_BYTES).map_err(|error| error.to_string())?;
    let mut target = Target::lianqiao(options)?;
    for number in 0..sizes.services {
        target.registers(&name(number), &registration(number, listen(&background).await?))?;
    }
    target.start().await?;
    let outcome = rows(&target, sizes, &background).await;
    target.stop().await;
    outcome
}

async fn rows(target: &Target, sizes: Sizes, background: &Background) -> Result<Vec<Measure>, String> {
    let client = Client::new(target.url())?;
    let people = people(&client, sizes.people).await?;
    let mut made = JoinSet::new();
    for number in 0..sizes.services {
        made.spawn(service(client.clone(), number, sizes.ghosts));
    }
    let mut services = Vec::with_capacity(sizes.services);
    while let Some(service) = made.join_next().await {
        services.push(service.map_err(|error| error.to_string())??);
    }
    eprintln!("  {} services have {} users each in a room", services.len(), sizes.ghosts);
    let mut readers = JoinSet::new();
    for person in &people {
        readers.spawn(reads(person.user.clone()));
    }
    let idle = Measure::waits("a person's send, idle", chat(&people, WORDS_IDLE, Arc::default()).await?);
    let is_over = Arc::new(AtomicBool::new(false));
    let mut waits = Vec::new();
    let title = format!("a message imported by one of {} services", sizes.services);
    let imported = measured(target, &title, async {
        let import = async {
            let imported = import(services, sizes.messages, background).await;
            is_over.store(true, Ordering::Relaxed);
            imported
        };
        let (imported, chatted) = tokio::join!(import, chat(&people, WORDS_MAX, Arc::clone(&is_over)));
        waits = chatted?;
        Ok(Done { operations: sizes.services * sizes.messages, waits: imported?, closed_loop: true })
    })
    .await?;
    let busy = Measure::waits("a person's send, while services import", waits);
    let against = |of: fn((f64, f64)) -> f64| {
        let (busy, idle) = (busy.latency_ms.map(of), idle.latency_ms.map(of));
        busy.zip(idle).map_or(f64::NAN, |(busy, idle)| busy / idle)
    };
    let median = Measure::other(
        "a person's send, while services import: median against idle",
        against(|pair| pair.0),
        "×",
    );
    let worst = Measure::other(
        "a person's send, while services import: p99 against idle",
        against(|pair| pair.1),
        "×",
    );
    Ok(vec![idle, imported, busy, median, worst])
}

/// People in rooms of [`PEOPLE_IN_ROOM`].
async fn people(client: &Client, count: usize) -> Result<Vec<Person>, String> {
    let mut people: Vec<Person> = Vec::with_capacity(count);
    for number in 0..count {
        let user = client.register(&format!("person{number}")).await?;
        let room = match people.last().filter(|_| number % PEOPLE_IN_ROOM != 0) {
            Some(beside) => {
                user.join(&beside.room).await?;
                beside.room.clone()
            }
            None => user.create_room(&format!("chat {number}")).await?,
        };
        people.push(Person { user, room });
    }
    Ok(people)
}

/// Everybody sends at a pace, until it is over or they said so much; what each send took.
async fn chat(
    people: &[Person],
    words_max: usize,
    is_over: Arc<AtomicBool>,
) -> Result<Vec<Duration>, String> {
    let mut speakers = JoinSet::new();
    for (number, person) in people.iter().enumerate() {
        let (person, is_over) = (person.clone(), Arc::clone(&is_over));
        // Not all at the same moment.
        let offset =
            PACE * u32::try_from(number).unwrap_or_default() / u32::try_from(people.len()).unwrap_or(1);
        speakers.spawn(async move {
            tokio::time::sleep(offset).await;
            let mut pace = tokio::time::interval(PACE);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut waits = Vec::new();
            while waits.len() < words_max && !is_over.load(Ordering::Relaxed) {
                pace.tick().await;
                waits.push(timed(person.user.send(&person.room, "a word among colleagues")).await?.1);
            }
            Ok::<_, String>(waits)
        });
    }
    let mut waits = Vec::new();
    while let Some(speaker) = speakers.join_next().await {
        waits.extend(speaker.map_err(|error| error.to_string())??);
    }
    Ok(waits)
}

/// Reads what others say, until the task is dropped.
async fn reads(user: User) -> Result<(), String> {
    let mut since = String::new();
    loop {
        let query = format!("timeout=30000&set_presence=offline{since}");
        let answer = user.sync(&query).await?;
        since = format!("&since={}", text(&answer, "next_batch")?);
    }
}

/// All services at once, each one message after the other; what each message took.
async fn import(
    services: Vec<Service>,
    messages: usize,
    background: &Background,
) -> Result<Vec<Duration>, String> {
    let mut imports = JoinSet::new();
    for service in services {
        let importing = async move {
            let mut waits = Vec::with_capacity(messages);
            for number in 0..messages {
                waits.push(timed(service.imports(number)).await?.1);
            }
            Ok::<_, String>(waits)
        };
        imports.spawn_on(importing, &background.handle());
    }
    let mut waits = Vec::new();
    while let Some(import) = imports.join_next().await {
        waits.extend(import.map_err(|error| error.to_string())??);
    }
    Ok(waits)
}

impl Service {
    async fn imports(&self, number: usize) -> Result<(), String> {
        let ghost = &self.ghosts[number % self.ghosts.len()];
        let (room, at_ms) = (&self.room, HISTORY_BEGINS_MS + number * 1_000);
        let path = format!(
            "/_matrix/client/v3/rooms/{room}/send/m.room.message/i{number}?user_id={}&ts={at_ms}",
            segment(ghost)
        );
        let body = json!({ "msgtype": "m.text", "body": format!("an old message, number {number}") });
        self.client.call(Method::PUT, &path, Some(&body)).await.map(drop)
    }
}

/// Registers the users of a service and has them join a room of its own.
async fn service(client: Client, number: usize, ghosts: usize) -> Result<Service, String> {
    let client = client.with_token(&format!("as-{}", name(number)));
    let room = client.create_room(&name(number)).await?;
    let mut users = Vec::with_capacity(ghosts);
    for ghost in 0..ghosts {
        let localpart = format!("_{}_{ghost}", name(number));
        let user = format!("@{localpart}:{TEST_SERVER_NAME}");
        let body = json!({
            "type": "m.login.application_service", "username": localpart, "inhibit_login": true,
        });
        client.call(Method::POST, "/_matrix/client/v3/register", Some(&body)).await?;
        let path = format!("/_matrix/client/v3/join/{room}?user_id={}", segment(&user));
        client.call(Method::POST, &path, Some(&json!({}))).await?;
        users.push(user);
    }
    Ok(Service { client, ghosts: users, room })
}

fn name(number: usize) -> String {
    format!("import{number}")
}

fn registration(number: usize, address: SocketAddr) -> String {
    let name = name(number);
    format!(
        "id: {name}\nurl: http://{address}\nas_token: as-{name}\nhs_token: hs-{name}\nsender_localpart: {name}bot\n\
         namespaces:\n  users:\n  - exclusive: true\n    regex: '@_{name}_.*'\n"
    )
}

/// Takes the transactions of one service, each of which is a program of its own, and keeps nothing of them: the generator is
/// not what is measured.
async fn listen(background: &Background) -> Result<SocketAddr, String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let router = Router::new().fallback(async || Json(Value::Object(serde_json::Map::new())));
    background.spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
