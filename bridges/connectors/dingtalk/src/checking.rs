//! What the app's settings prove to be worth. Nobody sees anything of it.

use bridge_api::{CALLED_BY_HTTP, CheckStep, Directory as _, Failure, NOT_SPOKEN, PersonId, Refusal, words};

use crate::{client::Client, entries::Entries, people::People, settings::Mode, stream};

words! {
    TOKEN = "用 Client ID 与 Client Secret 取得 accessToken" | "fetch an access token with the client id and the client secret";
    TOKEN_ADVICE = "核对 client_id 与 client_secret；若应用设置了服务器出口 IP 白名单，加入本服务器的地址" | "compare client_id and client_secret with the console; if the app lists allowed addresses, add this server's";
    CONTACTS = "读取通讯录的部门" | "read the departments of the directory";
    CONTACTS_ADVICE = "在「权限管理」中申请通讯录部门与成员的读权限，并设置权限范围" | "ask for the rights to read departments and people of the directory (权限管理), and set their scope";
    STREAM = "向网关申请 Stream 连接" | "ask the gateway for a place to connect to";
    STREAM_ADVICE = "在应用中添加机器人，消息接收模式选 Stream，并发布一个版本" | "add a robot to the app, choose Stream as the way in which it receives, and publish a version";
    OPERATOR = "找到 operator" | "find the operator";
    OPERATOR_ADVICE = "operator 填一个在通讯录权限范围内的人的 userId" | "operator must be the userId of somebody within the scope of the rights to the directory";
    NOBODY = "通讯录中没有此人" | "nobody in the directory has this userId";
    WEBHOOK = "自定义机器人 webhook" | "custom webhooks of groups";
}

/// Tries what the settings name, and what the bots need. Nothing of it counts among the calls of the month but the rights for entries.
pub async fn check(client: &Client, people: &People, entries: &Entries) -> Vec<CheckStep> {
    let settings = client.settings();
    let token = async {
        client.signed_in().await?;
        Ok(settings.client_id.clone())
    };
    let mut steps = vec![CheckStep::trying(TOKEN, TOKEN_ADVICE, token).await];
    if steps.iter().all(CheckStep::works) {
        let departments = async {
            let page = people.departments(None, None).await?;
            Ok(format!("{} 个一级部门 · departments at the top", page.items.len()))
        };
        steps.push(CheckStep::trying(CONTACTS, CONTACTS_ADVICE, departments).await);
    }
    if let Some(operator) = settings.operator.as_ref().filter(|_| steps.iter().all(CheckStep::works)) {
        let found = async {
            let id = PersonId::new(operator.as_str()).map_err(|error| Failure::later(error.to_string()))?;
            let person = people.person(&id).await?;
            let nobody = || Failure::refused(Refusal::Other(format!("{} · {}", NOBODY.zh, NOBODY.en)));
            Ok(person.ok_or_else(nobody)?.name)
        };
        steps.push(CheckStep::trying(OPERATOR, OPERATOR_ADVICE, found).await);
    }
    steps.push(match settings.mode {
        Mode::Stream => {
            let place = async { Ok(stream::place(client).await.map(|_| String::new())?) };
            CheckStep::trying(STREAM, STREAM_ADVICE, place).await
        }
        Mode::Webhook { .. } => CheckStep::skipped(STREAM, CALLED_BY_HTTP),
    });
    if steps.first().is_some_and(CheckStep::works) {
        steps.extend(entries.rights().await);
    }
    if !settings.webhooks.is_empty() {
        steps.push(CheckStep::skipped(WEBHOOK, NOT_SPOKEN));
    }
    steps
}
