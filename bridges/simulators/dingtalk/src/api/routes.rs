//! Which request is which: the name under which it is counted, its scope, its handler.

use http::Method;

use super::{
    Handler, calendar, calendar_lists, callbacks, cards, conferences, contacts, forms, groups, login, media,
    notices, process_centre, robots, scene_groups, sent, session, todos, tokens, workflow,
};
use crate::refusal::Generation;

/// One API.
pub(crate) struct Route {
    pub(crate) generation: Generation,
    method: &'static str,
    /// The path; `*` for an id.
    pub(crate) name: &'static str,
    pub(crate) needs_token: bool,
    /// The scope that it needs; empty for none.
    pub(crate) scope: &'static str,
    /// Whether it counts against the month's calls.
    pub(crate) counted: bool,
    pub(crate) handler: Handler,
}

const fn new(method: &'static str, name: &'static str, scope: &'static str, handler: Handler) -> Route {
    Route { generation: Generation::New, method, name, needs_token: true, scope, counted: true, handler }
}

const fn old(method: &'static str, name: &'static str, scope: &'static str, handler: Handler) -> Route {
    Route { generation: Generation::Old, method, name, needs_token: true, scope, counted: true, handler }
}

/// Contacts are not counted.
const fn contact(name: &'static str, scope: &'static str, handler: Handler) -> Route {
    Route { counted: false, ..old("POST", name, scope, handler) }
}

const fn open(route: Route) -> Route {
    Route { needs_token: false, counted: false, ..route }
}

const ROBOT: &str = "qyapi_robot_sendmsg";
const CHAT: &str = "qyapi_chat_manage";
const CARD: &str = "Card.Instance.Write";
const STREAMING: &str = "Card.Streaming.Write";
const MEMBER: &str = "qyapi_get_member";
const DEPARTMENT: &str = "qyapi_get_department_list";

pub(super) const APPROVAL: &str = "Workflow.Instance.Write";
const APPROVAL_READ: &str = "Workflow.Instance.Read";
const TODO: &str = "Todo.Todo.Write";
const TODO_READ: &str = "Todo.Todo.Read";
const FORM: &str = "Workflow.Form.Write";
const FORM_READ: &str = "Workflow.Form.Read";
const CALENDAR: &str = "Calendar.Event.Write";
const CALENDAR_READ: &str = "Calendar.Event.Read";
const SCHEDULE: &str = "Calendar.EventSchedule.Read";
const CONFERENCE: &str = "VideoConference.Conference.Write";
const CONFERENCE_READ: &str = "VideoConference.Conference.Read";

const ROUTES: &[Route] = &[
    open(new("POST", "v1.0/oauth2/accessToken", "", tokens::access_token)),
    open(new("POST", "v1.0/oauth2/*/token", "", tokens::unified)),
    open(old("GET", "gettoken", "", tokens::get_token)),
    open(new("POST", "v1.0/oauth2/userAccessToken", "", login::user_token)),
    // Asked with the token of a person.
    open(new("GET", "v1.0/contact/users/*", "", login::person)),
    contact("topapi/v2/user/getuserinfo", "", login::user_info),
    new("POST", "v1.0/robot/groupMessages/send", ROBOT, robots::send_to_group),
    new("POST", "v1.0/robot/oToMessages/batchSend", ROBOT, robots::send_to_people),
    new("POST", "v1.0/robot/groupMessages/recall", ROBOT, sent::recall_in_group),
    new("POST", "v1.0/robot/otoMessages/batchRecall", ROBOT, sent::recall_from_people),
    new("POST", "v1.0/robot/groupMessages/query", ROBOT, sent::query),
    new("GET", "v1.0/robot/oToMessages/readStatus", ROBOT, sent::read_status),
    new("POST", "v1.0/robot/groups/robots/query", ROBOT, robots::in_group),
    new("POST", "v1.0/robot/ding/send", ROBOT, notices::ding),
    new("POST", "v1.0/robot/ding/recall", ROBOT, notices::ding_recall),
    new("POST", "v1.0/robot/emotion/reply", ROBOT, sent::react),
    new("POST", "v1.0/robot/emotion/recall", ROBOT, sent::unreact),
    new("POST", "v1.0/robot/messageFiles/download", ROBOT, media::download_url),
    open(old("POST", "robot/sendBySession", "", session::send)),
    open(old("POST", "robot/send", "", session::send_custom)),
    old("POST", "media/upload", "", media::upload),
    old("POST", "topapi/message/corpconversation/asyncsend_v2", "", notices::send),
    old("POST", "topapi/message/corpconversation/getsendprogress", "", notices::progress),
    old("POST", "topapi/message/corpconversation/getsendresult", "", notices::result),
    old("POST", "topapi/message/corpconversation/recall", "", notices::recall),
    new("POST", "v1.0/card/instances", CARD, cards::create),
    new("PUT", "v1.0/card/instances", CARD, cards::update),
    new("POST", "v1.0/card/instances/deliver", CARD, cards::deliver),
    new("POST", "v1.0/card/instances/createAndDeliver", CARD, cards::create_and_deliver),
    new("PUT", "v1.0/card/streaming", STREAMING, cards::stream),
    new("POST", "v1.0/card/callbacks/register", CARD, cards::register_callback),
    new("POST", "v1.0/im/group/create", CHAT, groups::create),
    new("POST", "v1.0/im/group/update", CHAT, groups::update),
    old("GET", "chat/get", CHAT, groups::get),
    new("POST", "v1.0/im/chat/*/convertToOpenConversationId", CHAT, groups::convert),
    new("POST", "v1.0/im/sceneGroup/create", CHAT, scene_groups::create),
    new("POST", "v1.0/im/sceneGroup/update", CHAT, scene_groups::update),
    new("POST", "v1.0/im/sceneGroup/member/add", CHAT, scene_groups::add_members),
    new("POST", "v1.0/im/sceneGroup/member/delete", CHAT, scene_groups::remove_members),
    new("POST", "v1.0/im/sceneGroups/query", CHAT, scene_groups::query),
    new("POST", "v1.0/im/sceneGroups/members/batchQuery", CHAT, scene_groups::batch_query),
    new("POST", "v1.0/im/chat/scenegroup/disband", CHAT, scene_groups::disband),
    contact("topapi/v2/department/listsub", DEPARTMENT, contacts::departments),
    contact("topapi/v2/department/listsubid", DEPARTMENT, contacts::department_ids),
    contact("topapi/v2/department/get", DEPARTMENT, contacts::department),
    contact("topapi/v2/department/listparentbydept", DEPARTMENT, contacts::above),
    contact("topapi/v2/department/listparentbyuser", DEPARTMENT, contacts::above_person),
    contact("topapi/v2/user/get", MEMBER, contacts::user),
    contact("topapi/v2/user/list", MEMBER, contacts::users),
    contact("topapi/user/listsimple", MEMBER, contacts::names),
    contact("topapi/user/listid", MEMBER, contacts::user_ids),
    contact("topapi/user/getbyunionid", MEMBER, contacts::by_union_id),
    contact("topapi/v2/user/getbymobile", MEMBER, contacts::by_mobile),
    contact("topapi/user/count", MEMBER, contacts::count),
    new("POST", "v1.0/workflow/processInstances", APPROVAL, workflow::create),
    new("GET", "v1.0/workflow/processInstances", APPROVAL_READ, workflow::get),
    new("POST", "v1.0/workflow/processes/instanceIds/query", APPROVAL_READ, workflow::ids),
    new("POST", "v1.0/workflow/processInstances/execute", APPROVAL, workflow::execute),
    new("POST", "v1.0/workflow/tasks/redirect", APPROVAL, workflow::redirect),
    new("POST", "v1.0/workflow/processInstances/comments", APPROVAL, workflow::comment),
    new("POST", "v1.0/workflow/processInstances/terminate", APPROVAL, workflow::terminate),
    new("GET", "v1.0/workflow/processes/todoTasks/numbers", APPROVAL_READ, workflow::numbers),
    new("POST", "v1.0/workflow/processes/forecast", APPROVAL_READ, forms::forecast),
    new("POST", "v1.0/workflow/forms", FORM, forms::save),
    new("GET", "v1.0/workflow/forms/schemas/processCodes", FORM_READ, forms::schema),
    new("POST", "v1.0/workflow/processCentres/schemas", FORM, process_centre::save_template),
    new(
        "GET",
        "v1.0/workflow/processCentres/schemaNames/processCodes",
        FORM_READ,
        process_centre::code_by_name,
    ),
    new("POST", "v1.0/workflow/processCentres/instances", APPROVAL, process_centre::create),
    new("PUT", "v1.0/workflow/processCentres/instances", APPROVAL, process_centre::end),
    new("POST", "v1.0/workflow/processCentres/tasks", APPROVAL, process_centre::add_tasks),
    new("PUT", "v1.0/workflow/processCentres/tasks", APPROVAL, process_centre::change_tasks),
    new("POST", "v1.0/workflow/processCentres/tasks/cancel", APPROVAL, process_centre::cancel_tasks),
    new("GET", "v1.0/workflow/processCentres/todoTasks", APPROVAL_READ, process_centre::waiting),
    new("POST", "v1.0/calendar/users/*/calendars/*/events", CALENDAR, calendar::create),
    new("GET", "v1.0/calendar/users/*/calendars/*/events", CALENDAR_READ, calendar_lists::list),
    new("GET", "v1.0/calendar/users/*/calendars/*/eventsview", CALENDAR_READ, calendar_lists::view),
    new("GET", "v1.0/calendar/users/*/calendars/*/events/*", CALENDAR_READ, calendar::get),
    new("PUT", "v1.0/calendar/users/*/calendars/*/events/*", CALENDAR, calendar::update),
    new("DELETE", "v1.0/calendar/users/*/calendars/*/events/*", CALENDAR, calendar::delete),
    new("GET", "v1.0/calendar/users/*/calendars/*/events/*/attendees", CALENDAR_READ, calendar::attendees),
    new("POST", "v1.0/calendar/users/*/calendars/*/events/*/attendees", CALENDAR, calendar::invite),
    new(
        "POST",
        "v1.0/calendar/users/*/calendars/*/events/*/attendees/batchRemove",
        CALENDAR,
        calendar::uninvite,
    ),
    new("POST", "v1.0/calendar/users/*/calendars/*/events/*/respond", CALENDAR, calendar::respond),
    new("POST", "v1.0/calendar/users/*/querySchedule", SCHEDULE, calendar::schedules),
    new("POST", "v1.0/conference/videoConferences", CONFERENCE, conferences::create),
    new("GET", "v1.0/conference/videoConferences/*", CONFERENCE_READ, conferences::get),
    new("DELETE", "v1.0/conference/videoConferences/*", CONFERENCE, conferences::close),
    new("GET", "v1.0/conference/videoConferences/*/members", CONFERENCE_READ, conferences::members),
    new("GET", "v1.0/conference/users/lists", CONFERENCE_READ, conferences::of_person),
    new("POST", "v1.0/conference/scheduleConferences", CONFERENCE, conferences::schedule),
    new("PUT", "v1.0/conference/scheduleConferences", CONFERENCE, conferences::reschedule),
    new("POST", "v1.0/conference/scheduleConferences/cancel", CONFERENCE, conferences::cancel),
    new("GET", "v1.0/conference/scheduleConferences/*/infos", CONFERENCE_READ, conferences::scheduled),
    new("POST", "v1.0/todo/users/*/tasks", TODO, todos::create),
    new("GET", "v1.0/todo/users/*/tasks/sources/*", TODO_READ, todos::by_source),
    new("GET", "v1.0/todo/users/*/tasks/*", TODO_READ, todos::get),
    new("PUT", "v1.0/todo/users/*/tasks/*", TODO, todos::update),
    new("PUT", "v1.0/todo/users/*/tasks/*/executorStatus", TODO, todos::executor_status),
    new("DELETE", "v1.0/todo/users/*/tasks/*", TODO, todos::delete),
    new("POST", "v1.0/todo/users/*/org/tasks/query", TODO_READ, todos::query),
    old("GET", "call_back/get_call_back", "", callbacks::get),
    old("GET", "call_back/get_call_back_failed_result", "", callbacks::failed),
    old("GET", "call_back/delete_call_back", "", callbacks::delete),
];

/// The route of a request.
pub(crate) fn find(generation: Generation, method: &Method, path: &[String]) -> Option<&'static Route> {
    let fits = |route: &&Route| {
        let names = route.name.split('/');
        route.generation == generation
            && method.as_str() == route.method
            && names.clone().count() == path.len()
            && names.zip(path).all(|(name, part)| name == "*" || name == part)
    };
    ROUTES.iter().find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_the_wrong_host_is_none() {
        let path = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        assert!(find(Generation::Old, &Method::GET, &path("gettoken")).is_some());
        assert!(find(Generation::New, &Method::GET, &path("gettoken")).is_none());
        assert!(find(Generation::New, &Method::POST, &path("v1.0/oauth2/dingcorp/token")).is_some());
        // The platform spells the recall of one-to-one messages otherwise than their sending.
        assert!(find(Generation::New, &Method::POST, &path("v1.0/robot/oToMessages/batchRecall")).is_none());
    }
}
