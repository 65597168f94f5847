"use strict";
// What the page is put together of, and how it asks. What people wrote is only ever put in as text.
const at = (id) => document.getElementById(id);
// What somebody is writing, by the line it stands in.
const written = new Map();

async function act(command) {
  const answer = await fetch("do", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(command) });
  const value = await answer.json();
  if (!answer.ok) {
    notice([value.code, value.msg].filter(Boolean).join(" "));
    throw new Error(value.msg);
  }
  return value;
}

function notice(text) { at("notice").textContent = text || ""; }

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(label, className, press) {
  const made = element("button", className, label);
  made.type = "button";
  made.onclick = () => Promise.resolve(press()).then(look, () => {});
  return made;
}

// A line whose words outlive a page that is drawn anew.
function writable(key, label) {
  const input = element("input", "field");
  input.placeholder = label;
  input.dataset.key = key;
  input.value = written.get(key) || "";
  input.oninput = () => written.set(key, input.value);
  return input;
}

// Draws a list anew; whoever is writing in it goes on where they were.
function redraw(list, drawn) {
  const writing = document.activeElement;
  const { selectionStart, selectionEnd, dataset: { key } } = writing || { dataset: {} };
  list.replaceChildren(...drawn);
  const again = key && [...list.querySelectorAll(".field")].find((one) => one.dataset.key === key);
  if (!again || again === document.activeElement) return;
  again.focus();
  again.setSelectionRange(selectionStart, selectionEnd);
}
