//! What people, administrators and tests do: one list, spoken in Rust and as JSON by the control API.

use serde_json::Value;
use simulator_stage::{Said, Words};

use super::forms::{AppChange, BotChange, NewChat, NewPerson, PersonChange, Signing, yes};

simulator_stage::commands! {
    /// Something to do. People are named by their `user_id`, apps by their agentid, bots by their bot_id, chats by the id that
    /// bots know or the one that apps know.
    pub enum Command {
        /// A new member; answers `open_userid`.
        AddPerson(NewPerson),
        /// A member is changed: `new_user_id` gives another id, `disabled` locks them out, `is_new` says that they have not begun
        /// yet, `has_left` that they left by themselves and are still shown.
        ChangePerson(PersonChange),
        /// A member leaves the organisation.
        RemovePerson { user_id: String },
        /// A department below another, 1 being the root; it is made, or changed where it is there.
        SetDepartment { department_id: u64, name: String, parent: u64 },
        /// An empty department goes.
        RemoveDepartment { department_id: u64 },
        /// A new tag.
        AddTag { tag_id: u64, name: String },
        /// People get a tag or lose it.
        ChangeTag {
            tag_id: u64,
            #[serde(default)]
            add: Vec<String>,
            #[serde(default)]
            remove: Vec<String>,
        },
        /// A member gets a customer, who is made when there is none; of another organisation when `corp_name` is said.
        Follow {
            external_userid: String,
            user_id: String,
            #[serde(default)]
            name: String,
            #[serde(default)]
            corp_name: String,
        },
        /// A member gives a customer up, or the customer the member.
        Unfollow {
            external_userid: String,
            user_id: String,
            #[serde(default)]
            by_customer: bool,
        },
        /// A new group with customers in it, owned by the first member of `inside`; answers `chat_id`.
        AddCustomerGroup { name: String, inside: Vec<String> },
        /// A group with customers in it gets another name, members and customers come and go.
        ChangeCustomerGroup {
            chat: String,
            #[serde(default)]
            name: Option<String>,
            #[serde(default)]
            add: Vec<String>,
            #[serde(default)]
            remove: Vec<String>,
        },
        /// A group with customers in it ends.
        DismissCustomerGroup { chat: String },
        /// A new account of customer service, which these members attend to; answers `open_kfid`.
        AddAccount {
            name: String,
            #[serde(default)]
            servicers: Vec<String>,
        },
        /// An account of customer service is no more.
        RemoveAccount { open_kfid: String },
        /// A person of WeChat who may write to accounts of customer service, with what `upload` answered as their picture; answers
        /// `external_userid`.
        AddCustomer {
            #[serde(default)]
            external_userid: Option<String>,
            name: String,
            #[serde(default)]
            avatar: String,
        },
        /// A customer opens the chat with an account, where they speak like everybody else; answers `chat_id`. Of the API it is
        /// heard that they entered.
        EnterService {
            external_userid: String,
            open_kfid: String,
            #[serde(default)]
            scene: String,
        },
        /// Members take a session of a customer, pass it on or end it: 0 new, 1 for the API, 2 waiting, 3 for `servicer`, who speaks
        /// there from then on, 4 over.
        Attend {
            chat: String,
            state: u64,
            #[serde(default)]
            servicer: String,
        },
        /// How a session of a customer stands: `state`, `servicer`, and `answers` since the customer wrote.
        ShowSession { chat: String },
        /// A new app that everybody sees and that may call every API; answers `corp_id`.
        AddApp { app: u64, secret: String, name: String },
        /// An administrator changes an app: whom it sees, what it may call, to which `domain` browsers come back from signing on,
        /// whether it is there at all.
        ChangeApp(AppChange),
        /// A new AI bot, which is connected by its socket.
        AddBot { bot: String, secret: String, name: String },
        /// An administrator changes a bot; an empty `creator_only` gives it back to everybody.
        ChangeBot(BotChange),
        /// A new group with bots in it, of which nobody is told; answers `chat_id`, and `appchat_id` when an app made it. Bots
        /// may write there by themselves once somebody has `addressed` them.
        AddChat(NewChat),
        /// A new webhook of a group; answers its `key`.
        AddWebhook { chat: String, name: String },
        /// Somebody removes a webhook.
        RemoveWebhook { key: String },
        /// A form of approvals; `approvers` decide one after the other where a request names nobody.
        AddTemplate {
            template_id: String,
            name: String,
            #[serde(default)]
            controls: Value,
            #[serde(default)]
            approvers: Vec<String>,
        },
        /// A person decides what waits for them.
        Decide {
            person: String,
            sp_no: String,
            agrees: bool,
            #[serde(default)]
            speech: String,
        },
        /// Who applied takes it back.
        Withdraw { person: String, sp_no: String },
        /// A person answers an invitation: 1 perhaps, 2 comes, 3 comes once, 4 does not.
        Respond { person: String, schedule_id: String, status: u64 },
        /// A person who manages a schedule gives it another time, in seconds since the Unix epoch.
        MoveSchedule { person: String, schedule_id: String, start_time: u64, end_time: u64 },
        /// A person deletes a schedule to which they are invited or which they manage.
        RemoveSchedule { person: String, schedule_id: String },
        /// An administrator deletes a calendar, and with it what stands there.
        RemoveCalendar { cal_id: String },
        /// A person comes into a meeting of an app.
        JoinMeeting { person: String, meetingid: String },
        /// A person leaves a meeting of an app.
        QuitMeeting { person: String, meetingid: String },
        /// Somebody holds the browser in which pages of signing on are opened from now on, and agrees there or does not.
        SignOn(Signing),
        /// A person opens the chat with an app or a bot, which is told unless `quietly`; answers `chat_id`. With `addressed` a
        /// bot may write there by itself.
        Enter {
            person: String,
            #[serde(default)]
            app: Option<u64>,
            #[serde(default)]
            bot: Option<String>,
            #[serde(default)]
            quietly: bool,
            #[serde(default)]
            addressed: bool,
        },
        /// A person writes plain words; answers `message_id`, which is what the receiver is told. In groups a bot hears it when
        /// it is in `at`, which holds people, bots, or `all`.
        Speak(Words),
        /// A person says something of any kind: `text{content}`, `image|voice|video|file{key}` with what `upload` answered (a
        /// voice may have `content` for its words), `location{latitude,longitude,scale,label}`,
        /// `link{title,description,url,picurl}`, `mixed{items:[{text}|{key}]}`; another kind comes as it is.
        Say(Said),
        /// Something a person can send: base64 of the bytes; answers `key`.
        Upload { kind: String, name: String, base64: String },
        /// A person presses a button of a card, named by its key, its label or its place from 0. `selected` holds what was
        /// chosen before: the chosen ids by each question.
        Press {
            person: String,
            message: String,
            button: String,
            #[serde(default)]
            selected: Value,
        },
        /// A person leaves a group.
        Leave { person: String, chat: String },
        /// A person dissolves a group.
        Dissolve { person: String, chat: String },
        /// A person brings a bot into a group, or removes it.
        SetBot {
            person: String,
            chat: String,
            bot: String,
            #[serde(default = "yes")]
            there: bool,
        },
        /// Nobody has spoken to a bot for so long that it may not write to a chat by itself any more.
        Lapse { chat: String, bot: String },
        /// An app is told something, whatever it is: the name of the event and its fields as JSON.
        Emit {
            app: u64,
            event: String,
            #[serde(default)]
            fields: Value,
        },
        /// A person says how good a bot's answer was: 1 good, 2 bad, 3 neither any more.
        Feedback { person: String, bot: String, id: String, kind: u64 },
        /// An app gets its messages and events at an address, which has to prove itself first.
        UseCallback { app: u64, url: String, token: String, aes_key: String },
        /// A bot gets its messages and events at an address, which has to prove itself first; its socket is of no use then.
        UseBotCallback { bot: String, url: String, token: String, aes_key: String },
        /// A bot gets its messages and events over its socket.
        UseBotSocket { bot: String },
        /// The company has the paid archive of chats, or gives it another key: the public one as PEM, with its version.
        UseArchive { secret: String, version: u64, public_key: String },
        /// Something stands in the archive, whatever it is: its fields as JSON, its `roomid` that of `chat` when one is said.
        /// Answers `seq`.
        Archived {
            #[serde(default)]
            chat: Option<String>,
            entry: Value,
        },
        /// Somebody from outside agrees to the archive of a group, or does not.
        Consent { chat: String, external_userid: String, agrees: bool },
        /// The same of what they say to one member alone.
        ConsentTo { person: String, external_userid: String, agrees: bool },
        /// A member loses their licence of the archive, which everybody has at first, or gets it back. Of a group in which
        /// nobody has one nothing is archived.
        License { person: String, licensed: bool },
        /// What the archive calls a group; answers `room`, `seq` of its last entry, and `read`, the furthest place behind which
        /// somebody asked for entries.
        ShowArchive { chat: String },
        /// Ends the tokens of an app before their time.
        ExpireTokens { app: u64 },
        /// A second program subscribes for a bot: its connection is told, and closed; answers how many.
        TakeOver { bot: String },
        /// Breaks the connections of a bot; answers how many.
        CloseConnections { bot: String },
        /// The connections of a bot stay open and nothing comes over them any more; answers how many.
        FreezeConnections { bot: String },
        /// The connections of a bot lose their subscription while pings are answered; answers how many.
        Unsubscribe { bot: String },
    }
}
