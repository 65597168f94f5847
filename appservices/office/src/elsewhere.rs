//! Cards on other platforms: what a bot wants shown to somebody there, and the buttons that are pressed there.
//!
//! A bot and the bridges' bot share one room, in which nobody else is: cards go in, presses come out, each as an event of our own
//! type. A press is believed from the bridges' bot in that room alone, which says one where the platform's call was verified;
//! what it means and whether the person may do it is decided by the bot, as for a tap here.

use std::collections::BTreeMap;

use cases::{Source, Via};
use kit::{Heard, Kit, Letter, PREFIX, To, What, texts::Pen};
use people::Chart;
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, StoreError};

use crate::{actor::Actor, rooms::RoomOrder};

/// The key of the room that a bot shares with the bridges' bot.
pub(crate) const ELSEWHERE: &str = "elsewhere";

/// Most values of a press that are read.
const VALUES_MAX: usize = 50;

/// Something that can be done by a button.
pub struct Choice {
    /// What it is called in [`Press::action`].
    pub action: &'static str,
    /// What it says.
    pub label: String,
    /// `primary`, `plain` or `danger`.
    pub style: &'static str,
}

/// A card for somebody on other platforms.
pub struct CardElsewhere<'a> {
    /// What it is called, for ever.
    pub key: &'a str,
    /// Whom it is for.
    pub account: &'a UserId,
    /// Rises with each change.
    pub rev: u64,
    /// What it says, the first line first.
    pub text: &'a str,
    /// Its buttons; none where it can only be read.
    pub choices: Vec<Choice>,
    /// What the one line to write is called, where something can be written with a button. It comes back in [`Press::words`].
    pub words: Option<String>,
}

/// A button that somebody pressed on another platform.
pub struct Press {
    /// The card.
    pub key: String,
    /// Which button.
    pub action: String,
    /// What was written with it.
    pub words: Option<String>,
    /// Which instance of a series alone it is about, by when its rule lets it begin, in ms since 1970; none for all of it.
    pub instance_ms: Option<u64>,
    /// Who pressed it: their account here.
    pub account: OwnedUserId,
    /// Who they are there, and the account here by which what they say there is said; none where the bridge did not say.
    pub speaker: Option<Speaker>,
    via: Via,
    source: Source,
}

/// Somebody of a platform, as the bridge knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// The account that speaks for them here.
    pub account: OwnedUserId,
    /// The platform.
    pub(crate) network: String,
    /// What it calls them.
    pub(crate) by: String,
}

impl Press {
    /// Who acts by it.
    #[must_use]
    pub fn actor(&self, chart: &Chart) -> Actor {
        Actor {
            person: chart.by_account(&self.account).map(|person| person.id.clone()),
            account: Some(self.account.clone()),
            via: self.via,
            source: Some(self.source.clone()),
            link: None,
        }
    }
}

/// Has a card of `bot` shown to somebody on the platforms where they are. Nothing happens where none is bridged, or they are
/// nowhere else.
///
/// # Errors
/// When the store cannot be read.
pub async fn show_elsewhere(
    kit: &Kit,
    batch: &mut Batch,
    bot: &str,
    card: CardElsewhere<'_>,
) -> Result<(), StoreError> {
    show(kit, batch, bot, card, None).await
}

/// The same on those platforms alone that have no app of their own for entries of this kind (see [`crate::EntryElsewhere`]): who
/// has the entry needs no card.
///
/// # Errors
/// When the store cannot be read.
pub async fn show_elsewhere_instead(
    kit: &Kit,
    batch: &mut Batch,
    bot: &str,
    card: CardElsewhere<'_>,
    kind: &'static str,
) -> Result<(), StoreError> {
    show(kit, batch, bot, card, Some(kind)).await
}

async fn show(
    kit: &Kit,
    batch: &mut Batch,
    bot: &str,
    card: CardElsewhere<'_>,
    instead_of: Option<&str>,
) -> Result<(), StoreError> {
    if !meet_bridge(kit, batch, bot).await? {
        return Ok(());
    }
    let (title, body) = card.text.split_once('\n').unwrap_or((card.text, ""));
    let choices = card.choices.iter();
    let buttons: Vec<Value> = choices
        .map(|choice| json!({ "action": choice.action, "label": choice.label, "style": choice.style }))
        .collect();
    let mut content = json!({
        "v": 1, "key": card.key, "for": card.account, "rev": card.rev, "title": title, "body": body, "buttons": buttons,
    });
    if let Some(kind) = instead_of {
        content["instead_of"] = json!(kind);
    }
    if let Some(label) = card.words {
        content["input"] = json!({ "name": WORDS, "label": label });
    }
    let key = format!("else/{}/{}", card.key, card.rev);
    let letter = Letter::message(key, bot, To::Place(ELSEWHERE.to_owned()), content);
    kit.outbox().put(batch, Letter { kind: format!("{PREFIX}bridge.card"), ..letter });
    Ok(())
}

/// Sees to it that there is the room for a bot and the bridges' bot; false where no platform is bridged.
pub(crate) async fn meet_bridge(kit: &Kit, batch: &mut Batch, bot: &str) -> Result<bool, StoreError> {
    let Some(bridge) = kit.bridge() else { return Ok(false) };
    if !kit.has_place(bot, ELSEWHERE).await? {
        let pen = Pen { texts: kit.texts(), lang: kit.language(None, None).await? };
        kit.order_place(batch, bot, ELSEWHERE, room_with(kit, bridge, pen)).await?;
    }
    Ok(true)
}

/// Whether the bridges' bot says something in that room, and of which kind: the part of its type behind `bridge.`.
///
/// # Errors
/// When the store cannot be read.
pub async fn said_by_bridge<'a>(
    kit: &Kit,
    bot: &str,
    heard: &'a Heard,
) -> Result<Option<(&'a str, &'a Value)>, StoreError> {
    let What::Ours { kind, state_key: None, content } = &heard.what else { return Ok(None) };
    let said = kind.strip_prefix(PREFIX).and_then(|kind| kind.strip_prefix("bridge."));
    let Some(said) = said.filter(|_| kit.bridge() == Some(&*heard.sender)) else { return Ok(None) };
    let is_there = kit.place_of(bot, &heard.room).await?.as_deref() == Some(ELSEWHERE);
    Ok(is_there.then_some((said, content)))
}

/// Under which name the words come back.
const WORDS: &str = "reason";

/// The room for the two. The bridges' bot reads what was said since it was asked in, because it may come late.
fn room_with(kit: &Kit, bridge: &UserId, pen: Pen<'_>) -> Value {
    let order = RoomOrder {
        kind: ELSEWHERE,
        no: None,
        name: pen.say("elsewhere.name", &[]),
        topic: pen.say("elsewhere.topic", &[]),
        helpers: Vec::new(),
        theirs: Vec::new(),
        servers: vec![kit.server_name().to_owned()],
    };
    let mut request = order.request();
    request["invite"] = json!([bridge]);
    request["creation_content"] = json!({ "m.federate": false });
    for state in request["initial_state"].as_array_mut().into_iter().flatten() {
        if state["type"] == "m.room.history_visibility" {
            state["content"]["history_visibility"] = json!("invited");
        }
    }
    request
}

/// What the bridges' bot says of a press.
#[derive(Deserialize)]
struct Pressed {
    key: String,
    action: String,
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    instance_ms: Option<u64>,
    network: String,
    #[serde(default)]
    by: String,
    person: OwnedUserId,
    #[serde(default)]
    ghost: Option<OwnedUserId>,
    proof: PressProof,
}

#[derive(Deserialize)]
struct PressProof {
    hash: String,
    verified: bool,
}

/// The press that was heard; none for everything else, and for what anybody but the bridges' bot says.
///
/// # Errors
/// When the store cannot be read.
pub async fn press_of(kit: &Kit, bot: &str, heard: &Heard) -> Result<Option<Press>, StoreError> {
    let said = said_by_bridge(kit, bot, heard).await?;
    Ok(said.filter(|(said, _)| *said == "pressed").and_then(|(_, content)| read(heard, content)))
}

fn read(heard: &Heard, content: &Value) -> Option<Press> {
    let pressed = Pressed::deserialize(content).ok()?;
    let is_hash =
        pressed.proof.hash.len() == 64 && pressed.proof.hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let via = match pressed.network.as_str() {
        "dingtalk" => Via::Dingtalk,
        "feishu" => Via::Feishu,
        "wecom" => Via::Wecom,
        _ => return None,
    };
    if !pressed.proof.verified || !is_hash || pressed.values.len() > VALUES_MAX {
        return None;
    }
    let words = pressed.values.get(WORDS).map(|words| words.trim().to_owned());
    let source = Source {
        callback: Some(pressed.proof.hash),
        ..Source::event(heard.room.clone(), heard.event_id.clone())
    };
    let (network, by) = (pressed.network, pressed.by);
    let speaker = pressed.ghost.map(|account| Speaker { account, network, by });
    Some(Press {
        speaker,
        key: pressed.key,
        action: pressed.action,
        words: words.filter(|words| !words.is_empty()),
        instance_ms: pressed.instance_ms,
        account: pressed.person,
        via,
        source,
    })
}
