//! What this connector can carry, and why not the rest.

use bridge_api::{Ability, Capabilities, Support, Words};

const ONLY_ADDRESSED: Words = Words {
    zh: "群里机器人只能收到 @ 它的消息（@所有人 不算）；单聊全部可见",
    en: "in a group a robot sees only what addresses it by @ (@everybody does not count); in a chat with it, all",
};
const NOT_IN_GROUPS: Words = Words {
    zh: "群里无法 @ 机器人发送，只在单聊中可见",
    en: "cannot be sent to a robot by @ in a group, so only in a chat with it",
};
const NO_API: Words = Words {
    zh: "钉钉没有为机器人开放有文档的接口",
    en: "DingTalk documents no such interface for robots",
};
const NO_EDIT: Words = Words {
    zh: "钉钉普通消息不能编辑，只有卡片可以",
    en: "DingTalk's messages cannot be changed, only cards",
};
const QUOTE: Words = Words {
    zh: "机器人不能真正引用，以引用行显示原文开头（重启后较早的消息除外）",
    en: "a robot cannot answer a message; a quoted line shows how it began, unless that was before a restart",
};
const SESSION: Words = Words {
    zh: "仅在有人 @ 机器人后约 90 分钟内能 @ 到人，此后只显示名字；这样发出的消息不能撤回",
    en: "notifies people for about 90 minutes after somebody addressed the robot, later shows the name alone; cannot be taken back",
};
const MARKUP: Words = Words {
    zh: "钉钉不支持删除线、下划线与嵌套列表",
    en: "DingTalk shows no strike-through, underline or nested lists",
};
const PLAIN: Words =
    Words { zh: "机器人收到的文字不带格式", en: "what a robot receives has no formatting" };
const SENT_BY_API: Words = Words {
    zh: "24 小时内经接口发送的消息可以撤回",
    en: "within 24 hours, for what was sent through the API",
};
const OUR_OWN: Words =
    Words { zh: "只能得知机器人自己的消息被撤回", en: "only of the robot's own messages" };
const FORMS: Words = Words {
    zh: "只接受钉钉支持的格式与大小，其余改发链接",
    en: "in the forms and sizes that DingTalk takes, else as a link",
};
const AS_WORDS: Words = Words { zh: "以文字表示", en: "in words" };
const TEMPLATE: Words = Words {
    zh: "需要在卡片平台发布模板并填写 card_template，否则以文字表示",
    en: "needs a published template in `card_template`, else in words",
};
const MADE_BY_API: Words = Words {
    zh: "钉钉只推送由接口创建的群或装有酷应用的群",
    en: "DingTalk tells it only of groups made through its API or with the group plug-in",
};
const FROM_TEMPLATE: Words = Words {
    zh: "仅限由群模板创建的场景群",
    en: "only of groups that were made from a group template",
};
const NO_EMAIL: Words = Words { zh: "不能按邮箱查人", en: "people cannot be looked up by e-mail" };
const READ: Words = Words { zh: "机器人消息的已读回执", en: "of the robot's own messages" };

/// The table.
pub fn table() -> Capabilities {
    use Support::{No, Partly, Yes};
    Capabilities::new(|ability| match ability {
        Ability::Text => (Partly(ONLY_ADDRESSED), Yes),
        Ability::Formatting => (No(PLAIN), Partly(MARKUP)),
        Ability::Mentions => (Yes, Partly(SESSION)),
        Ability::MentionEverybody => (No(ONLY_ADDRESSED), Partly(SESSION)),
        Ability::Replies => (Yes, Partly(QUOTE)),
        Ability::Threads | Ability::Reactions | Ability::Typing | Ability::Presence | Ability::OtherBots => {
            (No(NO_API), No(NO_API))
        }
        Ability::Backfill => (No(NO_API), No(NO_API)),
        Ability::Edits => (No(NO_API), No(NO_EDIT)),
        Ability::Recalls => (Partly(OUR_OWN), Partly(SENT_BY_API)),
        Ability::Images => (Partly(ONLY_ADDRESSED), Partly(FORMS)),
        Ability::Files | Ability::Voice | Ability::Videos => (Partly(NOT_IN_GROUPS), Partly(FORMS)),
        Ability::Stickers | Ability::Locations => (No(NO_API), Partly(AS_WORDS)),
        Ability::Cards => (Partly(TEMPLATE), Partly(TEMPLATE)),
        Ability::Membership => (Partly(MADE_BY_API), No(NO_API)),
        Ability::Names => (Partly(MADE_BY_API), Partly(FROM_TEMPLATE)),
        Ability::Directory => (Partly(NO_EMAIL), No(NO_API)),
        Ability::Receipts => (Partly(READ), No(NO_API)),
    })
}

#[cfg(test)]
mod tests {
    use bridge_api::Language;

    use super::*;

    #[test]
    fn what_cannot_be_seen_in_groups_is_said_in_both_languages() {
        let table = table();
        for language in [Language::Zh, Language::En] {
            let text = table.markdown(language);
            assert!(text.contains(ONLY_ADDRESSED.of(language)), "{text}");
        }
        assert!(
            !table.sends(Ability::Edits)
                && !table.sends(Ability::Reactions)
                && !table.brings(Ability::Backfill)
        );
        assert!(table.sends(Ability::Text) && table.sends(Ability::Cards));
    }
}
