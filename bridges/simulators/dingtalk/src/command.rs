//! What people, administrators and tests do: one list, spoken in Rust and as JSON by the control API.

mod company;
mod entries;
mod people;
mod setting;

use std::sync::Arc;

use serde_json::{Value, json};
use simulator_stage::{Said, Words};

use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::{pressing, shown, socket};

simulator_stage::commands! {
    /// Something to do. People are named by their `user_id`, apps by their client id, chats by their openConversationId.
    pub enum Command {
        /// A new person; answers `union_id`. Who is `outside` is of another organisation.
        AddPerson {
            user_id: String,
            name: String,
            #[serde(default)]
            email: String,
            #[serde(default)]
            mobile: String,
            #[serde(default)]
            departments: Vec<u64>,
            #[serde(default)]
            outside: bool,
        },
        /// A new department below another; 1 is the root.
        AddDepartment { department_id: u64, name: String, parent: u64 },
        /// A new app with a robot, all rights and a published version; its robot code is its id. Answers `cool_app`.
        AddApp { app_id: String, secret: String, name: String },
        /// A new group with robots in it, of which no app is told; answers `chat_id`. The platform tells of changes to groups that an app made, `made_by`, alone; with `template` it is a scene group.
        AddChat {
            name: String,
            #[serde(default)]
            owner: Option<String>,
            #[serde(default)]
            people: Vec<String>,
            #[serde(default)]
            bots: Vec<String>,
            #[serde(default)]
            made_by: Option<String>,
            #[serde(default)]
            template: Option<String>,
        },
        /// A new custom robot of a group; answers its `token`.
        AddCustomRobot {
            chat: String,
            name: String,
            #[serde(default)]
            secret: Option<String>,
            #[serde(default)]
            keywords: Vec<String>,
        },
        /// A template of the card console.
        AddTemplate { template: String, published: bool },
        /// A form of approvals; `approvers` decide one after the other where a request names nobody, and then one of `selects`,
        /// whom who asks has to choose.
        AddProcess {
            process: String,
            name: String,
            approvers: Vec<String>,
            #[serde(default)]
            selects: Vec<String>,
        },
        /// A person decides what waits for them in an instance.
        Decide {
            person: String,
            instance: String,
            agrees: bool,
            #[serde(default)]
            remark: String,
        },
        /// What a person has to do, in the list of to-dos.
        Todos { person: String },
        /// A person ticks off a to-do, or not after all. To-dos of apps cannot be.
        TickTodo { person: String, todo: String, done: bool },
        /// A person comes into a conference that runs, or into one that is scheduled, which begins then; answers `conference`.
        JoinConference { person: String, conference: String },
        /// A person goes out of a conference.
        LeaveConference { person: String, conference: String },
        /// A page inside the client asks who looks at it; answers a `code` for this app.
        RequestCode { person: String, app: String },
        /// A person opens the direct chat with a robot; answers `chat_id`.
        Enter { person: String, app: String },
        /// A person writes plain words; answers `message_id`. In groups a robot hears it when it is in `at`, which holds
        /// people, apps, or `all`.
        Speak(Words),
        /// A person says something of any kind: `content` as robots receive it, with `key` from `Upload` in the place of
        /// `downloadCode`; answers `message_id`.
        Say(Said),
        /// Something a person can send: base64 of the bytes; answers `key`.
        Upload { kind: String, name: String, base64: String },
        /// A person presses a button of a card, named by its id, its label or its place from 0; answers what they see.
        /// `params` replaces what the button carries.
        Press {
            person: String,
            message: String,
            button: String,
            #[serde(default)]
            params: Option<Value>,
        },
        /// A person reads everything in a chat.
        Read { person: String, chat: String },
        /// A person leaves a chat, or is removed by `operator`.
        Leave {
            person: String,
            chat: String,
            #[serde(default)]
            operator: Option<String>,
        },
        /// A person brings a robot into a chat.
        AddBot { person: String, chat: String, app: String },
        /// A person removes a robot from a chat.
        RemoveBot { person: String, chat: String, app: String },
        /// A person disbands a chat.
        Dissolve { person: String, chat: String },
        /// An administrator changes somebody's name, standing or departments.
        ChangePerson {
            user_id: String,
            #[serde(default)]
            name: Option<String>,
            #[serde(default)]
            resigned: Option<bool>,
            #[serde(default)]
            departments: Option<Vec<u64>>,
            #[serde(default)]
            admin: Option<bool>,
        },
        /// An administrator gives a department another name, or puts it below another one.
        ChangeDepartment {
            department_id: u64,
            #[serde(default)]
            name: Option<String>,
            #[serde(default)]
            parent: Option<u64>,
        },
        /// An administrator removes a department in which nobody is and nothing else.
        RemoveDepartment { department_id: u64 },
        /// The platform tells an app something that nothing else here causes, in these words.
        Tell { app: String, event: String, data: Value },
        /// An administrator changes an app.
        ChangeApp {
            app: String,
            #[serde(default)]
            scopes: Option<Vec<String>>,
            #[serde(default)]
            published: Option<bool>,
            #[serde(default)]
            stopped: Option<bool>,
            #[serde(default)]
            secret: Option<String>,
            /// Where people who sign in may be sent back to.
            #[serde(default)]
            redirects: Option<Vec<String>>,
        },
        /// How many calls and pushes the organisation has left this month.
        SetQuota {
            #[serde(default)]
            calls: Option<u64>,
            #[serde(default)]
            pushes: Option<u64>,
        },
        /// Messages to the robot are posted to an address.
        UseRobotWebhook { app: String, url: String },
        /// Events are posted to an address, after the check of the address.
        UseEventWebhook { app: String, url: String, token: String, aes_key: String },
        /// Messages and events go over the stream.
        UseStream { app: String },
        /// Ends the token of an app before its time.
        ExpireTokens { app: String },
        /// Tells the connections of an app to go, as the platform does every few hours; answers how many.
        Disconnect { app: String },
        /// Breaks the connections of an app; answers how many.
        CloseConnections { app: String },
        /// The connections of an app stay open and nothing comes over them any more; answers how many.
        FreezeConnections { app: String },
        /// A second program connects for this app, takes its share and acknowledges nothing.
        AddRival { app: String },
    }
}

/// Does it.
pub(crate) async fn act(shared: &Arc<Shared>, command: Command) -> Result<Value, Refusal> {
    match command {
        Command::Press { person, message, button, params } => {
            pressing::press(shared, &person, &message, &button, params).await
        }
        Command::UseEventWebhook { app, url, token, aes_key } => {
            let owner = app.clone();
            setting::use_event_webhook(shared, &app, &url, &token, &aes_key, &owner).await
        }
        Command::Disconnect { app } => Ok(json!({ "disconnected": socket::disconnect(shared, &app) })),
        Command::CloseConnections { app } => Ok(json!({ "closed": socket::close(shared, &app) })),
        Command::FreezeConnections { app } => Ok(json!({ "frozen": socket::freeze(shared, &app) })),
        Command::AddRival { app } => {
            shared.hub.add_rival(&app, "rival".to_owned(), Vec::new(), |_| {});
            Ok(json!({}))
        }
        Command::Show { chat, person } => shown::chat(&shared.state.lock(), &chat, person.as_deref()),
        Command::Overview { person } => Ok(shown::overview(shared, person.as_deref())),
        Command::Find { message } => shown::place(&shared.state.lock(), &message),
        Command::Todos { person } => entries::todos(&shared.state.lock(), &person),
        Command::TickTodo { person, todo, .. } => entries::tick_todo(&shared.state.lock(), &person, &todo),
        Command::Calendar { person } => entries::calendar(&shared.state.lock(), &person),
        Command::AnswerMeeting { person, meeting, answer } => {
            entries::answer_meeting(&mut shared.state.lock(), &person, &meeting, &answer)
        }
        Command::Book { person, title, start_ms, end_ms } => {
            entries::book(&mut shared.state.lock(), &person, &title, start_ms, end_ms)
        }
        Command::Approvals { person } => entries::approvals(&shared.state.lock(), &person),
        Command::DecideApproval { person, task, approve, reason } => {
            entries::decide_approval(&mut shared.state.lock(), &person, &task, approve, reason.as_deref())
        }
        Command::StartApproval { person, title, approvers, lines } => {
            entries::start_approval(&mut shared.state.lock(), &person, title, approvers, &lines)
        }
        command => {
            let state = &mut *shared.state.lock();
            match setting::apply(state, command) {
                Ok(answer) => answer,
                Err(command) => people::apply(state, *command),
            }
        }
    }
}
