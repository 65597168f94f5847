//! What this connector can carry, and why not the rest.

use bridge_api::{Ability, Capabilities, Support};

/// What a robot sees of a group.
const ONLY_ADDRESSED: Support = Support::partly(
    "群里机器人只能收到 @ 它的消息（@所有人 不算）；单聊全部可见",
    "in a group a robot sees only what addresses it by @ (@everybody does not count); in a chat with it, all",
);
/// What is in no document of the platform.
const NO_API: Support =
    Support::no("钉钉没有为机器人开放有文档的接口", "DingTalk documents no such interface for robots");
/// What notifies people.
const SESSION: Support = Support::partly(
    "仅在有人 @ 机器人后约 90 分钟内能 @ 到人，此后只显示名字；这样发出的消息不能撤回",
    "notifies people for about 90 minutes after somebody addressed the robot, later shows the name alone; cannot be taken back",
);
/// What can be sent as it is.
const FORMS: Support = Support::partly(
    "图片与语音转换为钉钉支持的格式与大小（语音需要 ffmpeg）；不能转换的文件改发链接",
    "pictures and voice are converted into the forms and sizes that DingTalk takes (voice by ffmpeg); what cannot be goes as a link",
);
/// What a card needs.
const TEMPLATE: Support = Support::partly(
    "需要在卡片平台发布模板并填写 card_template，否则以文字表示",
    "needs a published template in `card_template`, else in words",
);
/// What a robot can react to.
const REACTIONS: Support = Support::partly(
    "仅限群里他人的消息；接口只见于钉钉 SDK，没有文档，随时可能变化",
    "to what people said in groups; the interface is in DingTalk's SDK alone and in no document, so it may change at any time",
);
/// Which groups the platform tells of.
const MADE_BY_API: Support = Support::partly(
    "钉钉只推送由接口创建的群或装有酷应用的群",
    "DingTalk tells it only of groups made through its API or with the group plug-in",
);

/// How approvals come and go.
const APPROVALS_IN: Support = Support::partly(
    "需订阅 bpms 事件；每次事件读取一次审批，计入接口调用",
    "needs the bpms events to be ticked; each costs a call to read the approval",
);
const APPROVALS_OUT: Support = Support::partly(
    "需设置 approval_centre；审批中心里没有按钮，凭链接或卡片决定",
    "needs `approval_centre`; there are no buttons in the approval centre, so people decide by the link or the card",
);
/// What can be done to a to-do there.
const TODOS_IN: Support = Support::no(
    "应用待办不能在钉钉待办列表里勾选，点开即进入链接",
    "to-dos of apps cannot be ticked off in DingTalk's list: opening one leads to its link",
);
const TODOS_OUT: Support = Support::partly(
    "必须带链接；创建后优先级与链接不能再改",
    "needs a link; priority and link cannot be changed once it is made",
);
/// Which answers are told.
const MEETINGS_IN: Support = Support::partly(
    "系列会议中，对单次的答复仅限改动过的单次",
    "of a series, and of those of its instances that differ from it",
);
/// Which series the calendar shows.
const MEETINGS_OUT: Support = Support::partly(
    "组织者不在钉钉时需设置 operator；钉钉无法表示的重复规则只显示第一次，并写明规则和单次变更；已取消的单次恢复，或整个系列改期而有单次改动时，日程重新建立",
    "needs `operator` where the organiser is not on DingTalk; of series that its calendar cannot express the first one, which says so and names the dates that differ; a series is made anew where a canceled instance takes place after all, or where it moves and instances differ",
);

/// The table.
pub fn table() -> Capabilities {
    use Support::{No, Partly, Yes};
    let never = match ONLY_ADDRESSED {
        Partly(reason) | No(reason) => No(reason),
        Yes => Yes,
    };
    Capabilities::new(|ability| match ability {
        Ability::Text => (ONLY_ADDRESSED, Yes),
        Ability::Formatting => (
            Support::no("机器人收到的文字不带格式", "what a robot receives has no formatting"),
            Support::partly(
                "钉钉不支持删除线、下划线与嵌套列表",
                "DingTalk shows no strike-through, underline or nested lists",
            ),
        ),
        Ability::Mentions => (Yes, SESSION),
        Ability::MentionEverybody => (never, SESSION),
        Ability::Replies => (
            Support::partly(
                "机器人没有收到过或已不记得的原文以文字引用",
                "what the robot never heard or no longer remembers is quoted in words",
            ),
            Support::partly(
                "机器人不能真正引用，以引用行显示原文开头（较早的消息除外：最多记住约八千条、一个月）",
                "a robot cannot answer a message; a quoted line shows how it began, unless that was long ago: about eight thousand messages are remembered, for a month",
            ),
        ),
        Ability::Reactions => (NO_API, REACTIONS),
        Ability::Threads | Ability::Backfill | Ability::Typing | Ability::Presence | Ability::OtherBots => {
            (NO_API, NO_API)
        }
        Ability::Edits => (
            NO_API,
            Support::no(
                "钉钉普通消息不能编辑，只有卡片可以",
                "DingTalk's messages cannot be changed, only cards",
            ),
        ),
        Ability::Recalls => (
            Support::partly("只能得知机器人自己的消息被撤回", "only of the robot's own messages"),
            Support::partly(
                "24 小时内经接口发送的消息可以撤回",
                "within 24 hours, for what was sent through the API",
            ),
        ),
        Ability::Images => (ONLY_ADDRESSED, FORMS),
        Ability::Files | Ability::Voice | Ability::Videos => (
            Support::partly(
                "群里无法 @ 机器人发送，只在单聊中可见",
                "cannot be sent to a robot by @ in a group, so only in a chat with it",
            ),
            FORMS,
        ),
        Ability::Stickers | Ability::Locations => (NO_API, Support::partly("以文字表示", "in words")),
        Ability::Cards => (TEMPLATE, TEMPLATE),
        Ability::Membership => (MADE_BY_API, NO_API),
        Ability::Names => (
            MADE_BY_API,
            Support::partly(
                "仅限由群模板创建的场景群",
                "only of groups that were made from a group template",
            ),
        ),
        Ability::Directory => {
            (Support::partly("不能按邮箱查人", "people cannot be looked up by e-mail"), NO_API)
        }
        Ability::Approvals => (APPROVALS_IN, APPROVALS_OUT),
        Ability::Todos => (TODOS_IN, TODOS_OUT),
        Ability::Meetings => (MEETINGS_IN, MEETINGS_OUT),
        Ability::FreeBusy => (Yes, Support::no("忙闲只读取", "it is only read")),
        Ability::Receipts => (Support::partly("机器人消息的已读回执", "of the robot's own messages"), NO_API),
    })
}

#[cfg(test)]
mod tests {
    use bridge_api::Language;

    use super::*;

    #[test]
    fn what_cannot_be_seen_in_groups_is_said_in_both_languages() {
        let Support::Partly(reason) = ONLY_ADDRESSED else { panic!("a robot sees a part") };
        let table = table();
        for language in [Language::Zh, Language::En] {
            let text = table.markdown(language);
            assert!(text.contains(reason.of(language)), "{text}");
        }
        assert!(
            !table.sends(Ability::Edits)
                && !table.brings(Ability::Reactions)
                && !table.brings(Ability::Backfill)
        );
        assert!(table.sends(Ability::Text) && table.sends(Ability::Cards));
    }

    #[test]
    fn the_documents_say_what_the_table_says() {
        let documents = [
            (Language::En, include_str!("../README.md")),
            (Language::Zh, include_str!("../README.zh-CN.md")),
        ];
        for (language, document) in documents {
            let table = table().markdown(language);
            assert!(document.contains(&table), "put this into the document:\n{table}");
        }
    }
}
