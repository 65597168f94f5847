//! `lianqiao bridges`: the bridges as a process of their own do what they do inside the server.

use std::{path::PathBuf, process::Stdio};

use serde_json::{Value, json};
use simulator_feishu::Command;
use testkit::{Mailbox, free_port, lianqiao_binary, limits::LOOK_INTERVAL};
use tokio::time::Instant;

use super::{
    cards::{asks_for_leave, has_buttons},
    links::{PLAN, linked, opens},
    people::{mailing, mails_once},
    reserved::staffed,
};
use crate::{
    bots::room_with_bot,
    bridges::{Bridge, PATIENCE, bodies, ours, platform, prepared},
};

/// The bridges in a process of their own. Killed when dropped.
struct Alone {
    config: PathBuf,
    environment: Vec<(String, String)>,
    child: std::process::Child,
}

impl Alone {
    fn start(config: PathBuf, environment: &[(&str, &str)]) -> Self {
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let child = Self::spawn(&config, &environment);
        Self { config, environment, child }
    }

    fn spawn(config: &PathBuf, environment: &[(String, String)]) -> std::process::Child {
        let mut command = std::process::Command::new(lianqiao_binary());
        command.arg("bridges").arg("--config").arg(config);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary starts")
    }

    fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Kills it where it stands.
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn start_again(&mut self) {
        self.child = Self::spawn(&self.config, &self.environment);
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A server and its bridges, each in a process of its own.
async fn apart() -> (Bridge, Alone) {
    apart_with("", &[]).await
}

/// The same with more in the section of the bridges and behind it, and with this environment of both.
async fn apart_with(more: &str, environment: &[(&str, &str)]) -> (Bridge, Alone) {
    let (platform, _) = platform(None).await;
    let directory = tempfile::tempdir().unwrap();
    let (port, listen) = (free_port(), free_port());
    let more = format!(
        "\n[bridges]\nenabled = false\nserver_url = \"http://127.0.0.1:{port}\"\nlisten = \"127.0.0.1:{listen}\"\npublic_url = \"http://127.0.0.1:{listen}\"\n{more}"
    );
    let mut server = prepared(directory.path(), port, &platform, &more, environment);
    let mut alone = Alone::start(directory.path().join("lianqiao.toml"), environment);
    server.spawn().await;
    let registration = directory.path().join("data/bridges/registration.yaml");
    let begin = Instant::now();
    while !registration.exists() {
        assert!(!alone.is_over() && begin.elapsed() < PATIENCE, "the bridges ended at their start");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let (is_done, said) = server.commands(&["appservice", "add", registration.to_str().unwrap()]).await;
    assert!(is_done, "{said}");
    (Bridge::between(platform, server, directory).await, alone)
}

/// Has people on both sides talk, change their minds and go; what each side has of it in the end.
async fn talk(bridge: &Bridge) -> (Vec<String>, Vec<String>) {
    let message = bridge.speaks(&bridge.chat, "你好 <b>x</b>").await;
    let heard = bridge.hears_until(|heard| heard.len() == 1).await;
    let answer = json!({
        "msgtype": "m.text", "body": "an answer",
        "m.relates_to": { "m.in_reply_to": { "event_id": heard[0]["event_id"] } },
    });
    bridge.alice.sends_event(&bridge.room, "m.room.message", answer).await.ok();
    bridge.shows_until(&bridge.chat, |shown| ours(shown).len() == 1).await;
    bridge.speaks(&bridge.chat, "taken back").await;
    let heard = bridge.hears_until(|heard| heard.len() == 2).await;
    let react = Command::React {
        person: "han".to_owned(),
        message: message.clone(),
        emoji: "THUMBSUP".to_owned(),
        added: true,
    };
    bridge.platform.act(react).await.unwrap();
    let second = heard[1]["event_id"].as_str().unwrap();
    bridge.alice.reacts(&bridge.room, second, "👍").await.ok();
    let has_reaction = |shown: &[Value]| {
        shown.iter().any(|message| {
            message["reactions"]
                .as_array()
                .is_some_and(|all| !all.is_empty() && message["text"] == "taken back")
        })
    };
    bridge.shows_until(&bridge.chat, has_reaction).await;
    let said = bridge.alice.sends(&bridge.room, "for a moment").await.event_id();
    bridge.shows_until(&bridge.chat, |shown| ours(shown).len() == 2).await;
    bridge.alice.redacts(&bridge.room, &said).await.ok();
    let shown = bridge
        .shows_until(&bridge.chat, |shown| shown.iter().any(|message| message["recalled"] == true))
        .await;
    bridge.platform.act(Command::Recall { person: "li".to_owned(), message }).await.unwrap();
    let is_recalled = |history: &[Value]| {
        let mut events = history.iter().filter(|event| event["unsigned"].get("redacted_because").is_some());
        events.any(|event| event["sender"].as_str().is_some_and(|sender| sender.starts_with("@fs_")))
    };
    let history = bridge.history_until(is_recalled).await;
    let theirs = history
        .iter()
        .filter(|event| event["sender"].as_str().is_some_and(|sender| sender.starts_with("@fs_")));
    // Several come into the room at once; whoever is first.
    let (mut members, said): (Vec<_>, Vec<_>) = theirs.partition(|event| event["type"] == "m.room.member");
    members.sort_by_key(|event| event["sender"].to_string());
    let here = members
        .into_iter()
        .chain(said)
        .map(|event| format!("{} {} {}", event["sender"], event["type"], event["content"]["body"]));
    let there = shown.iter().map(|message| {
        format!(
            "{} {} {} {}",
            message["is_bot"],
            message["recalled"],
            message["text"],
            message["parent"].is_null()
        )
    });
    (here.collect(), there.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn bridges_in_a_process_of_their_own_do_what_they_do_inside_the_server() {
    let inside = Bridge::new().await;
    let (bridge, _alone) = apart().await;
    assert_eq!(talk(&bridge).await, talk(&inside).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn bridges_in_a_process_of_their_own_know_the_staff_list_of_the_server() {
    let (bridge, mut alone) = apart_with("", &[("LIANQIAO__BOTS__ENABLED", "true")]).await;
    let zhangsan = staffed(&bridge).await;
    // The list is read at the start, and soon after each change.
    alone.kill();
    alone.start_again();
    let hall = room_with_bot(&zhangsan, false).await;
    let no = asks_for_leave(&zhangsan, &hall).await;
    let direct = bridge.direct().await;
    let card = bridge.card(&direct, &no, has_buttons).await;
    assert!(card["card"].to_string().contains("张三"), "{card}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bridges_in_a_process_of_their_own_write_letters_while_a_platform_is_down() {
    let mailbox = Mailbox::start().await;
    let public = [("LIANQIAO__SERVER__PUBLIC_BASE_URL", "https://chat.example.org")];
    let (bridge, _alone) = apart_with(&mailing(&mailbox), &public).await;
    mails_once(&bridge, &mailbox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_lets_nobody_in_but_the_bridges() {
    let (bridge, _alone) = apart().await;
    let url = format!("{}/_lianqiao/house/staff", bridge.server.client_url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.get(&url).send().await.unwrap().status(), 403);
    for token in [bridge.alice.token().unwrap(), "guessed"] {
        assert_eq!(client.get(&url).bearer_auth(token).send().await.unwrap().status(), 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bridges_in_a_process_of_their_own_open_links_to_files_themselves() {
    let (bridge, alone) = apart().await;
    let config = std::fs::read_to_string(&alone.config).unwrap();
    let base = config.split_once("public_url = \"").unwrap().1.split_once('"').unwrap().0;
    let answer = opens(&linked(&bridge, base).await).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.unwrap(), PLAN);
}

#[tokio::test(flavor = "multi_thread")]
async fn bridges_in_a_process_of_their_own_lose_and_double_nothing_by_a_kill_of_either() {
    let (mut bridge, mut alone) = apart().await;
    let mut expected = Vec::new();
    for round in 0..3 {
        for what in ["before", "without", "after"] {
            expected.push(format!("{what}-{round}"));
        }
        bridge.alice.sends(&bridge.room, &format!("before-{round}")).await.ok();
        bridge.speaks(&bridge.chat, &format!("before-{round}")).await;
        alone.kill();
        bridge.alice.sends(&bridge.room, &format!("without-{round}")).await.ok();
        bridge.speaks(&bridge.chat, &format!("without-{round}")).await;
        alone.start_again();
        bridge.server.kill();
        bridge.speaks(&bridge.chat, &format!("after-{round}")).await;
        bridge.server.spawn().await;
        bridge.alice.sends(&bridge.room, &format!("after-{round}")).await.ok();
    }
    let shown = bridge.shows_until(&bridge.chat, |shown| ours(shown).len() >= expected.len()).await;
    let said: Vec<_> = ours(&shown)
        .into_iter()
        .map(|text| text.split(['\n', ' ', '：']).next_back().unwrap().to_owned())
        .collect();
    assert_eq!(said, expected, "each once and in order");
    let heard = bridge.hears_until(|heard| heard.len() >= expected.len()).await;
    let mut said = bodies(&heard);
    said.sort_unstable();
    expected.sort_unstable();
    assert_eq!(said, expected, "each once");
}
