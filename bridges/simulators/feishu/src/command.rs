//! What people, administrators and tests do: one list, spoken in Rust and as JSON by the control API.

mod acting;
mod contacts;
mod office;
mod people;
mod setting;

use serde_json::Value;

pub(crate) use acting::act;

fn yes() -> bool {
    true
}

simulator_stage::commands! {
    /// Something to do. People are named by their `user_id`, apps by their `app_id`.
    pub enum Command {
        /// A new person. Who is `outside` is of another company, and no app sees their record.
        AddPerson {
            user_id: String,
            name: String,
            #[serde(default)]
            email: String,
            #[serde(default)]
            department: Option<String>,
            #[serde(default)]
            outside: bool,
        },
        /// A new department below another; `0` is the root.
        AddDepartment { department_id: String, name: String, parent: String },
        /// A new app with a bot, all rights and a published version.
        AddApp {
            app_id: String,
            secret: String,
            name: String,
            #[serde(default)]
            encrypt_key: Option<String>,
        },
        /// A new group, owned by a person or an app; answers `chat_id`.
        AddChat {
            name: String,
            #[serde(default)]
            owner: Option<String>,
            #[serde(default)]
            people: Vec<String>,
            #[serde(default)]
            bots: Vec<String>,
        },
        /// A person opens the direct chat with a bot; answers `chat_id`.
        Enter { person: String, app: String },
        /// A person writes plain words; answers `message_id`.
        Speak {
            person: String,
            chat: String,
            text: String,
            #[serde(default)]
            reply_to: Option<String>,
            #[serde(default)]
            in_thread: bool,
        },
        /// The bot of an app writes plain words; answers `message_id`.
        SpeakAsBot { app: String, chat: String, text: String },
        /// A person says something of any kind: `content` as it is received, `mentions` the people, apps or `all` behind
        /// `@_user_1` and so on; answers `message_id`.
        Say {
            person: String,
            chat: String,
            kind: String,
            content: Value,
            #[serde(default)]
            mentions: Vec<String>,
            #[serde(default)]
            reply_to: Option<String>,
            #[serde(default)]
            in_thread: bool,
        },
        /// A person passes on messages that they see, all of them as one; answers `message_id`.
        Forward { person: String, chat: String, messages: Vec<String> },
        /// Something a person can send: base64 of the bytes; answers `key`.
        Upload { kind: String, name: String, content_type: String, base64: String },
        /// A person changes what they wrote. No event tells of it.
        Edit { person: String, message: String, text: String },
        /// A person reacts, or takes the reaction back.
        React {
            person: String,
            message: String,
            emoji: String,
            #[serde(default = "yes")]
            added: bool,
        },
        /// A person presses a button, named by its name, its label or its place from 0; answers what they see.
        Press {
            person: String,
            message: String,
            button: String,
            #[serde(default)]
            form: Option<Value>,
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
        /// A person brings a bot into a chat.
        AddBot { person: String, chat: String, app: String },
        /// A person removes a bot from a chat.
        RemoveBot { person: String, chat: String, app: String },
        /// A person changes what a chat is said to be for, or its picture: any key.
        Describe {
            person: String,
            chat: String,
            #[serde(default)]
            description: Option<String>,
            #[serde(default)]
            avatar: Option<String>,
        },
        /// A person dissolves a chat; with `keeps_history` nobody is told.
        Dissolve {
            person: String,
            chat: String,
            #[serde(default)]
            keeps_history: bool,
        },
        /// An administrator gives a department another name.
        ChangeDepartment { department_id: String, name: String },
        /// An administrator dissolves a department that has none below it.
        RemoveDepartment { department_id: String },
        /// An administrator changes somebody's name, title, one department or standing.
        ChangePerson {
            user_id: String,
            #[serde(default)]
            name: Option<String>,
            #[serde(default)]
            job_title: Option<String>,
            #[serde(default)]
            department: Option<String>,
            #[serde(default)]
            resigned: Option<bool>,
            #[serde(default)]
            unavailable: Option<bool>,
            #[serde(default)]
            stopped_bots: Option<bool>,
        },
        /// An administrator changes an app.
        ChangeApp {
            app: String,
            #[serde(default)]
            scopes: Option<Vec<String>>,
            #[serde(default)]
            bot_enabled: Option<bool>,
            #[serde(default)]
            disabled: Option<bool>,
            #[serde(default)]
            published: Option<bool>,
            #[serde(default)]
            callbacks_subscribed: Option<bool>,
            #[serde(default)]
            secret: Option<String>,
        },
        /// An administrator changes what an app may see of the contacts: `everybody`, or departments with all below them and
        /// single people. The app is told what came and what went.
        ChangeContactScope {
            app: String,
            #[serde(default)]
            everybody: bool,
            #[serde(default)]
            departments: Vec<String>,
            #[serde(default)]
            people: Vec<String>,
        },
        /// Whoever opens a login page from now on is this person, and agrees or does not.
        SignIn {
            person: String,
            #[serde(default = "yes")]
            consents: bool,
        },
        /// A person takes back what they allowed an app when they logged in.
        RevokeLogin { person: String, app: String },
        /// Forbids bots to speak in a chat, or allows it again.
        Mute { chat: String, muted: bool },
        /// Saves the address for events and callbacks, after the check of the address.
        UseWebhook { app: String, url: String },
        /// Events and callbacks go over long connections.
        UseLongConnection { app: String },
        /// Ends the tokens of an app before their time.
        ExpireTokens { app: String },
        /// Closes the long connections of an app; answers how many.
        CloseConnections { app: String },
        /// What somebody sees among their tasks.
        Todos { person: String },
        /// Somebody ticks a task off, or takes that back.
        TickTodo { person: String, todo: String, done: bool },
        /// An approval of the platform's own that was agreed to is revoked.
        RevertApproval { approval: String },
        /// Somebody who is asked by an external approval chooses an action of its own, by its `action_type`; answers `answered`.
        ActOnApproval {
            person: String,
            task: String,
            action: String,
            #[serde(default)]
            reason: Option<String>,
        },
        /// Somebody writes below a task of theirs; answers `comment`.
        CommentTodo {
            person: String,
            todo: String,
            text: String,
            #[serde(default)]
            reply_to: Option<String>,
        },
        /// A person has a calendar beside their own and gives an app a role in it (`free_busy_reader`, `reader`, `writer`, `owner`);
        /// answers `calendar`.
        ShareCalendar { person: String, app: String, name: String, role: String },
        /// Something is put into a shared calendar; answers `meeting`.
        BookIn { calendar: String, title: String, start_ms: u64, end_ms: u64 },
        /// A room that was asked for is had, or not: it is decided a while later, as on the platform.
        DecideRoom { meeting: String, room: String, free: bool },
        /// The owner of a reservation begins its meeting; answers `meeting`.
        StartMeeting { reserve: String },
        /// A meeting ends.
        EndMeeting { meeting: String },
        /// What was recorded of a meeting that is over can be seen; answers `minute`, the token of its minutes.
        FinishRecording { meeting: String },
        /// Addresses of external approvals that begin with `from` are really at `to`, as behind a gateway.
        Reroute { from: String, to: String },
        /// A second program connects for this app and takes its share; nothing comes again of what it acknowledges.
        AddRival {
            app: String,
            #[serde(default)]
            acknowledges: bool,
        },
    }
}
