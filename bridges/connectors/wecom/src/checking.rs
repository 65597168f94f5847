//! What the company's settings prove to be worth. Nobody sees anything of it.

use bridge_api::{CheckStep, Failure, NOT_SPOKEN, lenient::items, limits::CHECK_TIME_MAX, words};
use tokio::time::timeout;

use crate::{
    client::Client,
    hearing::Hearing,
    limits::GROUPS_CHECKED_MAX,
    office::{NOT_GRANTED, Office},
    settings::BotMode,
};

words! {
    TOKEN = "用企业 ID 与应用 Secret 取得 access_token" | "fetch an access token with the company's id and the app's secret";
    TOKEN_ADVICE = "核对 corp_id 与应用的 Secret；错误码 60020 时把本服务器的出口 IP 填入应用的「企业可信IP」" | "compare corp_id and the app's secret with the console; for code 60020 name this server's address among the app's trusted addresses (企业可信IP)";
    CONTACTS = "读取应用可见的部门" | "read the departments that the app sees";
    CONTACTS_ADVICE = "在应用的「可见范围」中加入要桥接的部门" | "put the departments that are to be bridged into the app's scope (可见范围)";
    APPROVALS = "读取企业微信自带的审批" | "read WeCom's own approvals";
    APPROVALS_ADVICE = "核对应用的权限后重试" | "look at the app's rights and try again";
    NO_APPROVALS = "应用不在「审批」的「可调用接口的应用」之中，因此不显示企业微信自带的审批；需要时在管理后台加入" | "the app is not among those that may call the approval interface (审批, 可调用接口的应用), so WeCom's own approvals are not shown; add it in the console if they shall be";
    SCHEDULES = "把机器人的会议与截止时间放入日程" | "put meetings and due dates of the bots into schedules";
    NO_SCHEDULES = "应用不在「日程」的「可调用接口的应用」之中：在管理后台「协作 › 日程」中加入；在此之前会议与截止时间不会出现在企业微信中" | "the app is not among those that may call the schedule interface (协作 › 日程 › 可调用接口的应用): add it in the console; until then meetings and due dates do not come to WeCom";
    GROUP = "读取应用创建的群" | "read the groups that the app made";
    GROUP_ADVICE = "group_chats 只能填本应用用接口创建的群的 chatid" | "group_chats takes the chatid of groups alone that this very app made through the API";
    NO_APP = "没有配置自建应用（agent_id 与 secret）" | "no self-built app is configured (agent_id and secret)";
    BOT = "连接智能机器人" | "connect as the AI bot";
    ONE_CONNECTION = "平台只允许机器人有一条连接，检查会把正在运行的桥挤下线；请在启动后看 `lianqiao bridge status`" | "the platform allows the bot one connection, and a second one would push a bridge out that runs; once it runs, `lianqiao bridge status` says whether it is up";
    CALLED = "机器人使用回调模式，由平台来验证地址" | "the bot is called by HTTP; the console tests the address when it is saved there";
    WEBHOOK = "群机器人 webhook" | "webhooks of groups";
}

/// Tries what the settings name.
pub async fn check(client: &Client, office: &Office, hearing: &Hearing) -> Vec<CheckStep> {
    let settings = client.settings();
    let mut steps = Vec::new();
    if settings.app.is_some() {
        let token = async {
            client.signed_in().await?;
            Ok(settings.corp_id.clone())
        };
        steps.push(CheckStep::trying(TOKEN, TOKEN_ADVICE, token).await);
        if steps.iter().all(CheckStep::works) {
            steps.push(CheckStep::trying(CONTACTS, CONTACTS_ADVICE, departments(client)).await);
            steps.push(approvals(office).await);
            let schedules = office.read_no_schedule();
            steps.push(CheckStep::trying_right(SCHEDULES, NO_SCHEDULES, NOT_GRANTED, schedules).await);
            for chat in settings.group_chats.iter().take(GROUPS_CHECKED_MAX) {
                let group = async {
                    client.get("appchat/get", &[("chatid", chat)]).await?;
                    Ok(chat.clone())
                };
                steps.push(CheckStep::trying(GROUP, GROUP_ADVICE, group).await);
            }
        }
    } else {
        steps.push(CheckStep::skipped(TOKEN, NO_APP));
    }
    let why = |mode: &BotMode| match mode {
        BotMode::Socket { .. } => ONE_CONNECTION,
        BotMode::Callback(_) => CALLED,
    };
    if let Some(bot) = &settings.bot {
        steps.push(CheckStep::skipped(BOT, why(&bot.mode)));
        steps.push(hearing.check().await);
    }
    if !settings.webhooks.is_empty() {
        steps.push(CheckStep::skipped(WEBHOOK, NOT_SPOKEN));
    }
    steps
}

/// Companies need not show their approvals here, so a right that is missing is no fault.
async fn approvals(office: &Office) -> CheckStep {
    let read = timeout(CHECK_TIME_MAX, office.may_read_approvals()).await;
    match read.unwrap_or_else(|_| Err(Failure::later("no answer in time"))) {
        Ok(false) => CheckStep::skipped(APPROVALS, NO_APPROVALS),
        read => CheckStep::tried(APPROVALS, read.map(|_| String::new()), APPROVALS_ADVICE),
    }
}

async fn departments(client: &Client) -> Result<String, Failure> {
    let answer = client.get("department/simplelist", &[]).await?;
    Ok(format!("{} 个部门 · departments", items(&answer, "department_id").len()))
}
