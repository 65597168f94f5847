//! What this connector can carry, and why not the rest.

use bridge_api::{Ability, Capabilities, Support, words};

words! {
    ONLY_ADDRESSED = "群里只有 @ 智能机器人的消息可见（仅文字与图文）；单聊应用或机器人全部可见；其余群消息须配置付费的会话内容存档" | "in a group the AI bot sees only what addresses it by @, and of that words and pictures; in a chat with the app or the bot, all; the rest is in the paid chat archive alone, which has to be configured";
    SPOKEN_TO = "机器人只能在有人 @ 过它的群里说话；应用只能在自己创建的群和单聊里说话；超过频率的消息由本桥排队，不会被平台静默丢弃" | "the bot speaks only where somebody addressed it once, the app only in groups that it made and to people; what is beyond the platform's rates waits here, because the platform would drop it in silence";
    PLAIN = "收到的文字不带格式" | "what is received has no formatting";
    MARKUP = "机器人与群机器人显示 Markdown；应用消息没有列表、代码块、斜体与表格，以文字代替" | "the bot and webhooks show Markdown; the app's messages have no lists, code blocks, italics and tables and say them in words";
    NAMES_ALONE = "收到的 @ 只是文字，平台不说明是谁" | "an address is letters alone; the platform does not say who is meant";
    IN_OWN_GROUPS = "仅应用创建的群与群机器人能提醒人；智能机器人与单聊只显示名字" | "notifies people in groups of the app and by webhooks; the AI bot shows the name alone";
    NO_API = "企业微信没有为应用或机器人开放这样的接口" | "WeCom has no such interface for apps and bots";
    QUOTE_IN = "引用只带文字，没有原消息编号；能唯一对上近期消息时按回复处理，否则显示引文" | "a quote has words and no id: it is an answer where one recent message says just that, else it stands above the words";
    QUOTE_OUT = "不能真正引用，以引用行显示原文开头（较早的消息除外：最多记住约八千条、一个月）" | "nothing can be answered; a quoted line shows how it began, unless that was long ago: about eight thousand messages are remembered, for a month";
    NO_EDIT = "已发送的消息不能编辑" | "what was sent cannot be changed";
    RECALLED = "仅应用发给个人的消息，24 小时内" | "for what the app sent to people, within 24 hours";
    RECALLED_IN = "平台不通知应用或机器人有人撤回消息" | "nobody tells an app or a bot that something was taken back";
    NOT_IN_GROUPS = "群里不会推送给机器人，只在单聊应用或机器人时可见" | "groups keep them from the bot, so only in a chat with the app or the bot";
    VOICE_IN = "单聊应用可得语音文件；机器人只给出转写的文字" | "the app is given the sound, the bot only the words that were understood";
    FORMS = "图片与语音转换为企业微信支持的格式与大小（图片 JPG/PNG，语音 AMR 不超过 60 秒，需要 ffmpeg；视频仅 MP4），不能转换的改发文件或链接；回调模式的机器人不能发文件" | "pictures and voice are converted into the forms and sizes that WeCom takes (JPG and PNG; AMR of at most 60 seconds, by ffmpeg; of films MP4 alone), what cannot be goes as a file or a link; a bot in callback mode sends no files";
    AS_WORDS = "以文字表示" | "in words";
    STICKERS = "平台不推送表情包" | "the platform does not pass stickers on";
    TO_APP = "仅单聊应用时可见" | "in a chat with the app alone";
    CARDS = "单聊与机器人所在会话显示按钮卡片，最多六个按钮；每次点按后可更新一次，机器人的卡片须在点按后五秒内更新；其他会话以文字表示" | "with up to six buttons in chats and where the bot is, changed once for each code and press, the bot's within five seconds of a press; elsewhere in words";
    NO_MEMBERS = "平台不通知群成员变化；仅应用创建的群可查询成员" | "nobody tells who comes and goes; members of the app's own groups alone can be listed";
    NO_NAMES = "平台不通知群改名，也不提供机器人所在群的名字" | "nobody tells the name of a group, or that it changed";
    OWN_GROUPS = "仅应用创建的群" | "of groups that the app made";
    PRIVACY = "2022-06-20 之后创建的应用看不到头像与邮箱；仅限应用可见范围" | "apps made after 2022-06-20 are told no pictures and addresses, and only of people in their scope";
    APPROVALS_IN = "显示企业微信自带审批的进展；应用不能代人审批，须在企业微信中处理" | "how WeCom's own approvals stand; no app may decide for somebody, so they are decided there";
    APPROVALS_OUT = "平台没有让应用把自己的审批放进审批中心的接口；机器人的审批以按钮卡片显示" | "apps can put no approvals of their own into the approval centre; those of the bots are cards with buttons";
    NO_TODOS = "平台没有待办接口，日程上也无法勾选完成；请在聊天中完成" | "WeCom gives apps no to-dos, and nothing is ticked off in a calendar; tasks are finished in the chat";
    TODOS = "平台没有待办接口；有截止时间的任务显示为应用日历中的日程，完成或取消后删除" | "WeCom gives apps no to-dos: tasks with a due date stand in the app's calendar until they are done or canceled";
    ANSWERS = "仅应用自己建立的日程；可得知谁接受、待定或拒绝；系列会议中，对单次的答复仅限改动过的单次" | "of schedules that the app made alone: who accepts, perhaps, or declines, to a series and to those of its instances that differ from it";
    MEETINGS = "建在应用的日历中；平台无法表示的重复（如每月第二个周二）只显示第一次，并注明单次变更；改动的单次是单独的日程；已取消的单次恢复，或整个系列改期而有单次改动时，日程重新建立；不能替人答复" | "in the app's calendar; of a series that WeCom cannot show, like each second Tuesday, the first one with a word about it and about the dates that differ; an instance that differs is a schedule of its own; a series is made anew where a canceled instance takes place after all, or where it moves and instances differ; nobody is answered for";
    NO_BUSY = "应用看不到成员自己的日程，平台也没有忙闲接口" | "an app sees nobody's own schedules, and WeCom tells nobody's free time";
}

words! {
    ARCHIVED = "已配置会话内容存档：开通存档的成员所在的会话全部可见（外部联系人须同意），约有数秒延迟；未与机器人等配对的群只能收听" | "with the chat archive, all that is said where somebody with a licence is, some seconds later (people from outside have to agree); groups that are not paired with one of the bot's, the app's or a webhook's are only heard";
    ARCHIVED_RECALLS = "已配置会话内容存档：撤回后数秒内可知" | "with the chat archive, some seconds later";
    ARCHIVED_NAMES = "已配置会话内容存档：有消息时每小时查询一次群名；客户群改名即时得知" | "with the chat archive, looked up once an hour while people speak; of groups with customers at once";
    ARCHIVED_MEMBERS = "已配置会话内容存档：仅限客户群，且应用有客户联系权限" | "with the chat archive, of groups with customers alone, where the app may use customer contact";
}

words! {
    SERVED_TEXT = "已启用微信客服：客户来信后 48 小时内最多回复 5 条，其余等客户再次来信后送出；机器人与应用的限制不变" | "with customer service, customers are answered five times within 48 hours of what they wrote last, and what is beyond that waits until they write again; the bot and the app as without it";
    SERVED_RECALLS = "已启用微信客服：仅客户与接待人员在客服会话中撤回的消息" | "with customer service, of what customers and the members who attend to them take back";
    SERVED_TAKEN_BACK = "仅应用发给个人的消息，24 小时内；已启用微信客服：以及两分钟内发给客户的消息" | "for what the app sent to people, within 24 hours, and with customer service for what customers were sent, within two minutes";
    SERVED_FILES = "已启用微信客服：单聊应用或机器人时，以及客户在客服会话中发送时可见" | "with customer service, in a chat with the app or the bot, and from customers";
    SERVED_PLACES = "已启用微信客服：单聊应用时，以及客户在客服会话中发送时可见" | "with customer service, in a chat with the app, and from customers";
}

/// The table of a company, with or without the chat archive and customer service.
pub fn table(has_archive: bool, has_service: bool) -> Capabilities {
    Capabilities::new(|ability| {
        let (into_room, to_platform) = support(ability);
        let archived = if has_archive { archived(ability) } else { None };
        let (heard, said) = if has_service { served(ability) } else { (None, None) };
        (archived.or(heard).unwrap_or(into_room), said.unwrap_or(to_platform))
    })
}

/// What comes, and what goes, with customer service that does not without it.
const fn served(ability: Ability) -> (Option<Support>, Option<Support>) {
    match ability {
        Ability::Text => (None, Some(Support::Partly(SERVED_TEXT))),
        Ability::Recalls => (Some(Support::Partly(SERVED_RECALLS)), Some(Support::Partly(SERVED_TAKEN_BACK))),
        Ability::Files | Ability::Videos => (Some(Support::Partly(SERVED_FILES)), None),
        Ability::Locations => (Some(Support::Partly(SERVED_PLACES)), None),
        _ => (None, None),
    }
}

/// What comes with the chat archive that does not come without it.
const fn archived(ability: Ability) -> Option<Support> {
    match ability {
        Ability::Text
        | Ability::Images
        | Ability::Files
        | Ability::Voice
        | Ability::Videos
        | Ability::Stickers
        | Ability::Locations
        | Ability::OtherBots => Some(Support::Partly(ARCHIVED)),
        Ability::Recalls => Some(Support::Partly(ARCHIVED_RECALLS)),
        Ability::Names => Some(Support::Partly(ARCHIVED_NAMES)),
        Ability::Membership => Some(Support::Partly(ARCHIVED_MEMBERS)),
        _ => None,
    }
}

/// What comes and goes without the chat archive.
const fn support(ability: Ability) -> (Support, Support) {
    use Support::{No, Partly};
    match ability {
        Ability::Text => (Partly(ONLY_ADDRESSED), Partly(SPOKEN_TO)),
        Ability::Formatting => (No(PLAIN), Partly(MARKUP)),
        Ability::Mentions | Ability::MentionEverybody => (No(NAMES_ALONE), Partly(IN_OWN_GROUPS)),
        Ability::Replies => (Partly(QUOTE_IN), Partly(QUOTE_OUT)),
        Ability::Threads
        | Ability::Reactions
        | Ability::Backfill
        | Ability::Receipts
        | Ability::Typing
        | Ability::Presence
        | Ability::OtherBots => (No(NO_API), No(NO_API)),
        Ability::Edits => (No(NO_API), No(NO_EDIT)),
        Ability::Recalls => (No(RECALLED_IN), Partly(RECALLED)),
        Ability::Images => (Partly(ONLY_ADDRESSED), Partly(FORMS)),
        Ability::Files | Ability::Videos => (Partly(NOT_IN_GROUPS), Partly(FORMS)),
        Ability::Voice => (Partly(VOICE_IN), Partly(FORMS)),
        Ability::Stickers => (No(STICKERS), Partly(AS_WORDS)),
        Ability::Locations => (Partly(TO_APP), Partly(AS_WORDS)),
        Ability::Cards => (Partly(CARDS), Partly(CARDS)),
        Ability::Membership => (No(NO_MEMBERS), No(NO_API)),
        Ability::Names => (No(NO_NAMES), Partly(OWN_GROUPS)),
        Ability::Directory => (Partly(PRIVACY), No(NO_API)),
        Ability::Approvals => (Partly(APPROVALS_IN), No(APPROVALS_OUT)),
        Ability::Todos => (No(NO_TODOS), Partly(TODOS)),
        Ability::Meetings => (Partly(ANSWERS), Partly(MEETINGS)),
        Ability::FreeBusy => (No(NO_BUSY), No(NO_API)),
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::Language;

    use super::*;

    #[test]
    fn what_cannot_be_seen_is_said_in_both_languages_and_in_the_documents() {
        let (table, more) = (table(false, false), [table(true, false), table(false, true)]);
        for language in [Language::Zh, Language::En] {
            let text = table.markdown(language);
            assert!(text.contains(ONLY_ADDRESSED.of(language)), "{text}");
        }
        for (readme, language) in
            [(include_str!("../README.md"), Language::En), (include_str!("../README.zh-CN.md"), Language::Zh)]
        {
            assert!(
                readme.ends_with(&table.markdown(language)),
                "put this below: {}",
                table.markdown(language)
            );
            let without = table.markdown(language);
            for table in &more {
                for line in table.markdown(language).lines().filter(|line| !without.contains(line)) {
                    assert!(readme.contains(line), "put this to the archive or to customer service: {line}");
                }
            }
        }
        let none = [Ability::Edits, Ability::Reactions, Ability::Receipts, Ability::Backfill];
        assert!(none.iter().all(|ability| !table.sends(*ability) && !table.brings(*ability)));
        assert!(table.brings(Ability::Approvals) && !table.sends(Ability::Approvals));
        assert!(table.sends(Ability::Text) && table.sends(Ability::Cards) && !claims_all(&table));
    }

    /// Nothing here is carried without a condition, and the table must not say so.
    fn claims_all(table: &Capabilities) -> bool {
        table.lines().iter().any(|line| line.into_room == Support::Yes || line.to_platform == Support::Yes)
    }
}
