//! What this bridge carries, and why not the rest.

use bridge_api::{Ability, Capabilities, Support, Words};

/// What an app hears that lacks the right to all messages.
const ONLY_ADDRESSED: Words = Words {
    zh: "应用缺少权限 im:message.group_msg：群里只能收到 @ 机器人的消息，单聊全部可见",
    en: "the app lacks the right im:message.group_msg: in a group it hears only what mentions its robot; in a chat with it, all",
};

/// The table of all abilities of an app that hears only what mentions its robot.
pub fn of_addressed() -> Capabilities {
    Capabilities::new(|ability| match support(ability) {
        (Support::Yes | Support::Partly(_), to_platform) if !is_always_heard(ability) => {
            (Support::Partly(ONLY_ADDRESSED), to_platform)
        }
        all => all,
    })
}

/// Whether an ability into the room is nothing that people say in groups, or has another limit that weighs more.
const fn is_always_heard(ability: Ability) -> bool {
    use Ability::{
        Approvals, Cards, Directory, Formatting, FreeBusy, Meetings, Membership, Names, Reactions, Recalls,
        Receipts, Todos,
    };
    matches!(
        ability,
        Formatting
            | Cards
            | Recalls
            | Reactions
            | Receipts
            | Membership
            | Names
            | Directory
            | Approvals
            | Todos
            | Meetings
            | FreeBusy
    )
}

/// The table of all abilities.
pub fn table() -> Capabilities {
    Capabilities::new(support)
}

/// What is carried of one ability, into the room and to the platform.
fn support(ability: Ability) -> (Support, Support) {
    match ability {
        Ability::Text
        | Ability::Mentions
        | Ability::MentionEverybody
        | Ability::Replies
        | Ability::Threads
        | Ability::Images
        | Ability::Files
        | Ability::Voice
        | Ability::Videos
        | Ability::Names
        | Ability::Directory => (Support::Yes, Support::Yes),
        Ability::Formatting => (
            Support::partly(
                "文本消息的样式不随事件下发",
                "the platform leaves the style of plain texts out of its events",
            ),
            Support::partly(
                "没有标题、表格和行内代码",
                "there are no headings, tables and no code within a line",
            ),
        ),
        Ability::Edits => (
            Support::partly(
                "平台不推送编辑事件：一天内的消息按 read_again_minutes 定期重读，重新连接后也会补上",
                "no event tells of an edit: what was said within a day is read again at times (read_again_minutes), and after a reconnection",
            ),
            Support::partly(
                "每条消息最多编辑 20 次，且受管理员设定的时限约束",
                "twenty edits a message, within the time that the administrator allows",
            ),
        ),
        Ability::Recalls => (
            Support::Yes,
            Support::partly("受管理员设定的撤回时限约束", "within the time that the administrator allows"),
        ),
        Ability::Reactions => (
            Support::Yes,
            Support::partly(
                "机器人是一个人，只能使用平台固定的表情",
                "our robot is one person, and the platform has a closed list of emoji",
            ),
        ),
        Ability::Stickers => (
            Support::no("平台不允许下载表情包", "the platform gives no stickers out"),
            Support::partly("以文字代替", "said in words"),
        ),
        Ability::Locations => (Support::Yes, Support::partly("以文字代替", "said in words")),
        Ability::Cards => {
            (Support::partly("其他机器人的卡片只读", "cards of other robots can only be read"), Support::Yes)
        }
        Ability::Membership => {
            (Support::Yes, Support::no("成员只在各自一侧加入", "people join on their own side"))
        }
        Ability::Backfill => (Support::Yes, Support::Yes),
        Ability::Receipts => (
            Support::partly(
                "单聊即时；群里在定期重读（read_again_minutes）时得知，仅限最新一条由本端发出的消息，最多一百人",
                "in direct chats at once; in groups when what was said last is read again (read_again_minutes), of our newest message and of a hundred people at most",
            ),
            Support::no("机器人不能把消息标为已读", "our robot cannot mark messages as read"),
        ),
        Ability::Typing | Ability::Presence => (
            Support::no("平台没有此接口", "the platform has no such interface"),
            Support::no("平台没有此接口", "the platform has no such interface"),
        ),
        Ability::Approvals => (
            Support::partly(
                "仅限 native_approvals 中列出的审批定义",
                "of the definitions that native_approvals names",
            ),
            Support::partly(
                "设置 approval_callback_url 后显示在审批中心；不能加签、转交、退回",
                "with approval_callback_url, in the approval centre; people agree or refuse there, and do the rest here",
            ),
        ),
        Ability::Todos => (
            Support::partly(
                "多人任务中，代替他人完成的人平台不予说明",
                "where several do a task, who reopens it for others is not told",
            ),
            Support::partly(
                "最多 50 名负责人和 50 名关注人；平台不能替个人勾选，只能整体完成",
                "with fifty people who do it and fifty who follow; done as a whole, nobody is ticked off by us",
            ),
        ),
        Ability::Meetings => (
            Support::partly(
                "答复没有事件，每分钟读取一次；系列会议中仅改动过的单次另读其答复",
                "no event tells of answers; they are read once a minute, of a series and of those of its instances that differ from it",
            ),
            Support::partly(
                "日程由机器人组织；在本端的答复不能写回；已取消的单次恢复，或整个系列改期而有单次改动时，日程重新建立",
                "our robot is the organiser; answers that people give here cannot be shown there; a series is made anew where a canceled instance takes place after all, or where it moves and instances differ",
            ),
        ),
        Ability::FreeBusy => (Support::Yes, Support::Yes),
        Ability::OtherBots => (
            Support::partly(
                "平台不推送其他机器人的消息：按 read_again_minutes 定期重读时、以及重新连接后补上",
                "no event tells of messages of other robots: they come when what was said last is read again (read_again_minutes), and after a reconnection",
            ),
            Support::Yes,
        ),
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::Language;

    use super::*;

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

    #[test]
    fn an_app_that_hears_less_says_so_and_sends_the_same() {
        let (all, less) = (table(), of_addressed());
        for (whole, part) in all.lines().iter().zip(less.lines()) {
            assert_eq!(whole.to_platform, part.to_platform);
        }
        assert_eq!(less.lines()[0].into_room, Support::Partly(ONLY_ADDRESSED));
        assert!(less.brings(Ability::Text) && !less.brings(Ability::Stickers));
    }
}
