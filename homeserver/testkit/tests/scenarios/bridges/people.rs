//! Colleagues who are one person on all sides, rooms that the bridge makes, who may speak, and letters while a platform is down.

use serde_json::{Value, json};
use simulator_feishu::{Command, Fault, FaultSpec, Order};
use testkit::{Mailbox, User, limits::LOOK_INTERVAL};
use tokio::time::Instant;

use crate::{
    bridges::{APP, BOT, Bridge, PATIENCE, bodies, group, ours},
    email,
};

/// Waits until the bot says something with these words in a room, and gives the whole of it.
async fn bot_says(reader: &User, room: &str, words: &str) -> String {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let said = |page: &Value| {
        let chunk = page["chunk"].as_array()?.iter();
        let mut bodies = chunk
            .filter(|event| event["sender"] == BOT)
            .filter_map(|event| event["content"]["body"].as_str());
        bodies.find(|body| body.contains(words)).map(str::to_owned)
    };
    let page = reader.gets_until(&path, |page| said(page).is_some()).await;
    said(&page).unwrap()
}

fn with_body<'a>(history: &'a [Value], body: &str) -> Vec<&'a Value> {
    history.iter().filter(|event| event["content"]["body"] == body).collect()
}

/// Alice says here that she is Li of the platform, and Li says so there. The code is for her eyes alone.
async fn agrees(bridge: &Bridge) {
    bridge.alice.sends(&bridge.room, "!me feishu").await.ok();
    bot_says(&bridge.alice, &bridge.room, "in our direct chat").await;
    let is_direct = |state: &Value| {
        let mut events = state["invite_state"]["events"].as_array().into_iter().flatten();
        events.any(|event| event["type"] == "m.room.member" && event["sender"] == BOT)
    };
    let invited = |sync: &Value| {
        let rooms = sync["rooms"]["invite"].as_object()?;
        rooms.iter().find(|(_, state)| is_direct(state)).map(|(room, _)| room.clone())
    };
    let sync =
        bridge.alice.gets_until("/_matrix/client/v3/sync?timeout=0", |sync| invited(sync).is_some()).await;
    let direct = invited(&sync).unwrap();
    bridge.alice.joins(&direct).await.ok();
    let told = bot_says(&bridge.alice, &direct, "as yourself: bind ").await;
    let code = told.rsplit_once("bind ").unwrap().1.trim().to_owned();
    bridge.speaks(&bridge.chat, &format!("bind {code}")).await;
    bot_says(&bridge.alice, &bridge.room, "!me feishu off").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_agreed_is_one_person_on_all_sides_until_they_take_it_back() {
    let bridge = Bridge::new().await;
    bridge.speaks(&bridge.chat, "before").await;
    let heard = bridge.hears_until(|heard| !heard.is_empty()).await;
    let ghost = heard[0]["sender"].as_str().unwrap().to_owned();
    agrees(&bridge).await;
    let members = format!("/_matrix/client/v3/rooms/{}/joined_members", bridge.room);
    bridge.alice.gets_until(&members, |page| page["joined"].get(&ghost).is_none()).await;

    let message = bridge.speaks(&bridge.chat, "as myself").await;
    let history = bridge.history_until(|history| !with_body(history, "as myself").is_empty()).await;
    let said = with_body(&history, "as myself");
    assert_eq!((said.len(), &said[0]["sender"]), (1, &json!(bridge.alice.id)), "{said:#?}");
    assert!(bodies(&history).iter().all(|body| !body.contains("bind ")), "nobody else reads the code");
    let event = said[0]["event_id"].clone();
    let edit = Command::Edit { person: "li".to_owned(), message: message.clone(), text: "better".to_owned() };
    bridge.platform.act(edit).await.unwrap();
    // This platform tells of edits in its history alone, which is read with each connection.
    bridge.platform.act(Command::CloseConnections { app: APP.to_owned() }).await.unwrap();
    let is_edit = |item: &&Value| item["content"]["m.new_content"]["body"] == "better";
    let history = bridge.history_until(|history| history.iter().any(|item| is_edit(&item))).await;
    let edited = history.iter().find(is_edit).unwrap();
    assert_eq!(edited["sender"], bridge.alice.id.as_str());
    assert_eq!(edited["content"]["m.relates_to"]["event_id"], event);
    let react = |added| Command::React {
        person: "li".to_owned(),
        message: message.clone(),
        emoji: "THUMBSUP".to_owned(),
        added,
    };
    bridge.platform.act(react(true)).await.unwrap();
    let by_alice = |item: &&Value| {
        item["type"] == "m.reaction"
            && item["sender"] == bridge.alice.id.as_str()
            && item["content"]["m.relates_to"]["event_id"] == event
    };
    bridge.history_until(|history| history.iter().any(|item| by_alice(&item))).await;
    bridge.platform.act(react(false)).await.unwrap();
    bridge.history_until(|history| !history.iter().any(|item| by_alice(&item))).await;

    // What she writes here goes there once; what she said there is not said there again.
    bridge.alice.sends(&bridge.room, "from the room").await.ok();
    let shown = bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("from the room")))
        .await;
    let echoes = |word: &str| ours(&shown).into_iter().filter(|text| text.contains(word)).count();
    assert_eq!((echoes("from the room"), echoes("as myself"), echoes("better")), (1, 0, 0), "{shown:#?}");
    // Somebody who writes the bridge's mark by hand is carried like everybody.
    let mark = json!({ "v": 1, "network": "feishu", "conversation": bridge.chat });
    let forged = json!({ "msgtype": "m.text", "body": "marked by hand", "com.lianqiao.bridge": mark });
    bridge.alice.sends_event(&bridge.room, "m.room.message", forged).await.ok();
    bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("marked by hand")))
        .await;

    bridge.platform.act(Command::Recall { person: "li".to_owned(), message }).await.unwrap();
    let path = format!("/_matrix/client/v3/rooms/{}/event/{}", bridge.room, event.as_str().unwrap());
    bridge.alice.gets_until(&path, |event| event["content"]["body"].is_null()).await;
    let history = bridge.alice.whole_history(&bridge.room).await;
    let from_ghost = history.iter().filter(|item| item["sender"] == ghost.as_str());
    assert_eq!(from_ghost.filter(|item| item["type"] == "m.room.message").count(), 1, "{history:#?}");

    bridge.alice.sends(&bridge.room, "!me feishu off").await.ok();
    bot_says(&bridge.alice, &bridge.room, "ended").await;
    bridge.speaks(&bridge.chat, "two again").await;
    let heard = bridge.hears_until(|heard| bodies(heard).contains(&"two again")).await;
    assert_eq!(heard.last().unwrap()["sender"], ghost.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_outlives_a_kill_and_nobody_else_is_spoken_for() {
    let mut bridge = Bridge::new().await;
    agrees(&bridge).await;
    bridge.server.kill();
    bridge.server.spawn().await;
    bridge.speaks(&bridge.chat, "after the kill").await;
    let history = bridge.history_until(|history| !with_body(history, "after the kill").is_empty()).await;
    assert_eq!(with_body(&history, "after the kill")[0]["sender"], bridge.alice.id.as_str());
    // Han said nothing: an administrator's word makes them known, and speaks for nobody.
    let bob = bridge.server.user("bob").await;
    let han = bridge.person_of("han").await;
    let (is_done, said) = bridge.server.commands(&["bridge", "person", "feishu", &han, &bob.id]).await;
    assert!(is_done, "{said}");
    bridge.speaks_as("han", &bridge.chat, "by han").await;
    let heard = bridge.hears_until(|heard| bodies(heard).contains(&"by han")).await;
    assert!(heard.last().unwrap()["sender"].as_str().unwrap().starts_with("@fs_"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_made_for_a_group_and_follows_its_name() {
    let bridge = Bridge::new().await;
    let carol = bridge.server.user("carol").await;
    let chat = group(&bridge.platform, "新项目").await;
    let order = ["bridge", "create", "feishu", &chat, "--owner", &carol.id];
    let (is_done, said) = bridge.server.commands(&order).await;
    assert!(is_done, "{said}");
    let invited = |sync: &Value, name: &str| -> Option<String> {
        let rooms = sync["rooms"]["invite"].as_object()?;
        let is_called = |state: &Value| {
            let mut events = state["invite_state"]["events"].as_array().into_iter().flatten();
            events.any(|event| event["type"] == "m.room.name" && event["content"]["name"] == name)
        };
        rooms.iter().find(|(_, state)| is_called(state)).map(|(room, _)| room.clone())
    };
    let sync = carol
        .gets_until("/_matrix/client/v3/sync?timeout=0", |sync| {
            invited(sync, "新项目").is_some() && invited(sync, "飞书").is_some()
        })
        .await;
    let (room, space) = (invited(&sync, "新项目").unwrap(), invited(&sync, "飞书").unwrap());
    for place in [&room, &space] {
        carol.joins(place).await.ok();
    }
    let child = carol.state(&space, "m.space.child", &room).await.ok();
    assert_eq!(child["via"], json!(["test.example"]));
    bridge.until_listed(&chat, &room).await;
    bridge.speaks(&chat, "willkommen").await;
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let says = |page: &Value| bodies(page["chunk"].as_array().unwrap()).contains(&"willkommen");
    carol.gets_until(&path, says).await;
    carol.sends(&room, "hello there").await.ok();
    bridge.shows_until(&chat, |shown| ours(shown).iter().any(|text| text.contains("hello there"))).await;
    let rename =
        Command::Rename { person: "li".to_owned(), chat: chat.clone(), name: "更名项目".to_owned() };
    bridge.platform.act(rename).await.unwrap();
    let name = format!("/_matrix/client/v3/rooms/{room}/state/m.room.name/");
    carol.gets_until(&name, |state| state["name"] == "更名项目").await;
    // A second order for what is bound is refused, and says where it is.
    let (is_done, said) = bridge.server.commands(&order).await;
    assert!(!is_done && said.contains(&room), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_comes_by_itself_where_the_configuration_says_so() {
    let bridge = Bridge::beside("\n[bridges]\ncreate_rooms = true\n").await;
    let chat = group(&bridge.platform, "自动").await;
    bridge.speaks(&chat, "first word").await;
    let begin = Instant::now();
    loop {
        let (_, said) = bridge.server.commands(&["bridge", "list"]).await;
        if said.lines().any(|line| line.contains(&chat) && line.contains("\t!")) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{said}\n{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_power_that_a_room_asks_for_speaks_on_platforms() {
    let bridge = Bridge::new().await;
    let bob = bridge.server.user("bob").await;
    bridge.alice.invites(&bridge.room, &bob).await.ok();
    bob.joins(&bridge.room).await.ok();
    bob.sends(&bridge.room, "!permit speak 0").await.ok();
    bot_says(&bridge.alice, &bridge.room, "Not permitted").await;
    bridge.alice.sends(&bridge.room, "!permit speak 50").await.ok();
    bot_says(&bridge.alice, &bridge.room, "speak on platforms: 50").await;
    bob.sends(&bridge.room, "by bob").await.ok();
    bot_says(&bob, &bridge.room, "不转发到平台").await;
    bridge.alice.sends(&bridge.room, "by alice").await.ok();
    let shown = bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("by alice")))
        .await;
    assert!(!ours(&shown).iter().any(|text| text.contains("by bob")), "{shown:#?}");
    let (is_done, said) = bridge.server.commands(&["bridge", "permit", &bridge.room, "--speak", "-1"]).await;
    assert!(is_done && said.contains("speak -"), "{said}");
    bob.sends(&bridge.room, "bob again").await.ok();
    bridge.shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("bob again"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_goes_by_mail_once_while_the_platform_is_down_and_arrives_with_a_word_of_it() {
    let mailbox = Mailbox::start().await;
    let bridge = Bridge::public(&format!("\n[bridges]\n{}", mailing(&mailbox))).await;
    mails_once(&bridge, &mailbox).await;
}

/// What the configuration says of letters, from within the section of the bridges.
pub(super) fn mailing(mailbox: &Mailbox) -> String {
    let port = mailbox.port();
    format!(
        "mail_after_seconds = 1\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"Lianqiao <chat@example.org>\"\n"
    )
}

/// A platform goes away and comes back while somebody there is mentioned here: one letter, and the message with a word of it.
pub(super) async fn mails_once(bridge: &Bridge, mailbox: &Mailbox) {
    let bob = bridge.server.user("bob").await;
    email::adds(&bob, mailbox, "bob@example.org").await;
    bridge.alice.invites(&bridge.room, &bob).await.ok();
    bob.joins(&bridge.room).await.ok();
    let han = bridge.person_of("han").await;
    let (is_done, said) = bridge.server.commands(&["bridge", "person", "feishu", &han, &bob.id]).await;
    assert!(is_done, "{said}");
    bridge.fails(true).await;
    bridge.alice.sends(&bridge.room, "nobody is asked").await.ok();
    let asks = json!({
        "msgtype": "m.text", "body": "please look, bob", "m.mentions": { "user_ids": [bob.id] },
    });
    bridge.alice.sends_event(&bridge.room, "m.room.message", asks).await.ok();
    let letter = mailbox.receives().await;
    assert_eq!(letter.to, "bob@example.org");
    assert!(
        letter.text.contains("please look, bob") && !letter.text.contains("nobody is asked"),
        "{}",
        letter.text
    );
    bridge.fails(false).await;
    let shown = bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("please look, bob")))
        .await;
    let arrived: Vec<_> = ours(&shown).into_iter().filter(|text| text.contains("please look, bob")).collect();
    assert!(arrived.len() == 1 && arrived[0].contains("此前已发邮件"), "{arrived:?}");
    let plain = ours(&shown).into_iter().find(|text| text.contains("nobody is asked")).unwrap();
    assert!(!plain.contains("已发邮件"), "{plain}");
}

impl Bridge {
    /// The platform refuses the app everything and keeps no line, or has it back.
    async fn fails(&self, fails: bool) {
        if fails {
            self.platform.fail(Fault::ApiServerError, FaultSpec::default());
            self.platform.act(Command::CloseConnections { app: APP.to_owned() }).await.unwrap();
        } else {
            self.platform.order(Order::Mend).unwrap();
        }
        let begin = Instant::now();
        let wanted = if fails { "down" } else { "up" };
        loop {
            let (_, said) = self.server.commands(&["bridge", "status"]).await;
            if said.contains(&format!("feishu\t{wanted}")) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{said}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    async fn speaks_as(&self, person: &str, chat: &str, text: &str) {
        let speak = json!({ "do": "speak", "person": person, "chat": chat, "text": text });
        self.platform.act(serde_json::from_value(speak).unwrap()).await.unwrap();
    }

    /// A person of the platform, as the bridge knows them: by what they say.
    async fn person_of(&self, person: &str) -> String {
        self.speaks_as(person, &self.chat, "who am I").await;
        let heard = self.hears_until(|heard| bodies(heard).contains(&"who am I")).await;
        let said = heard.iter().find(|event| event["content"]["body"] == "who am I").unwrap();
        let ghost = said["sender"].as_str().unwrap().split_once(':').unwrap().0;
        ghost.strip_prefix("@fs_").unwrap().to_owned()
    }
}
