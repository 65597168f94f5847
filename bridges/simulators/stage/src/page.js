"use strict";
const WORDS = {
  zh: {
    simulated: "模拟", other: "English", you: "以此身份收发消息", bot: "机器人", send: "发送", write: "发消息…", recalled: "消息已撤回",
    edited: "（已编辑）", reply: "回复", edit: "编辑", recall: "撤回", react: "表情", replying: "回复：", editing: "编辑：",
    mentionBots: "@机器人", open: "下载", nobody: "还没有人", people: "人", bots: "机器人",
  },
  en: {
    simulated: "simulated", other: "中文", you: "Read and write as", bot: "bot", send: "Send", write: "Write a message…", recalled: "Message recalled",
    edited: " (edited)", reply: "Reply", edit: "Edit", recall: "Recall", react: "React", replying: "Reply to: ", editing: "Edit: ",
    mentionBots: "@bots", open: "Download", nobody: "Nobody yet", people: "people", bots: "bots",
  },
};
const LOOK_EVERY_MS = 700;
const PICTURES_MAX = 100;
const query = new URLSearchParams(location.search);
const pictures = new Map();
let page, words, language, person = query.get("person"), chat = query.get("chat"), bots = [], about = null, seen = "", looking = false;
// Which of the platform's own apps is open in the place of a chat.
let part = query.get("part");

function speak(languageNow) {
  language = languageNow;
  words = WORDS[language];
  document.documentElement.lang = language;
  const name = page.names[language === "zh" ? 0 : 1];
  at("name").textContent = name + " · " + words.simulated;
  document.title = at("name").textContent;
  at("language").textContent = words.other;
  at("text").placeholder = words.write;
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = words[one.dataset.word];
  for (const one of document.querySelectorAll("[data-hint]")) {
    one.placeholder = words[one.dataset.hint];
    one.setAttribute("aria-label", words[one.dataset.hint]);
  }
  seen = "";
}

// What the next message is about: an answer or a change.
function writeAbout(kind, message) {
  about = kind && { kind, id: message.message_id };
  at("context").hidden = !about;
  at("about").textContent = about ? words[kind] + message.text.slice(0, 100) : "";
  if (kind === "editing") at("text").value = message.text;
  if (about) at("text").focus();
}

async function attach(box, attachment) {
  if (!page.opens || !attachment.is_image) {
    box.append(element("div", "file", "📎 " + attachment.name));
    if (page.opens) box.append(button(words.open, "open", () => save(attachment)));
    return;
  }
  const image = element("img");
  image.alt = attachment.name;
  box.append(image);
  if (!pictures.has(attachment.key)) {
    if (pictures.size >= PICTURES_MAX) pictures.delete(pictures.keys().next().value);
    const opened = await act({ do: "open", key: attachment.key });
    pictures.set(attachment.key, "data:" + opened.content_type + ";base64," + opened.base64);
  }
  image.src = pictures.get(attachment.key);
}

async function save(attachment) {
  const opened = await act({ do: "open", key: attachment.key });
  const link = element("a");
  link.href = "data:application/octet-stream;base64," + opened.base64;
  link.download = attachment.name || "file";
  link.click();
}

function tools(message) {
  const row = element("div", "tools");
  const counts = new Map(message.reactions.map((one) => [one.emoji, message.reactions.filter((other) => other.emoji === one.emoji)]));
  const offered = page.reactions.map(([emoji]) => emoji).filter((emoji) => !counts.has(emoji)).slice(0, 3);
  for (const emoji of [...counts.keys(), ...offered]) {
    const by = counts.get(emoji) || [];
    const mine = by.some((one) => one.by === person);
    const shown = (page.reactions.find(([known]) => known === emoji) || [emoji, emoji])[1];
    const label = by.length ? shown + " " + by.length : "+" + shown;
    if (page.reactions.length) {
      const made = button(label, mine ? "reaction mine" : "reaction", () => act({ do: "react", person, message: message.message_id, emoji, added: !mine }));
      made.dataset.emoji = emoji;
      row.append(made);
    } else {
      row.append(element("span", "reaction", label));
    }
  }
  row.append(button(words.reply, "reply", () => writeAbout("replying", message)));
  if (message.by === person) {
    if (page.edits && !message.is_card) row.append(button(words.edit, "edit", () => writeAbout("editing", message)));
    row.append(button(words.recall, "recall", () => act({ do: "recall", person, message: message.message_id })));
  }
  return row;
}

function draw(message, texts) {
  const kinds = ["message", message.by === person && "own", message.is_card && "card", message.recalled && "recalled"];
  const box = element("li", kinds.filter(Boolean).join(" "));
  box.dataset.message = message.message_id;
  const who = element("div", "who", message.name);
  if (message.is_bot) who.append(element("span", "bot", words.bot));
  who.append(" " + new Date(message.create_ms).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" }));
  box.append(who);
  if (message.parent && texts.has(message.parent)) box.append(element("div", "quote", texts.get(message.parent)));
  const body = element("div", "body", message.recalled ? words.recalled : message.text);
  if (message.edits && !message.recalled) body.append(element("span", "edited", words.edited));
  box.append(body);
  if (message.recalled) return box;
  for (const attachment of message.attachments) attach(body, attachment).catch(() => {});
  const fields = message.fields.map((field) => {
    const input = writable(message.message_id + " " + field.name, field.label);
    input.name = field.name;
    body.append(input);
    return input;
  });
  if (message.buttons.length) {
    const row = element("div", "buttons");
    for (const one of message.buttons) {
      row.append(button(one.label, "press", async () => {
        const command = { do: "press", person, message: message.message_id, button: one.id };
        if (fields.length) command.form = Object.fromEntries(fields.map((input) => [input.name, input.value]));
        const answer = await act(command);
        for (const input of fields) written.delete(input.dataset.key);
        notice(answer.notice);
      }));
    }
    body.append(row);
  }
  box.append(tools(message));
  return box;
}

async function look() {
  if (looking) return;
  looking = true;
  try {
    const all = await act({ do: "overview" });
    if (!all.people.some((one) => one.user_id === person)) person = all.people.length ? all.people[0].user_id : null;
    const chats = all.chats.filter((one) => one.people.includes(person) && !one.dissolved);
    if (!chats.some((one) => one.chat_id === chat)) chat = chats.length ? chats[0].chat_id : null;
    const here = chats.find((one) => one.chat_id === chat);
    bots = here ? here.bots : [];
    const open = JSON.stringify([person, chat, part]);
    const messages = chat && !part ? (await act({ do: "show", chat, person })).messages : [];
    const entries = person && part ? (await act({ do: part, person }))[PARTS[part]] : [];
    // Somebody opened something else meanwhile.
    if (JSON.stringify([person, chat, part]) !== open) return;
    const now = JSON.stringify([all.people, chats, person, chat, messages, part, entries]);
    if (now !== seen) {
      drawAll(all, chats, here, messages);
      drawOffice(all, entries);
    }
    seen = now;
  } finally {
    looking = false;
  }
}

function drawAll(all, chats, here, messages) {
  at("person").replaceChildren(...all.people.map((one) => {
    const made = element("option", "", one.name);
    made.value = one.user_id;
    made.selected = one.user_id === person;
    return made;
  }));
  at("chats").replaceChildren(...chats.map((one) => {
    const item = element("li");
    const made = button(one.name || one.chat_id, "", () => choose(one.chat_id));
    if (one.chat_id === chat && !part) made.setAttribute("aria-current", "true");
    item.append(made);
    return item;
  }));
  at("title").textContent = here ? here.name || here.chat_id : words.nobody;
  const names = new Map(all.people.map((one) => [one.user_id, one.name]));
  at("members").textContent = here ? here.people.map((one) => names.get(one) || one).join("、") + " · " + here.bots.length + " " + words.bots : "";
  at("mention").hidden = !(page.mentions && here && !here.direct && here.bots.length);
  const list = at("messages");
  const low = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const texts = new Map(messages.map((one) => [one.message_id, one.name + ": " + one.text.slice(0, 100)]));
  redraw(list, messages.map((one) => draw(one, texts)));
  if (low || seen === "") list.scrollTop = list.scrollHeight;
}

function choose(chosen) {
  chat = chosen;
  part = null;
  seen = "";
  notice("");
  writeAbout(null);
}

async function write() {
  const text = at("text").value.trim();
  if (!text || !chat) return;
  if (about && about.kind === "editing") {
    await act({ do: "edit", person, message: about.id, text });
  } else {
    const command = { do: "speak", person, chat, text };
    if (about) command.reply_to = about.id;
    if (!at("mention").hidden && at("mentions").checked) command.at = bots;
    await act(command);
  }
  at("text").value = "";
  notice("");
  writeAbout(null);
  at("messages").scrollTop = at("messages").scrollHeight;
  await look();
}

at("language").onclick = () => { speak(language === "zh" ? "en" : "zh"); look().catch(() => {}); };
at("cancel").onclick = () => { at("text").value = ""; writeAbout(null); };
at("person").onchange = (event) => { person = event.target.value; seen = ""; writeAbout(null); look().catch(() => {}); };
at("write").onsubmit = (event) => { event.preventDefault(); write().catch(() => {}); };
at("text").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  write().catch(() => {});
};

async function start() {
  page = await (await fetch("page.json")).json();
  document.documentElement.style.setProperty("--colour", page.colour);
  if (!parts().includes(part)) part = null;
  const wanted = query.get("language") || navigator.language;
  speak(wanted.startsWith("zh") ? "zh" : "en");
  await look();
  setInterval(() => look().catch(() => {}), LOOK_EVERY_MS);
}
addEventListener("DOMContentLoaded", () => start().catch((error) => notice(String(error))));
