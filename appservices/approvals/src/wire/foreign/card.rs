//! What the bridges' bot says of an approval of another platform, and the card that people read of it.

use ruma::OwnedUserId;
use serde::Deserialize;

use crate::{card::Pen, limits::FOREIGN_TEXT_CHARACTERS_MAX};

/// What the bridges' bot says of such an approval.
#[derive(Deserialize)]
pub(super) struct Told {
    pub network: String,
    pub id: String,
    pub number: String,
    pub title: String,
    #[serde(default)]
    pub starter: Option<OwnedUserId>,
    pub state: String,
    pub asked: Vec<Asked>,
    #[serde(default)]
    pub lines: Vec<(String, String)>,
    #[serde(default)]
    pub link: Option<String>,
    pub can_be_decided: bool,
    pub changed_ms: u64,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    pub account: OwnedUserId,
    pub task: String,
}

/// The key of the word for how an approval stands: for who was asked, and others decided before, or for who asked.
pub(super) fn standing(state: &str, is_asked: bool) -> &'static str {
    match state {
        "approved" => "state.approved",
        "rejected" => "state.rejected",
        "canceled" => "state.recalled",
        _ if is_asked => "foreign.passed",
        _ => "state.pending",
    }
}

/// The text of a card.
pub(super) fn card(told: &Told, state: &str, starter: &str, can_be_decided: bool, pen: Pen<'_>) -> String {
    let platform = pen.say(platform_key(&told.network), &[]);
    let short = |text: &str| text.chars().take(FOREIGN_TEXT_CHARACTERS_MAX).collect::<String>();
    let head = [short(&told.number), short(&told.title), starter.to_owned()];
    let head: Vec<String> = head.into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = vec![format!("[{platform} {}] {}", pen.say(state, &[]), head.join(" · "))];
    lines.extend(told.lines.iter().map(|(name, value)| format!("{}: {}", short(name), short(value))));
    lines.extend(told.link.as_deref().filter(|link| link.starts_with("http")).map(short));
    if state == "state.pending" {
        lines.push(pen.say(if can_be_decided { "foreign.actions" } else { "foreign.there" }, &[]));
    }
    lines.join("\n")
}

fn platform_key(network: &str) -> &'static str {
    match network {
        "dingtalk" => "foreign.dingtalk",
        "feishu" => "foreign.feishu",
        _ => "foreign.wecom",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_says_where_it_is_from_and_what_can_be_done() {
        let told: Told = serde_json::from_value(json!({
            "v": 1, "network": "wecom", "id": "SP1", "number": "202611200001", "title": "出差", "starter": null,
            "state": "pending", "asked": [], "lines": [["地点", "上海"]], "link": null, "can_be_decided": false,
            "changed_ms": 1,
        }))
        .unwrap();
        let texts = kit::texts::Texts::with(&[crate::TEXTS]);
        let pen = Pen { texts: &texts, lang: kit::texts::Lang::Zh };
        assert_eq!(
            card(&told, "state.pending", "张三", false, pen),
            "[企业微信审批 待审批] 202611200001 · 出差 · 张三\n地点: 上海\n请在企业微信、钉钉或飞书里处理。"
        );
        assert_eq!(standing("canceled", true), "state.recalled");
    }
}
