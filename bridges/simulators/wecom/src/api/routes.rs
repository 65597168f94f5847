//! Which request is which: its path, what it needs, its handler.

use http::Method;

use super::{
    Handler, appchat, approvals, archive, bot_replies, calendars, customers, directory, media, meetings,
    rooms, schedules, send, sent, service, service_accounts, service_people, sign_on, tokens, webhooks,
};
use crate::state::service::FEATURE;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// No token: it has a key of its own, or none.
    Nothing,
    /// Any token.
    Token,
    /// A token of an app, not of the secret that keeps the contacts.
    App,
    /// The token of the secret that keeps the contacts.
    ContactSync,
    /// A token of an app that is on a feature's list.
    Grant(&'static str),
}

/// One API.
pub(super) struct Route {
    method: &'static str,
    /// The path, under which it is counted too.
    pub(super) path: &'static str,
    pub(super) needs: Needs,
    pub(super) handler: Handler,
}

const fn get(path: &'static str, needs: Needs, handler: Handler) -> Route {
    Route { method: "GET", path, needs, handler }
}

const fn post(path: &'static str, needs: Needs, handler: Handler) -> Route {
    Route { method: "POST", path, needs, handler }
}

/// Who is on the list of those that may ask for approvals.
pub(super) const APPROVAL: Needs = Needs::Grant("approval");
const CALENDAR: Needs = Needs::Grant("calendar");
const MEETING: Needs = Needs::Grant("meeting");
const ROOM: Needs = Needs::Grant("meetingroom");
const EXTERNAL: Needs = Needs::Grant("external");
const ARCHIVE: Needs = Needs::Grant("archive");
const SERVICE: Needs = Needs::Grant(FEATURE);

const ROUTES: &[Route] = &[
    get("/cgi-bin/gettoken", Needs::Nothing, tokens::get_token),
    get("/cgi-bin/get_api_domain_ip", Needs::Token, tokens::addresses),
    get("/cgi-bin/getcallbackip", Needs::Token, tokens::addresses),
    post("/cgi-bin/message/send", Needs::App, send::send),
    post("/cgi-bin/message/recall", Needs::App, sent::recall),
    post("/cgi-bin/message/update_template_card", Needs::App, sent::update_card),
    post("/cgi-bin/appchat/create", Needs::App, appchat::create),
    post("/cgi-bin/appchat/update", Needs::App, appchat::update),
    get("/cgi-bin/appchat/get", Needs::App, appchat::get),
    post("/cgi-bin/appchat/send", Needs::App, appchat::send),
    post("/cgi-bin/webhook/send", Needs::Nothing, webhooks::send),
    post("/cgi-bin/webhook/upload_media", Needs::Nothing, webhooks::upload),
    post("/cgi-bin/media/upload", Needs::App, media::upload),
    post("/cgi-bin/media/uploadimg", Needs::App, media::upload_image),
    get("/cgi-bin/media/get", Needs::App, media::get),
    get("/cgi-bin/media/get/jssdk", Needs::App, media::get),
    post("/cgi-bin/aibot/response", Needs::Nothing, bot_replies::answer_once),
    get("/cgi-bin/auth/getuserinfo", Needs::App, sign_on::info),
    get("/cgi-bin/user/getuserinfo", Needs::App, sign_on::older_info),
    post("/cgi-bin/auth/getuserdetail", Needs::App, sign_on::detail),
    get("/cgi-bin/department/list", Needs::Token, directory::departments),
    get("/cgi-bin/department/simplelist", Needs::Token, directory::department_ids),
    get("/cgi-bin/department/get", Needs::Token, directory::department),
    get("/cgi-bin/user/simplelist", Needs::Token, directory::user_names),
    get("/cgi-bin/user/list", Needs::Token, directory::users),
    get("/cgi-bin/user/get", Needs::Token, directory::user),
    post("/cgi-bin/user/list_id", Needs::ContactSync, directory::user_ids),
    post("/cgi-bin/user/getuserid", Needs::Token, directory::by_mobile),
    post("/cgi-bin/user/get_userid_by_email", Needs::Token, directory::by_email),
    post("/cgi-bin/batch/userid_to_openuserid", Needs::Token, directory::to_open),
    post("/cgi-bin/batch/openuserid_to_userid", Needs::Token, directory::from_open),
    get("/cgi-bin/tag/list", Needs::Token, directory::tags),
    get("/cgi-bin/tag/get", Needs::Token, directory::tag),
    get("/cgi-bin/externalcontact/get_follow_user_list", EXTERNAL, customers::followers),
    get("/cgi-bin/externalcontact/list", EXTERNAL, customers::of_member),
    get("/cgi-bin/externalcontact/get", EXTERNAL, customers::get),
    post("/cgi-bin/externalcontact/batch/get_by_user", EXTERNAL, customers::by_members),
    post("/cgi-bin/externalcontact/groupchat/list", EXTERNAL, customers::groups),
    post("/cgi-bin/externalcontact/groupchat/get", EXTERNAL, customers::group),
    post("/cgi-bin/externalcontact/send_welcome_msg", EXTERNAL, customers::welcome),
    post("/cgi-bin/kf/sync_msg", SERVICE, service::fetch),
    post("/cgi-bin/kf/send_msg", SERVICE, service::send),
    post("/cgi-bin/kf/send_msg_on_event", SERVICE, service::send_on_event),
    post("/cgi-bin/kf/recall_msg", SERVICE, service::recall),
    post("/cgi-bin/kf/service_state/get", SERVICE, service::session),
    post("/cgi-bin/kf/service_state/trans", SERVICE, service::move_session),
    post("/cgi-bin/kf/account/add", SERVICE, service_accounts::add),
    post("/cgi-bin/kf/account/del", SERVICE, service_accounts::delete),
    post("/cgi-bin/kf/account/update", SERVICE, service_accounts::update),
    post("/cgi-bin/kf/account/list", SERVICE, service_people::accounts),
    post("/cgi-bin/kf/add_contact_way", SERVICE, service_accounts::contact_way),
    post("/cgi-bin/kf/servicer/add", SERVICE, service_accounts::add_servicers),
    post("/cgi-bin/kf/servicer/del", SERVICE, service_accounts::remove_servicers),
    get("/cgi-bin/kf/servicer/list", SERVICE, service_people::servicers),
    post("/cgi-bin/kf/customer/batchget", SERVICE, service_people::customers),
    post("/cgi-bin/msgaudit/get_permit_user_list", ARCHIVE, archive::permits),
    post("/cgi-bin/msgaudit/groupchat/get", ARCHIVE, archive::group),
    post("/cgi-bin/msgaudit/check_room_agree", ARCHIVE, archive::room_agrees),
    post("/cgi-bin/msgaudit/check_single_agree", ARCHIVE, archive::agrees),
    get("/cgi-bin/msgaudit/get_robot_info", ARCHIVE, archive::robot),
    post("/cgi-bin/oa/gettemplatedetail", APPROVAL, approvals::template),
    post("/cgi-bin/oa/applyevent", APPROVAL, approvals::apply),
    post("/cgi-bin/oa/getapprovalinfo", APPROVAL, approvals::list),
    post("/cgi-bin/oa/getapprovaldetail", APPROVAL, approvals::detail),
    post("/cgi-bin/oa/calendar/add", CALENDAR, calendars::add),
    post("/cgi-bin/oa/calendar/update", CALENDAR, calendars::update),
    post("/cgi-bin/oa/calendar/get", CALENDAR, calendars::get),
    post("/cgi-bin/oa/calendar/del", CALENDAR, calendars::delete),
    post("/cgi-bin/oa/schedule/add", CALENDAR, schedules::add),
    post("/cgi-bin/oa/schedule/update", CALENDAR, schedules::update),
    post("/cgi-bin/oa/schedule/get", CALENDAR, schedules::get),
    post("/cgi-bin/oa/schedule/del", CALENDAR, schedules::delete),
    post("/cgi-bin/oa/schedule/get_by_calendar", CALENDAR, schedules::by_calendar),
    post("/cgi-bin/oa/schedule/add_attendees", CALENDAR, schedules::add_attendees),
    post("/cgi-bin/oa/schedule/del_attendees", CALENDAR, schedules::remove_attendees),
    post("/cgi-bin/meeting/create", MEETING, meetings::create),
    post("/cgi-bin/meeting/update", MEETING, meetings::update),
    post("/cgi-bin/meeting/cancel", MEETING, meetings::cancel),
    post("/cgi-bin/meeting/get_info", MEETING, meetings::info),
    post("/cgi-bin/meeting/get_user_meetingid", MEETING, meetings::of_user),
    post("/cgi-bin/oa/meetingroom/add", ROOM, rooms::add),
    post("/cgi-bin/oa/meetingroom/list", ROOM, rooms::list),
    post("/cgi-bin/oa/meetingroom/edit", ROOM, rooms::edit),
    post("/cgi-bin/oa/meetingroom/del", ROOM, rooms::delete),
    post("/cgi-bin/oa/meetingroom/book", ROOM, rooms::book),
    post("/cgi-bin/oa/meetingroom/cancel_book", ROOM, rooms::cancel),
    post("/cgi-bin/oa/meetingroom/get_booking_info", ROOM, rooms::bookings),
];

/// The route of a request.
pub(super) fn find(method: &Method, path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method == method.as_str() && route.path == path)
}
