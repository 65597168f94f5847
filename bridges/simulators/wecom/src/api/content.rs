//! What may be said where: the kinds of messages of each channel, and the bounds of each kind.

use serde_json::{Value, json};

use super::card;
use super::reading::{text, texts};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::cards::Card;
use crate::state::media::MediaOwner;
use crate::state::messages::Draft;

const TEXT_BYTES_MAX: usize = 2_048;
const WEBHOOK_MARKDOWN_BYTES_MAX: usize = 4_096;
pub(super) const BOT_BYTES_MAX: usize = 20_480;
const ARTICLES_MAX: usize = 8;

/// Where something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// From an app to people.
    App,
    /// From an app into its group.
    AppChat,
    /// By a webhook.
    Webhook,
    /// By a bot, over its socket.
    Bot,
    /// By a bot that welcomes somebody.
    Welcome,
    /// By a bot at the address for one later answer.
    Later,
    /// To a customer, in the name of an account of customer service.
    Service,
}

impl Channel {
    fn takes(self, kind: &str) -> bool {
        let kinds: &[&str] = match self {
            Self::App => &[
                "text",
                "image",
                "voice",
                "video",
                "file",
                "textcard",
                "news",
                "mpnews",
                "markdown",
                "miniprogram_notice",
                "template_card",
            ],
            Self::AppChat => {
                &["text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown"]
            }
            Self::Webhook => {
                &["text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card"]
            }
            Self::Bot => &["markdown", "template_card", "file", "image", "voice", "video"],
            Self::Welcome => &["text", "template_card"],
            Self::Later => &["markdown", "template_card"],
            Self::Service => {
                &["text", "image", "voice", "video", "file", "link", "miniprogram", "msgmenu", "location"]
            }
        };
        kinds.contains(&kind)
    }

    fn is_bot(self) -> bool {
        match self {
            Self::Bot | Self::Welcome | Self::Later => true,
            Self::App | Self::AppChat | Self::Webhook | Self::Service => false,
        }
    }
}

/// Reads `{"msgtype": .., <msgtype>: {..}}`; `owner` is whose media it may name.
pub(super) fn read(
    state: &mut State,
    channel: Channel,
    owner: &MediaOwner,
    body: &Value,
) -> Result<Draft, Refusal> {
    let kind = text(body, "msgtype");
    if !channel.takes(kind) {
        return Err(Refusal::new(40_008));
    }
    let content = body.get(kind).filter(|content| content.is_object());
    let mut content = content.cloned().ok_or_else(|| Refusal::new(40_063))?;
    let mut draft = Draft { kind: kind.to_owned(), ..Draft::default() };
    match kind {
        "text" | "markdown" | "markdown_v2" => {
            let words = bounded(channel, kind, text(&content, "content"))?;
            content["content"] = words.clone().into();
            draft.at = mentions(state, channel, kind, &words, &content);
        }
        "image" if channel == Channel::Webhook => {
            draft.media = Some(super::webhooks::inline_image(state, &content, owner)?);
            content = json!({ "md5": content.get("md5") });
        }
        "image" | "voice" | "video" | "file" => {
            let id = text(&content, "media_id");
            if id.is_empty() {
                return Err(Refusal::new(41_006));
            }
            let media = state.usable_media(id, owner)?;
            if media.kind != kind {
                return Err(Refusal::new(40_004));
            }
            draft.media = Some(id.to_owned());
        }
        "textcard" => {
            let present = ["title", "description", "url"].iter().all(|name| !text(&content, name).is_empty());
            present.then_some(()).ok_or_else(|| Refusal::new(40_063))?;
        }
        "news" | "mpnews" => articles(&content, kind)?,
        "link" | "miniprogram" | "msgmenu" | "location" => super::service::check(kind, &content)?,
        "miniprogram_notice" => {
            let present = ["appid", "title"].iter().all(|name| !text(&content, name).is_empty());
            present.then_some(()).ok_or_else(|| Refusal::new(40_063))?;
        }
        "template_card" => {
            let notices_alone = channel == Channel::Webhook;
            card::check(&content, notices_alone, channel.is_bot())?;
            draft.card = Some(Card::new(content.clone()));
        }
        _ => return Err(Refusal::new(40_008)),
    }
    draft.content = content;
    Ok(draft)
}

/// The words within the channel's bound: apps' are cut, others' refused.
fn bounded(channel: Channel, kind: &str, words: &str) -> Result<String, Refusal> {
    if words.is_empty() {
        return Err(Refusal::new(44_004));
    }
    let bytes_max = match (channel, kind) {
        (Channel::Bot | Channel::Welcome | Channel::Later, _) => BOT_BYTES_MAX,
        (Channel::Webhook, "markdown" | "markdown_v2") => WEBHOOK_MARKDOWN_BYTES_MAX,
        (Channel::App | Channel::AppChat | Channel::Webhook | Channel::Service, _) => TEXT_BYTES_MAX,
    };
    if words.len() <= bytes_max {
        return Ok(words.to_owned());
    }
    let cut = kind == "text" && matches!(channel, Channel::App | Channel::AppChat);
    if !cut {
        return Err(Refusal::new(45_002));
    }
    let mut end = bytes_max;
    while !words.is_char_boundary(end) {
        end -= 1;
    }
    Ok(words[..end].to_owned())
}

/// Who is mentioned: by the lists of a text, or between angle brackets where the channel knows them.
fn mentions(state: &State, channel: Channel, kind: &str, words: &str, content: &Value) -> Vec<String> {
    let brackets =
        matches!((channel, kind), (Channel::Webhook, "markdown" | "text") | (Channel::AppChat, "text"));
    let lists = matches!((channel, kind), (Channel::Webhook | Channel::AppChat, "text"));
    let mut at: Vec<String> = Vec::new();
    if lists {
        for who in texts(content.get("mentioned_list")) {
            at.push(if who == "@all" { "all".to_owned() } else { who });
        }
        for mobile in texts(content.get("mentioned_mobile_list")) {
            let known = state.people.values().find(|person| person.mobile == mobile);
            at.extend(known.map(|person| person.user_id.clone()));
        }
    }
    if brackets {
        let names = words.split("<@").skip(1).filter_map(|rest| rest.split_once('>')).map(|(name, _)| name);
        at.extend(names.map(|name| if name == "all" { name.to_owned() } else { state.spelled(name) }));
    }
    let known = |who: &String| who == "all" || state.person(who).is_ok();
    at.retain(known);
    at.dedup();
    at
}

fn articles(content: &Value, kind: &str) -> Result<(), Refusal> {
    let articles = content.get("articles").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if articles.len() > ARTICLES_MAX {
        return Err(Refusal::new(45_008));
    }
    let second = if kind == "news" { "url" } else { "thumb_media_id" };
    let whole = |article: &Value| !text(article, "title").is_empty() && !text(article, second).is_empty();
    if articles.is_empty() || !articles.iter().all(whole) {
        return Err(Refusal::new(40_063));
    }
    Ok(())
}
