//! What a bridge can carry, each way, and why not the rest: documents, rooms and the conformance suite read the same table.

use serde::Serialize;

use crate::{Language, Words};

/// Something that a bridge may be able to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Words.
    Text,
    /// Bold, lists, links, quotes, code.
    Formatting,
    /// People addressed by name.
    Mentions,
    /// Everybody addressed.
    MentionEverybody,
    /// Answers to a message.
    Replies,
    /// Topics.
    Threads,
    /// Changes of a message.
    Edits,
    /// Messages taken back.
    Recalls,
    /// Reactions.
    Reactions,
    /// Pictures.
    Images,
    /// Documents.
    Files,
    /// Spoken words.
    Voice,
    /// Films.
    Videos,
    /// Stickers.
    Stickers,
    /// Places.
    Locations,
    /// Cards with buttons.
    Cards,
    /// Who comes and goes.
    Membership,
    /// The name of a conversation.
    Names,
    /// What was said while the line was down.
    Backfill,
    /// People with names and pictures.
    Directory,
    /// Who has read what.
    Receipts,
    /// Who is typing.
    Typing,
    /// Who is there.
    Presence,
    /// Messages of other robots.
    OtherBots,
    /// Approvals of our bots in the platform's approval centre, and those of the platform here.
    Approvals,
    /// Tasks of our bots among the platform's to-dos.
    Todos,
    /// Meetings of our bots in the platform's calendars.
    Meetings,
    /// When people have no time.
    FreeBusy,
}

impl Ability {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 28] = [
        Self::Text,
        Self::Formatting,
        Self::Mentions,
        Self::MentionEverybody,
        Self::Replies,
        Self::Threads,
        Self::Edits,
        Self::Recalls,
        Self::Reactions,
        Self::Images,
        Self::Files,
        Self::Voice,
        Self::Videos,
        Self::Stickers,
        Self::Locations,
        Self::Cards,
        Self::Membership,
        Self::Names,
        Self::Backfill,
        Self::Directory,
        Self::Receipts,
        Self::Typing,
        Self::Presence,
        Self::OtherBots,
        Self::Approvals,
        Self::Todos,
        Self::Meetings,
        Self::FreeBusy,
    ];

    /// What it is called.
    pub const fn name(self) -> Words {
        match self {
            Self::Text => Words { zh: "文字", en: "text" },
            Self::Formatting => Words { zh: "格式", en: "formatting" },
            Self::Mentions => Words { zh: "@某人", en: "mentions" },
            Self::MentionEverybody => Words { zh: "@所有人", en: "mention of everybody" },
            Self::Replies => Words { zh: "回复", en: "replies" },
            Self::Threads => Words { zh: "话题", en: "threads" },
            Self::Edits => Words { zh: "编辑", en: "edits" },
            Self::Recalls => Words { zh: "撤回", en: "recalls" },
            Self::Reactions => Words { zh: "表情回复", en: "reactions" },
            Self::Images => Words { zh: "图片", en: "images" },
            Self::Files => Words { zh: "文件", en: "files" },
            Self::Voice => Words { zh: "语音", en: "voice" },
            Self::Videos => Words { zh: "视频", en: "videos" },
            Self::Stickers => Words { zh: "表情包", en: "stickers" },
            Self::Locations => Words { zh: "位置", en: "locations" },
            Self::Cards => Words { zh: "卡片", en: "cards" },
            Self::Membership => Words { zh: "成员进出", en: "membership" },
            Self::Names => Words { zh: "群名", en: "names" },
            Self::Backfill => Words { zh: "补齐断线期间消息", en: "backfill" },
            Self::Directory => Words { zh: "通讯录", en: "directory" },
            Self::Receipts => Words { zh: "已读", en: "receipts" },
            Self::Typing => Words { zh: "正在输入", en: "typing" },
            Self::Presence => Words { zh: "在线状态", en: "presence" },
            Self::OtherBots => Words { zh: "其他机器人的消息", en: "messages of other robots" },
            Self::Approvals => Words { zh: "审批", en: "approvals" },
            Self::Todos => Words { zh: "待办", en: "to-dos" },
            Self::Meetings => Words { zh: "日程", en: "meetings" },
            Self::FreeBusy => Words { zh: "忙闲", en: "free/busy" },
        }
    }
}

/// Whether something is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "support", content = "reason")]
pub enum Support {
    /// It is.
    Yes,
    /// In part, and what is missing.
    Partly(Words),
    /// It is not, and why.
    No(Words),
}

/// One ability, each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capability {
    /// What.
    pub ability: Ability,
    /// From the platform into a room.
    pub into_room: Support,
    /// From a room to the platform.
    pub to_platform: Support,
}

/// All abilities of one connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities(Vec<Capability>);

impl Capabilities {
    /// A table with a line for every ability: `of` says into the room first, then to the platform.
    pub fn new(of: impl Fn(Ability) -> (Support, Support)) -> Self {
        let line = |ability| {
            let (into_room, to_platform) = of(ability);
            Capability { ability, into_room, to_platform }
        };
        Self(Ability::ALL.into_iter().map(line).collect())
    }

    /// The lines in the order of [`Ability::ALL`].
    pub fn lines(&self) -> &[Capability] {
        &self.0
    }

    /// Whether an ability is carried to the platform, at least in part.
    pub fn sends(&self, ability: Ability) -> bool {
        self.0.iter().any(|line| line.ability == ability && !matches!(line.to_platform, Support::No(_)))
    }

    /// Whether an ability is carried into rooms, at least in part.
    pub fn brings(&self, ability: Ability) -> bool {
        self.0.iter().any(|line| line.ability == ability && !matches!(line.into_room, Support::No(_)))
    }

    /// The table as Markdown, for the documents.
    pub fn markdown(&self, language: Language) -> String {
        let mut out = match language {
            Language::Zh => "| 能力 | 进入房间 | 发往平台 |\n| --- | --- | --- |\n".to_owned(),
            Language::En => "| ability | into the room | to the platform |\n| --- | --- | --- |\n".to_owned(),
        };
        for line in &self.0 {
            let cells = [
                line.ability.name().of(language).to_owned(),
                line.into_room.cell(language),
                line.to_platform.cell(language),
            ];
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        out
    }
}

impl Support {
    /// In part: what is missing, in Chinese and in English.
    pub const fn partly(zh: &'static str, en: &'static str) -> Self {
        Self::Partly(Words { zh, en })
    }

    /// Not at all: why, in Chinese and in English.
    pub const fn no(zh: &'static str, en: &'static str) -> Self {
        Self::No(Words { zh, en })
    }

    fn cell(&self, language: Language) -> String {
        let (word, reason) = match self {
            Self::Yes => (Words { zh: "是", en: "yes" }, None),
            Self::Partly(reason) => (Words { zh: "部分", en: "partly" }, Some(reason)),
            Self::No(reason) => (Words { zh: "否", en: "no" }, Some(reason)),
        };
        match (reason, language) {
            (None, _) => word.of(language).to_owned(),
            (Some(reason), Language::Zh) => format!("{}：{}", word.zh, reason.zh),
            (Some(reason), Language::En) => format!("{}: {}", word.en, reason.en),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: Support = Support::no("平台没有", "the platform has none");
    const PARTLY: Support = Support::partly("平台没有", "the platform has none");

    #[test]
    fn a_table_has_every_line_and_says_why_not() {
        let table = Capabilities::new(|ability| match ability {
            Ability::Typing => (NO, NO),
            Ability::Edits => (Support::Yes, PARTLY),
            _ => (Support::Yes, Support::Yes),
        });
        assert_eq!(table.lines().len(), Ability::ALL.len());
        assert!(
            table.sends(Ability::Edits) && !table.sends(Ability::Typing) && !table.brings(Ability::Typing)
        );
        let markdown = table.markdown(Language::En);
        assert!(markdown.contains("| typing | no: the platform has none | no: the platform has none |"));
        assert!(table.markdown(Language::Zh).contains("| 编辑 | 是 | 部分：平台没有 |"));
        let json = serde_json::to_value(&table).expect("writes");
        assert_eq!(json[21]["into_room"]["reason"]["en"], "the platform has none");
    }

    #[test]
    fn every_ability_is_listed_once() {
        let mut all = Ability::ALL.to_vec();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), Ability::ALL.len());
    }
}
