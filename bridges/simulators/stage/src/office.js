"use strict";
// The platform's own apps of whoever is chosen: calendar, to-dos, approvals.
Object.assign(WORDS.zh, {
  calendar: "日程", todos: "待办", approvals: "审批", nothing: "什么也没有", what: "标题", when: "开始时间", minutes: "分钟", book: "加入日程",
  why: "事由", approver: "审批人", begin: "发起审批", accept: "接受", maybe: "待定", decline: "拒绝", accepted: "接受", tentative: "待定",
  declined: "拒绝", none: "未答复", organizer: "组织者：", repeats: "重复：", due: "截止：", assignees: "负责人：", tick: "完成", untick: "重新打开",
  done: "已完成", undone: "未完成", elsewhere: "打开链接", starter: "发起人：", agree: "同意", refuse: "拒绝", reason: "意见或理由", comma: "、",
  pending: "审批中", approved: "已通过", rejected: "已拒绝", canceled: "已撤销", transferred: "已转交", closed: "无须处理", own: "我的任务：",
  unanswered: "应用没有应答，请重试", behind: "请打开链接办理",
});
Object.assign(WORDS.en, {
  calendar: "Calendar", todos: "To-dos", approvals: "Approvals", nothing: "There is nothing", what: "Title", when: "Begins", minutes: "Minutes",
  book: "Put in", why: "Reason", approver: "Who decides", begin: "Ask for it", accept: "Accept", maybe: "Maybe", decline: "Decline",
  accepted: "accepted", tentative: "maybe", declined: "declined", none: "no answer", organizer: "Organised by ", repeats: "Repeats: ", due: "Due ",
  assignees: "For ", tick: "Done", untick: "Reopen", done: "done", undone: "open", elsewhere: "Open the link", starter: "Asked by ",
  agree: "Approve", refuse: "Reject", reason: "Comment or reason", comma: ", ", pending: "pending", approved: "approved", rejected: "rejected",
  canceled: "canceled", transferred: "passed on", closed: "nothing to do", own: "You: ", unanswered: "The app did not answer; try again",
  behind: "To be done behind the link",
});
// Each of them by its command, and what the answer calls its list.
const PARTS = { calendar: "meetings", todos: "todos", approvals: "approvals" };
const ANSWERS = { accepted: "accept", tentative: "maybe", declined: "decline" };
const DRAWN = { calendar: drawMeeting, todos: drawTodo, approvals: drawApproval };
let names = new Map();

function parts() { return Object.keys(PARTS).filter((one) => one !== "todos" || page.todos); }

function pick(chosen) {
  part = chosen;
  seen = "";
  notice("");
  writeAbout(null);
}

function drawOffice(all, entries) {
  names = new Map(all.people.map((one) => [one.user_id, one.name]));
  at("parts").replaceChildren(...parts().map((one) => {
    const item = element("li");
    const made = button(words[one], "", () => pick(one));
    made.dataset.part = one;
    if (one === part) made.setAttribute("aria-current", "true");
    item.append(made);
    return item;
  }));
  for (const one of ["messages", "write"]) at(one).hidden = Boolean(part);
  at("entries").hidden = !part;
  at("book").hidden = part !== "calendar";
  at("begin").hidden = part !== "approvals";
  drawApprovers(all.people);
  if (!part) return;
  at("title").textContent = words[part];
  at("members").textContent = named(person);
  redraw(at("entries"), entries.length ? entries.map((one) => DRAWN[part](one)) : [element("li", "nothing", words.nothing)]);
}

// Who can be asked. Whoever was chosen stays chosen.
function drawApprovers(people) {
  const chosen = at("approver").value;
  at("approver").replaceChildren(...people.filter((one) => one.user_id !== person).map((one) => {
    const made = element("option", "", one.name);
    made.value = one.user_id;
    made.selected = one.user_id === chosen;
    return made;
  }));
}

function named(id) { return names.get(id) || id || ""; }

function time(ms) {
  return new Date(ms).toLocaleString(language, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

function entry(id, title, state, isOver) {
  const box = element("li", isOver ? "entry over" : "entry");
  box.dataset.entry = id;
  const head = element("h3", "", title);
  if (state) head.append(element("span", "state", state));
  box.append(head);
  return box;
}

function detail(box, text) { if (text) box.append(element("p", "detail", text)); }

// A way out of the page; nothing but the web is linked.
function link(box, address) {
  if (!/^https?:\/\//.test(address || "")) return;
  const made = element("a", "", words.elsewhere);
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  box.append(made);
}

function drawMeeting(meeting) {
  const own = meeting.attendees.find((one) => one.person === person);
  const box = entry(meeting.id, meeting.title, own && words[own.answer], meeting.end_ms < Date.now() && !meeting.recurrence);
  box.append(element("p", "", [time(meeting.start_ms) + " – " + time(meeting.end_ms), meeting.location].filter(Boolean).join(" · ")));
  if (meeting.description) box.append(element("p", "", meeting.description));
  detail(box, meeting.recurrence && words.repeats + meeting.recurrence);
  detail(box, meeting.organizer && words.organizer + named(meeting.organizer));
  detail(box, meeting.attendees.map((one) => named(one.person) + " (" + words[one.answer] + ")").join(words.comma));
  if (!own) return box;
  for (const [answer, word] of Object.entries(ANSWERS)) {
    const give = () => act({ do: "answer_meeting", person, meeting: meeting.id, answer });
    box.append(button(words[word], own.answer === answer ? word + " mine" : word, give));
  }
  return box;
}

function drawTodo(todo) {
  const box = entry(todo.id, todo.title, todo.done ? words.done : words.undone, todo.done);
  if (todo.description) box.append(element("p", "", todo.description));
  detail(box, todo.due_ms && words.due + time(todo.due_ms));
  detail(box, todo.assignees.length && words.assignees + todo.assignees.map(named).join(words.comma));
  if (page.ticks && todo.assignees.includes(person)) {
    const tick = () => act({ do: "tick_todo", person, todo: todo.id, done: !todo.done });
    box.append(button(todo.done ? words.untick : words.tick, "tick", tick));
  } else {
    link(box, todo.link);
  }
  return box;
}

function drawApproval(approval) {
  const box = entry(approval.id, approval.title, words[approval.state], approval.state !== "pending");
  for (const [name, value] of approval.lines) box.append(element("p", "", name + "：" + value));
  detail(box, approval.starter && words.starter + named(approval.starter));
  detail(box, approval.task_state && words.own + words[approval.task_state]);
  if (approval.task_state !== "pending") return box;
  if (approval.link) {
    detail(box, words.behind);
    link(box, approval.link);
    return box;
  }
  const reason = writable("approval " + approval.task, words.reason);
  box.append(reason);
  for (const [word, approve] of [["agree", true], ["refuse", false]]) {
    box.append(button(words[word], word, async () => {
      const decide = { do: "decide_approval", person, task: approval.task, approve, reason: reason.value.trim() || null };
      const { answered } = await act(decide);
      notice(answered ? "" : words.unanswered);
      if (answered) written.delete(reason.dataset.key);
    }));
  }
  return box;
}

// A form sends a command; what was written stays when the platform refuses it.
function sends(form, command, cleared) {
  at(form).onsubmit = (event) => {
    event.preventDefault();
    act(command()).then(() => {
      for (const one of cleared) at(one).value = "";
      notice("");
      return look();
    }).catch(() => {});
  };
}

sends("book", () => {
  const start_ms = new Date(at("bookStart").value).getTime();
  return { do: "book", person, title: at("bookTitle").value, start_ms, end_ms: start_ms + at("bookMinutes").valueAsNumber * 60_000 };
}, ["bookTitle"]);

sends("begin", () => {
  const text = at("beginText").value.trim();
  return {
    do: "start_approval", person, title: at("beginTitle").value, approvers: [at("approver").value],
    lines: text ? [[words.why, text]] : [],
  };
}, ["beginTitle", "beginText"]);
