//! Which request is which: the name under which it is counted, its scopes, its handler.

use http::Method;

use super::office::{
    attendees, calendar, calendar_list, calendars, comments, external, external_instances, external_lists,
    free_busy, meetings, native, native_changes, tasks,
};
use super::{
    Handler, bot, cards, chats, contacts, forwards, logins, media, members, messages, messages_read,
    reactions, tokens,
};

/// One API.
pub(crate) struct Route {
    method: &'static str,
    /// The path after `/open-apis/`; `*` for an id.
    pub(crate) name: &'static str,
    pub(crate) needs_token: bool,
    /// One of these is needed.
    pub(crate) scopes: &'static [&'static str],
    pub(crate) handler: Handler,
    /// The length of a window in milliseconds and the requests in it that the platform takes, where it takes fewer than usual.
    pub(crate) tier: Option<(u64, u32)>,
}

const FIVE_A_SECOND: (u64, u32) = (1_000, 5);
const TEN_A_SECOND: (u64, u32) = (1_000, 10);
const HUNDRED_A_MINUTE: (u64, u32) = (60_000, 100);

impl Route {
    const fn at_most(mut self, tier: (u64, u32)) -> Self {
        self.tier = Some(tier);
        self
    }
}

const fn open(name: &'static str, handler: Handler) -> Route {
    Route { method: "POST", name, needs_token: false, scopes: &[], handler, tier: None }
}

const fn guarded(
    method: &'static str,
    name: &'static str,
    scopes: &'static [&'static str],
    handler: Handler,
) -> Route {
    Route { method, name, needs_token: true, scopes, handler, tier: None }
}

const SEND: &[&str] = &["im:message", "im:message:send_as_bot"];
const READ: &[&str] = &["im:message", "im:message:readonly"];
const REACT: &[&str] = &["im:message", "im:message.reactions:write_only"];
const RESOURCE: &[&str] = &["im:resource", "im:resource:upload"];
const CHAT: &[&str] = &["im:chat", "im:chat:readonly", "im:chat:read"];
const CHAT_WRITE: &[&str] = &["im:chat", "im:chat:update", "im:chat:create", "im:chat:delete"];
const MEMBERS: &[&str] = &["im:chat", "im:chat:readonly", "im:chat.members:read"];
const MEMBERS_WRITE: &[&str] = &["im:chat", "im:chat.members:write_only"];
const CONTACT: &[&str] = &["contact:user.base:readonly", "contact:contact:readonly"];
const TASK: &[&str] = &["task:task:read", "task:task:write"];
const TASK_WRITE: &[&str] = &["task:task:write"];
const CALENDAR: &[&str] = &["calendar:calendar"];
const FREE_BUSY: &[&str] = &["calendar:calendar", "calendar:calendar.free_busy:read"];
const RESERVE: &[&str] = &["vc:reserve"];
const MEETING: &[&str] = &["vc:reserve", "vc:meeting:readonly"];
const APPROVAL: &[&str] = &["approval:approval"];

const ROUTES: &[Route] = &[
    open("auth/v3/tenant_access_token/internal", tokens::tenant),
    open("auth/v3/app_access_token/internal", tokens::app),
    open("auth/v3/app_ticket/resend", tokens::resend),
    Route { method: "GET", ..open("authen/v1/authorize", logins::authorize) },
    open("authen/v2/oauth/token", logins::token),
    Route { method: "GET", ..open("authen/v1/user_info", logins::user_info) },
    guarded("GET", "bot/v3/info", &[], bot::info),
    guarded("POST", "im/v1/messages", SEND, messages::send),
    guarded("GET", "im/v1/messages", READ, messages_read::list),
    guarded("GET", "im/v1/messages/*", READ, messages_read::one),
    guarded("PUT", "im/v1/messages/*", SEND, messages::edit),
    guarded("PATCH", "im/v1/messages/*", SEND, cards::patch),
    guarded("DELETE", "im/v1/messages/*", SEND, messages::recall),
    guarded("POST", "im/v1/messages/*/reply", SEND, messages::reply),
    guarded("POST", "im/v1/messages/*/forward", SEND, forwards::one),
    guarded("POST", "im/v1/messages/merge_forward", SEND, forwards::together),
    guarded("GET", "im/v1/messages/*/read_users", READ, messages_read::readers),
    guarded("GET", "im/v1/messages/*/resources/*", READ, media::resource),
    guarded("POST", "im/v1/messages/*/reactions", REACT, reactions::add),
    guarded("GET", "im/v1/messages/*/reactions", READ, reactions::list),
    guarded("DELETE", "im/v1/messages/*/reactions/*", REACT, reactions::remove),
    guarded("POST", "im/v1/images", RESOURCE, media::upload_image),
    guarded("GET", "im/v1/images/*", RESOURCE, media::own),
    guarded("POST", "im/v1/files", RESOURCE, media::upload_file),
    guarded("GET", "im/v1/files/*", RESOURCE, media::own),
    guarded("GET", "im/v1/chats", CHAT, chats::list),
    guarded("POST", "im/v1/chats", CHAT_WRITE, chats::create),
    guarded("GET", "im/v1/chats/*", CHAT, chats::get),
    guarded("PUT", "im/v1/chats/*", CHAT_WRITE, chats::update),
    guarded("DELETE", "im/v1/chats/*", CHAT_WRITE, chats::dissolve),
    guarded("GET", "im/v1/chats/*/members", MEMBERS, members::list),
    guarded("POST", "im/v1/chats/*/members", MEMBERS_WRITE, members::add),
    guarded("DELETE", "im/v1/chats/*/members", MEMBERS_WRITE, members::remove),
    guarded("GET", "im/v1/chats/*/members/is_in_chat", MEMBERS, members::is_in_chat),
    guarded("POST", "interactive/v1/card/update", &[], cards::update_by_token),
    guarded("GET", "contact/v3/scopes", CONTACT, contacts::scopes),
    guarded("GET", "contact/v3/users/batch", CONTACT, contacts::batch),
    guarded("GET", "contact/v3/users/find_by_department", CONTACT, contacts::by_department),
    guarded("POST", "contact/v3/users/batch_get_id", &["contact:user.id:readonly"], contacts::ids),
    guarded("GET", "contact/v3/users/*", CONTACT, contacts::user),
    guarded("GET", "contact/v3/departments/*", CONTACT, contacts::department),
    guarded("GET", "contact/v3/departments/*/children", CONTACT, contacts::children),
    guarded("POST", "task/v2/tasks", TASK_WRITE, tasks::create).at_most(TEN_A_SECOND),
    guarded("GET", "task/v2/tasks", TASK, tasks::list_of_person),
    guarded("GET", "task/v2/tasks/*", TASK, tasks::get).at_most(TEN_A_SECOND),
    guarded("PATCH", "task/v2/tasks/*", TASK_WRITE, tasks::patch).at_most(TEN_A_SECOND),
    guarded("DELETE", "task/v2/tasks/*", TASK_WRITE, tasks::delete).at_most(TEN_A_SECOND),
    guarded("POST", "task/v2/tasks/*/add_members", TASK_WRITE, tasks::add_members).at_most(HUNDRED_A_MINUTE),
    guarded("POST", "task/v2/tasks/*/remove_members", TASK_WRITE, tasks::remove_members)
        .at_most(HUNDRED_A_MINUTE),
    guarded("POST", "task/v2/tasks/*/add_reminders", TASK_WRITE, tasks::add_reminders)
        .at_most(HUNDRED_A_MINUTE),
    guarded("POST", "task/v2/tasks/*/remove_reminders", TASK_WRITE, tasks::remove_reminders)
        .at_most(HUNDRED_A_MINUTE),
    guarded("POST", "task/v2/comments", TASK_WRITE, comments::create).at_most(HUNDRED_A_MINUTE),
    guarded("GET", "task/v2/comments", TASK, comments::list_of_task).at_most(HUNDRED_A_MINUTE),
    guarded("DELETE", "task/v2/comments/*", TASK_WRITE, comments::delete).at_most(HUNDRED_A_MINUTE),
    guarded("GET", "calendar/v4/calendars", CALENDAR, calendars::list),
    guarded("POST", "calendar/v4/calendars", CALENDAR, calendars::create),
    guarded("GET", "calendar/v4/calendars/*", CALENDAR, calendars::get),
    guarded("PATCH", "calendar/v4/calendars/*", CALENDAR, calendars::patch),
    guarded("DELETE", "calendar/v4/calendars/*", CALENDAR, calendars::delete),
    guarded("POST", "calendar/v4/calendars/subscription", CALENDAR, calendar::subscribe),
    guarded("POST", "calendar/v4/calendars/primary", CALENDAR, calendar::primary),
    guarded("POST", "calendar/v4/calendars/primarys", CALENDAR, calendar::primaries),
    guarded("POST", "calendar/v4/calendars/*/events", CALENDAR, calendar::create),
    guarded("GET", "calendar/v4/calendars/*/events", CALENDAR, calendar_list::events),
    guarded("POST", "calendar/v4/calendars/*/events/subscription", CALENDAR, calendar::subscribe),
    guarded("GET", "calendar/v4/calendars/*/events/*", CALENDAR, calendar::get),
    guarded("GET", "calendar/v4/calendars/*/events/*/instances", CALENDAR, calendar::instances),
    guarded("PATCH", "calendar/v4/calendars/*/events/*", CALENDAR, calendar::patch),
    guarded("DELETE", "calendar/v4/calendars/*/events/*", CALENDAR, calendar::delete),
    guarded("POST", "calendar/v4/calendars/*/events/*/attendees", CALENDAR, attendees::invite),
    guarded("GET", "calendar/v4/calendars/*/events/*/attendees", CALENDAR, attendees::all),
    guarded("POST", "calendar/v4/calendars/*/events/*/attendees/batch_delete", CALENDAR, attendees::uninvite),
    guarded("POST", "calendar/v4/freebusy/list", FREE_BUSY, free_busy::one),
    guarded("POST", "calendar/v4/freebusy/batch", FREE_BUSY, free_busy::many),
    guarded("POST", "vc/v1/reserves/apply", RESERVE, meetings::apply),
    guarded("PUT", "vc/v1/reserves/*", RESERVE, meetings::update),
    guarded("GET", "vc/v1/reserves/*", RESERVE, meetings::get),
    guarded("DELETE", "vc/v1/reserves/*", RESERVE, meetings::delete),
    guarded("GET", "vc/v1/reserves/*/get_active_meeting", MEETING, meetings::active),
    guarded("GET", "vc/v1/meetings/*", MEETING, meetings::held),
    guarded("GET", "vc/v1/meetings/*/recording", MEETING, meetings::recording),
    guarded("GET", "minutes/v1/minutes/*", &[], meetings::minute).at_most(FIVE_A_SECOND),
    guarded("POST", "approval/v4/external_approvals", APPROVAL, external::define).at_most(HUNDRED_A_MINUTE),
    guarded("GET", "approval/v4/external_approvals/*", APPROVAL, external::definition),
    guarded("POST", "approval/v4/external_instances", APPROVAL, external_instances::synchronise),
    guarded("POST", "approval/v4/external_instances/check", APPROVAL, external_lists::check),
    guarded("GET", "approval/v4/external_tasks", APPROVAL, external_lists::tasks),
    guarded("GET", "approval/v4/approvals/*", APPROVAL, native::definition).at_most(HUNDRED_A_MINUTE),
    guarded("POST", "approval/v4/approvals/*/subscribe", APPROVAL, native::subscribe),
    guarded("POST", "approval/v4/approvals/*/unsubscribe", APPROVAL, native::unsubscribe),
    guarded("GET", "approval/v4/instances", APPROVAL, native::codes).at_most(HUNDRED_A_MINUTE),
    guarded("GET", "approval/v4/instances/*", APPROVAL, native::get),
    guarded("POST", "approval/v4/instances", APPROVAL, native_changes::begin).at_most(HUNDRED_A_MINUTE),
    guarded("POST", "approval/v4/instances/cancel", APPROVAL, native_changes::cancel)
        .at_most(HUNDRED_A_MINUTE),
    guarded("POST", "approval/v4/tasks/transfer", APPROVAL, native_changes::transfer)
        .at_most(HUNDRED_A_MINUTE),
    guarded("POST", "approval/v4/tasks/approve", APPROVAL, native::approve).at_most(HUNDRED_A_MINUTE),
    guarded("POST", "approval/v4/tasks/reject", APPROVAL, native::reject).at_most(HUNDRED_A_MINUTE),
];

/// The API that a request means.
pub(crate) fn find(method: &Method, path: &[&str]) -> Option<&'static Route> {
    ROUTES.iter().find(|route| {
        let mut names = route.name.split('/');
        let same = path.iter().all(|part| names.next().is_some_and(|name| name == "*" || name == *part));
        same && names.next().is_none() && route.method == method.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_names_win_over_ids_and_nothing_is_found_by_its_beginning() {
        let name = |method: Method, path: &[&str]| find(&method, path).map(|route| route.name);
        let users = ["contact", "v3", "users"];
        assert_eq!(name(Method::GET, &[&users[..], &["batch"]].concat()), Some("contact/v3/users/batch"));
        assert_eq!(name(Method::GET, &[&users[..], &["ou_1"]].concat()), Some("contact/v3/users/*"));
        assert_eq!(name(Method::GET, &["im", "v1"]), None);
        assert_eq!(name(Method::POST, &["im", "v1", "messages", "om_1", "reply", "x"]), None);
        assert_eq!(name(Method::PUT, &["im", "v1", "messages"]), None);
    }
}
