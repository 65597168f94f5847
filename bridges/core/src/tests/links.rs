//! Files that a platform does not take, by their links.

use std::time::Duration;

use bridge_api::{Block, Content, Failure, Inline};
use futures_util::{StreamExt as _, TryStreamExt as _};
use percent_encoding::percent_decode_str;
use ruma::{EventId, OwnedRoomId};
use serde_json::{Value, json};
use store::Scan;

use super::{Script, Stage};
use crate::{
    BridgePorts, FileLink, LinkRefused,
    limits::{DAY_MS, FORGET_INTERVAL, LINK_DAYS, LINKS_AT_ONCE},
    tables::{LINKS, LinkRow},
};

const BASE: &str = "https://chat.example.org/";
/// What the sender is told to have set.
const WORDS: &str = "server.public_base_url";

impl Stage {
    /// Alice sends a file that is larger than the platform takes; the parts of the link that stands there.
    async fn links(&mut self, name: &str) -> FileLink {
        let address = self.linked(name).await.expect("a link");
        let parts = address.strip_prefix("https://chat.example.org/_lianqiao/bridge/file/").expect("ours");
        let parts = parts.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
        let Ok([until_ms, seal, server, id, name]) = <[String; 5]>::try_from(parts.collect::<Vec<_>>())
        else {
            panic!("{address} has other parts")
        };
        FileLink { until_ms, seal, server, id, name }
    }

    /// The same; the address of the link, if it is one.
    async fn linked(&mut self, name: &str) -> Option<String> {
        let before = self.platform.count();
        let url = self.uploads();
        let file = json!({
            "msgtype": "m.file", "body": name, "filename": name, "url": url, "info": { "size": 90_000_000 },
        });
        self.sends("m.room.message", file).await;
        self.until("something is there", |stage| stage.platform.count() > before).await;
        let sent = self.platform.sent().pop().expect("something");
        assert!(sent.content.to_plain().contains(name), "{sent:?}");
        let Content::Text(text) = sent.content else { panic!("no text: {sent:?}") };
        let Some(Block::Paragraph(inlines)) = text.blocks.first() else { panic!("no words: {text:?}") };
        inlines.iter().find_map(|inline| match inline {
            Inline::Link { address, .. } => Some(address.clone()),
            _ => None,
        })
    }

    /// For which links it is kept for which message they stand.
    async fn kept(&self) -> Vec<(u64, String)> {
        self.bridges.0.store.scan_keys(&LINKS, Scan::all()).await.expect("readable")
    }

    /// The bytes behind a link, with the value of `Content-Disposition`.
    async fn opens(&self, link: &FileLink) -> Result<(Vec<u8>, String), LinkRefused> {
        let file = self.bridges.open_link(link).await?;
        let pieces: Vec<_> = file.pieces.try_collect().await.expect("the whole file");
        assert_eq!(file.bytes, Some(pieces.concat().len() as u64));
        Ok((pieces.concat(), file.disposition))
    }
}

async fn public() -> Stage {
    Stage::at(Script::new(), BridgePorts::default(), Some(BASE)).await
}

#[tokio::test]
async fn a_link_opens_for_its_days_and_no_longer() {
    let mut stage = public().await;
    let link = stage.links("报告 1.pdf").await;
    let said = stage.platform.words().pop().expect("words");
    assert!(said.contains("opens for 7 days"), "{said}");
    let (bytes, disposition) = stage.opens(&link).await.expect("it opens");
    assert_eq!(bytes, b"picture");
    assert_eq!(disposition, "attachment; filename*=utf-8''%E6%8A%A5%E5%91%8A%201.pdf");
    stage.skips(Duration::from_millis(LINK_DAYS * DAY_MS - 60_000));
    assert!(stage.opens(&link).await.is_ok(), "almost over");
    stage.skips(Duration::from_secs(120));
    assert_eq!(stage.opens(&link).await.err(), Some(LinkRefused::Over));
    let told = stage.bridges.link_refusal(LinkRefused::Over);
    assert!(told.contains("有效期为 7 天") && told.contains("good for 7 days"), "{told}");
}

#[tokio::test]
async fn a_link_ends_with_its_message_and_with_no_other_of_the_same_file() {
    let mut stage = public().await;
    let (link, other) = (stage.links("a.pdf").await, stage.links("b.pdf").await);
    assert!(stage.opens(&link).await.is_ok());
    let sent = |event: &&Value| event["content"]["filename"] == "a.pdf";
    let event = stage.homeserver.events(&stage.room).iter().find(sent).expect("it was sent").clone();
    stage.redacts(event["event_id"].as_str().expect("an id")).await;
    // At once, and not only when the platform has heard of it.
    assert_eq!(stage.opens(&link).await.err(), Some(LinkRefused::Gone));
    assert!(stage.opens(&other).await.is_ok());
    let told = stage.bridges.link_refusal(LinkRefused::Gone);
    assert!(told.contains("已被撤回") && told.contains("taken back"), "{told}");
    stage.skips(Duration::from_millis(LINK_DAYS * DAY_MS + 60_000));
    stage.passes(FORGET_INTERVAL * 2).await;
    let kept = stage.kept().await;
    assert!(kept.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn a_link_that_somebody_changed_leads_nowhere() {
    let mut stage = public().await;
    let (link, other) = (stage.links("a.pdf").await, stage.links("b.pdf").await);
    let later = (link.until_ms.parse::<u64>().expect("a time") + 1).to_string();
    for forged in [
        FileLink { seal: "0".repeat(64), ..link.clone() },
        FileLink { seal: other.seal.clone(), ..link.clone() },
        FileLink { id: other.id.clone(), ..link.clone() },
        FileLink { name: "a.exe".to_owned(), ..link.clone() },
        FileLink { until_ms: later, ..link.clone() },
        FileLink { until_ms: "soon".to_owned(), ..link.clone() },
    ] {
        assert_eq!(stage.opens(&forged).await.err(), Some(LinkRefused::Unknown), "{forged:?}");
    }
    assert!(stage.opens(&link).await.is_ok());
}

#[tokio::test]
async fn what_is_tried_again_has_the_link_of_the_first_try() {
    let mut stage = public().await;
    stage.platform.fail(Some(Failure::later("502")));
    let large = json!({
        "msgtype": "m.file", "body": "a.pdf", "url": stage.uploads(), "info": { "size": 90_000_000 },
    });
    stage.sends("m.room.message", large).await;
    stage.passes(Duration::from_secs(5)).await;
    let first = stage.kept().await;
    assert_eq!(first.len(), 1, "it was tried");
    stage.passes(Duration::from_secs(600)).await;
    assert_eq!(stage.platform.count(), 0);
    stage.platform.fail(None);
    stage.until("it is there", |stage| stage.platform.count() > 0).await;
    assert_eq!(stage.kept().await, first, "however often it was tried");
    let said = stage.platform.words().pop().expect("words");
    assert!(said.contains(&format!("/{}/{}/", first[0].0, first[0].1)), "{said}");
}

#[tokio::test]
async fn two_messages_with_the_same_file_in_the_same_moment_have_a_link_each() {
    let stage = public().await;
    let room = || OwnedRoomId::try_from(stage.room.as_str()).expect("a room");
    let of = |event: &str| LinkRow { room: room(), events: vec![EventId::parse(event).expect("an event")] };
    let now_ms = stage.bridges.0.clock.now_ms();
    let mut links = Vec::new();
    for event in ["$a:test", "$b:test", "$a:test", "$b:test"] {
        let link = stage.bridges.link_to("mxc://test/ab", "a.pdf", &of(event), now_ms).await;
        links.push(link.expect("it is kept").expect("a link"));
    }
    assert_ne!(links[0], links[1]);
    assert_eq!(links[..2], links[2..], "the same for every try");
    assert_eq!(stage.kept().await.len(), 2);
}

#[tokio::test]
async fn no_more_links_are_open_at_once_than_may_be() {
    let mut stage = public().await;
    let link = stage.links("a.pdf").await;
    let mut open = Vec::new();
    for _ in 0..LINKS_AT_ONCE {
        open.push(stage.bridges.open_link(&link).await.expect("it opens"));
    }
    assert_eq!(stage.bridges.open_link(&link).await.map(drop).err(), Some(LinkRefused::Busy));
    // A small file is handed over at once, and its place is free again; nobody has to read it for that.
    stage.passes(Duration::from_millis(100)).await;
    let mut one_more = stage.bridges.open_link(&link).await.expect("there is a place");
    assert!(one_more.pieces.next().await.is_some_and(|piece| piece.is_ok()));
}

#[tokio::test]
async fn without_a_public_address_the_sender_is_told_once_a_day() {
    let mut stage = Stage::new().await;
    assert_eq!(stage.linked("a.pdf").await, None);
    stage.until("it is told", |stage| stage.told(WORDS) == 1).await;
    assert!(stage.is_told("the file “a.pdf”"));
    assert_eq!(stage.linked("b.pdf").await, None);
    stage.passes(Duration::from_secs(10)).await;
    assert_eq!(stage.told(WORDS), 1, "once a day");
    stage.skips(Duration::from_millis(DAY_MS));
    assert_eq!(stage.linked("c.pdf").await, None);
    stage.until("it is told again", |stage| stage.told(WORDS) == 2).await;
}
