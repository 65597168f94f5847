//! What the app's settings prove to be worth. Nobody sees anything of it.

use bridge_api::{CALLED_BY_HTTP, CheckStep, Conversations as _, words};

use super::{
    Feishu,
    hearing::{LACKING, own_group},
};
use crate::{office::rights, settings::Mode, socket::discovery};

words! {
    BOT = "用 App ID 与 App Secret 登录并读取机器人" | "sign in with the app id and the app secret and read the bot";
    BOT_ADVICE = "核对 app_id 与 app_secret；在应用中启用「机器人」能力，发布版本并由管理员审核；若设置了 IP 白名单，加入本服务器的地址" | "compare app_id and app_secret with the console; switch the bot on, publish a version and have it approved; if the app lists allowed addresses, add this server's";
    CHATS = "读取机器人所在的群" | "read the groups that the bot is in";
    CHATS_ADVICE = "申请权限 im:chat（或 im:chat:readonly）并发布版本" | "ask for the right im:chat (or im:chat:readonly) and publish a version";
    HEARS = "接收群里的全部消息" | "hear all that people say in groups";
    HEARS_LESS = "缺少权限 im:message.group_msg：群里只能收到 @ 机器人的消息；在开发者后台「权限管理」中申请并发布版本" | "the right im:message.group_msg is missing, so in groups only what mentions the bot is heard; ask for it in the console (权限管理) and publish a version";
    CONNECTION = "申请长连接" | "ask for a place to connect to";
    CONNECTION_ADVICE = "在「事件与回调」中把订阅方式设为「使用长连接接收事件」" | "choose the long connection as the way in which the app receives events (事件与回调)";
}

impl Feishu {
    /// Tries what the settings name.
    pub(super) async fn checked(&self) -> Vec<CheckStep> {
        let name = async { Ok(self.name_there().await?) };
        let mut steps = vec![CheckStep::trying(BOT, BOT_ADVICE, name).await];
        if steps.iter().all(CheckStep::works) {
            let mut groups = None;
            let chats = async {
                let page = groups.insert(self.list(None).await?);
                let more = if page.next.is_some() { "+" } else { "" };
                Ok(format!("{}{more} 个群 · groups", page.items.len()))
            };
            steps.push(CheckStep::trying(CHATS, CHATS_ADVICE, chats).await);
            // Without a group there is nothing by which it can be tried.
            if let Some(group) = groups.as_ref().and_then(own_group) {
                let heard = self.reads(group);
                steps.push(CheckStep::trying_right(HEARS, HEARS_LESS, &[LACKING], heard).await);
            }
        }
        steps.push(match self.client.settings().mode {
            Mode::LongConnection => {
                let place = async { Ok(discovery::discover(&self.client).await.map(|_| String::new())?) };
                CheckStep::trying(CONNECTION, CONNECTION_ADVICE, place).await
            }
            Mode::Webhook { .. } => CheckStep::skipped(CONNECTION, CALLED_BY_HTTP),
        });
        if steps.first().is_some_and(CheckStep::works) {
            steps.extend(rights(self).await);
        }
        steps
    }
}
