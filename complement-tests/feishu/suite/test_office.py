"""The library's client of the office: tasks, calendars, approvals."""

import unittest

import lark_oapi as lark
from lark_oapi.api.approval.v4 import GetInstanceRequest, SubscribeApprovalRequest
from lark_oapi.api.calendar.v4 import (
    CalendarEvent,
    CalendarEventAttendee,
    CreateCalendarEventAttendeeRequest,
    CreateCalendarEventAttendeeRequestBody,
    CreateCalendarEventRequest,
    ListCalendarEventAttendeeRequest,
    PrimaryCalendarRequest,
    TimeInfo,
)
from lark_oapi.api.contact.v3 import BatchGetIdUserRequest, BatchGetIdUserRequestBody
from lark_oapi.api.task.v2 import (
    CreateTaskRequest,
    GetTaskRequest,
    InputTask,
    Member,
    PatchTaskRequest,
    PatchTaskRequestBody,
)

from support.simulator import SECRET, Simulator

NATIVE_CODE = "7C468A54-8745-2245-9675-08B7C63E7A85"


class Office(unittest.TestCase):
    def setUp(self):
        self.simulator = Simulator()
        self.addCleanup(self.simulator.close)
        self.client = lark.Client.builder().app_id(self.simulator.app).app_secret(SECRET).domain(self.simulator.api).build()
        body = BatchGetIdUserRequestBody.builder().emails(["li@corp.example"]).build()
        request = BatchGetIdUserRequest.builder().user_id_type("open_id").request_body(body).build()
        self.li = self.good(self.client.contact.v3.user.batch_get_id(request)).user_list[0].user_id

    def good(self, answer):
        self.assertTrue(answer.success(), f"{answer.code} {answer.msg}")
        return answer.data

    def test_a_task_is_made_once_ticked_off_and_opened_again(self):
        member = Member.builder().id(self.li).type("user").role("assignee").build()
        body = InputTask.builder().summary("Report").members([member]).mode(1).client_token("a token of ours").build()
        request = CreateTaskRequest.builder().user_id_type("open_id").request_body(body).build()
        made = self.good(self.client.task.v2.task.create(request)).task
        self.assertEqual(self.good(self.client.task.v2.task.create(request)).task.guid, made.guid)
        (seen,) = self.simulator.do("todos", person="li")["todos"]
        self.simulator.do("tick_todo", person="li", todo=seen["id"], done=True)
        read = GetTaskRequest.builder().task_guid(made.guid).user_id_type("open_id").build()
        task = self.good(self.client.task.v2.task.get(read)).task
        self.assertEqual((task.status, task.assignee_related[0].id), ("done", self.li))
        body = PatchTaskRequestBody.builder().task(InputTask.builder().completed_at(0).build()).update_fields(["completed_at"])
        request = PatchTaskRequest.builder().task_guid(made.guid).request_body(body.build()).build()
        self.assertEqual(self.good(self.client.task.v2.task.patch(request)).task.status, "todo")

    def test_somebody_is_invited_and_answers(self):
        calendars = self.good(self.client.calendar.v4.calendar.primary(PrimaryCalendarRequest.builder().build())).calendars
        calendar = calendars[0].calendar.calendar_id
        time = lambda seconds: TimeInfo.builder().timestamp(seconds).timezone("Asia/Shanghai").build()
        event = CalendarEvent.builder().summary("Review").start_time(time(4_000_000_000)).end_time(time(4_000_003_600))
        request = CreateCalendarEventRequest.builder().calendar_id(calendar).request_body(event.build()).build()
        event = self.good(self.client.calendar.v4.calendar_event.create(request)).event.event_id
        attendee = CalendarEventAttendee.builder().type("user").user_id(self.li).build()
        body = CreateCalendarEventAttendeeRequestBody.builder().attendees([attendee]).build()
        request = CreateCalendarEventAttendeeRequest.builder().calendar_id(calendar).event_id(event)
        request = request.user_id_type("open_id").request_body(body).build()
        self.good(self.client.calendar.v4.calendar_event_attendee.create(request))
        self.simulator.do("answer_meeting", person="li", meeting=event, answer="accepted")
        request = ListCalendarEventAttendeeRequest.builder().calendar_id(calendar).event_id(event).user_id_type("open_id")
        (listed,) = self.good(self.client.calendar.v4.calendar_event_attendee.list(request.build())).items
        self.assertEqual((listed.user_id, listed.rsvp_status), (self.li, "accept"))

    def test_a_native_approval_is_read(self):
        request = SubscribeApprovalRequest.builder().approval_code(NATIVE_CODE).build()
        self.assertTrue(self.client.approval.v4.approval.subscribe(request).success())
        self.assertEqual(self.client.approval.v4.approval.subscribe(request).code, 1390007)
        code = self.simulator.do(
            "start_approval", person="zhang", title="Travel", approvers=["li"], lines=[["Where", "Shanghai"]]
        )["approval"]
        instance = self.good(self.client.approval.v4.instance.get(GetInstanceRequest.builder().instance_id(code).build()))
        self.assertEqual((instance.status, instance.task_list[0].open_id), ("PENDING", self.li))
