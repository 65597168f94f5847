import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, message, write } from "../support/demo.js";

let demo, feishu, dingtalk, wecom;

before(async () => {
    demo = await Demo.start();
    feishu = await demo.open("feishu", "lisi");
    dingtalk = await demo.open("dingtalk", "wangwu");
    wecom = await demo.open("wecom", "admin");
});

after(() => demo?.stop());

const body = (text) => (event) => event.type === "m.room.message" && event.content.body?.includes(text);

test("what is written on one page appears on the others and in Matrix, and the other way, with who wrote it", async () => {
    await write(feishu, "早上好，来自飞书");
    const there = await message(dingtalk, "早上好，来自飞书");
    assert.match(await there.first().textContent(), /样例·李四/);
    const heard = await demo.heard(body("早上好，来自飞书"), "the message of Feishu");
    assert.match(heard.sender, /^@fs_|^@feishu_/);

    await write(dingtalk, "收到，来自钉钉");
    assert.match(await (await message(feishu, "收到，来自钉钉")).first().textContent(), /样例·王五/);
    await demo.heard(body("收到，来自钉钉"), "the message of DingTalk");
    assert.equal(await (await message(feishu, "早上好，来自飞书")).count(), 1, "nothing comes back");

    await write(wecom, "早，来自企业微信");
    for (const page of [feishu, dingtalk]) {
        // A bot of WeCom is told no names; the app looks them up.
        assert.match(await (await message(page, "早，来自企业微信")).first().textContent(), /样例·管理员（企业微信）/);
    }
    await message(wecom, "早上好，来自飞书");
    await demo.heard(body("早，来自企业微信"), "the message of WeCom");

    await demo.says("大家早，来自 Matrix", "ann");
    for (const page of [feishu, dingtalk, wecom]) {
        assert.match(await (await message(page, "来自 Matrix")).first().textContent(), /Sample Ann/);
    }
});

test("a card shows its buttons, which can be pressed", async () => {
    const card = {
        schema: "2.0", header: { title: { tag: "plain_text", content: "样例审批" } },
        body: { elements: [
            { tag: "markdown", content: "请假三天" },
            { tag: "button", text: { tag: "plain_text", content: "同意" }, behaviors: [{ type: "callback", value: { op: "yes" } }] },
        ] },
    };
    const path = "/open-apis/im/v1/messages?receive_id_type=chat_id";
    const content = { receive_id: demo.chats.feishu, msg_type: "interactive", content: JSON.stringify(card) };
    const sent = await demo.feishu("POST", path, content);
    assert.equal(sent.code, 0, JSON.stringify(sent));
    const shown = await message(feishu, "请假三天");
    assert.match(await shown.first().getAttribute("class"), /card/);
    const pressed = feishu.waitForResponse((answer) => answer.request().postData()?.includes('"press"'));
    await shown.locator(".press", { hasText: "同意" }).click();
    assert.equal((await (await pressed).json()).code, 0, "the app was told and answered");
});

test("an approval that began in Matrix is decided on a card on the page of Feishu", async () => {
    const page = await demo.open("feishu", "lisi");
    await demo.says(demo.lines.leave, "ann", demo.desks.approvals);
    await page.locator("#chats button", { hasText: "连桥" }).click();
    const asked = page.locator(".message.card", { hasText: "待审批" });
    await asked.waitFor();
    assert.match(await asked.textContent(), /Sample Ann/);
    await asked.locator(".field").fill("早去早回");
    // What arrives meanwhile takes nothing away from who is writing.
    await demo.simulate("feishu", { do: "add_chat", name: "又一个群", people: ["lisi"] });
    await page.locator("#chats button", { hasText: "又一个群" }).waitFor();
    assert.equal(await asked.locator(".field").inputValue(), "早去早回");
    const no = (await asked.textContent()).match(/AP-\d+-\d+/)[0];
    await asked.locator(".press", { hasText: "同意" }).click();
    const decided = page.locator(".message.card", { hasText: "已通过" });
    await decided.waitFor();
    assert.match(await decided.textContent(), new RegExp(no));
    assert.equal(await page.locator(".message.card .press").count(), 0, "nothing is left to be pressed");
    await demo.told("approvals", `[Approved] ${no}`);
    const { event_id } = await demo.says(`!verify ${no}`, "ann", demo.desks.approvals);
    await demo.told("approvals", "OK · 4 records · 2 server signatures", event_id);
    await page.close();
});

test("an approval that began in Matrix is decided in the approval centre of Feishu, whatever is drawn anew meanwhile", async () => {
    const page = await demo.open("feishu", "lisi");
    await demo.says(`${demo.lines.leave} again`, "ann", demo.desks.approvals);
    await page.locator("[data-part=approvals]").click();
    const asked = page.locator(".entry", { hasText: "family again" });
    await asked.waitFor();
    assert.match(await asked.textContent(), /Sample Ann/);
    await asked.locator(".field").pressSequentially("好休息");
    await asked.locator(".field").press("Home");
    const hostile = "<img src=x onerror=alert(1)>采购";
    await demo.simulate("feishu", { do: "start_approval", person: "zhangsan", title: hostile, approvers: ["lisi"], lines: [["<b>用途</b>", hostile]] });
    await page.locator(".entry", { hasText: hostile }).waitFor();
    assert.equal(await page.locator("#entries img, #entries b").count(), 0, "titles are text and nothing else");
    // Whoever was writing goes on where they were.
    await page.keyboard.type("好");
    assert.equal(await asked.locator(".field").inputValue(), "好好休息");
    const no = (await asked.textContent()).match(/AP-\d+-\d+/)[0];
    await asked.locator(".agree").click();
    await page.locator(".entry.over", { hasText: no }).filter({ hasText: "已通过" }).waitFor();
    await demo.told("approvals", `[Approved] ${no}`);
    const { event_id } = await demo.says(`!verify ${no}`, "ann", demo.desks.approvals);
    await demo.told("approvals", "OK · 4 records · 2 server signatures", event_id);
    await page.close();
});

test("people ask each other for approvals on a page", async () => {
    const page = await demo.open("feishu", "zhangsan");
    await page.locator("[data-part=approvals]").click();
    await page.locator("#beginTitle").fill("出差");
    await page.locator("#beginText").fill("去上海");
    await page.locator("#approver").selectOption("lisi");
    await page.locator("#begin button").click();
    const own = page.locator(".entry", { hasText: "去上海" });
    await own.filter({ hasText: "审批中" }).waitFor();
    const other = await demo.open("feishu", "lisi", "en");
    await other.locator("[data-part=approvals]").click();
    const asked = other.locator(".entry", { hasText: "出差" });
    await asked.locator(".field").fill("not this week");
    await asked.locator(".refuse").click();
    await asked.filter({ hasText: "rejected" }).waitFor();
    await own.filter({ hasText: "已拒绝" }).waitFor();
    await page.close();
    await other.close();
});

test("a task is ticked off on the page of Feishu and is done in the room", async () => {
    await demo.says(demo.lines.task, "ann", demo.desks.task);
    const page = await demo.open("feishu", "lisi");
    await page.locator("[data-part=todos]").click();
    const todo = page.locator(".entry", { hasText: "Write the report" });
    await todo.locator(".tick").click();
    await page.locator(".entry.over", { hasText: "Write the report" }).waitFor();
    await demo.told("task", "[Done] TK-");
    await page.close();
});

test("a meeting stands on the pages of DingTalk and WeCom and is answered there, beside what people put in themselves", async () => {
    await demo.says(demo.lines.meeting, "ann", demo.desks.meet);
    const [there, other] = [await demo.open("dingtalk", "wangwu"), await demo.open("wecom", "admin")];
    for (const page of [there, other]) {
        await page.locator("[data-part=calendar]").click();
        await page.locator(".entry", { hasText: "Review" }).waitFor();
    }
    await there.locator(".entry .accept").click();
    await there.locator(".entry .accept.mine").waitFor();
    await demo.told("meet", "样例·王五✅");
    await other.locator("#bookTitle").fill("体检");
    await other.locator("#bookStart").fill("2030-01-02T09:30");
    await other.locator("#book button").click();
    await other.locator(".entry", { hasText: "体检" }).waitFor();
    assert.equal(await other.locator("[data-part=todos]").count(), 0, "WeCom has no to-dos");
    await other.locator("#chats button").first().click();
    await other.locator(".message").first().waitFor();
    await there.close();
    await other.close();
});

test("the pages are drawn", async () => {
    const pictures = [];
    for (const page of [feishu, dingtalk, wecom]) {
        await page.bringToFront();
        pictures.push((await page.screenshot()).toString("base64"));
    }
    assert.ok(pictures.every((picture) => picture.length > 10_000));
    if (!process.env.LIANQIAO_SCREENSHOT) return;
    const both = await demo.browser.newPage();
    await both.setViewportSize({ width: 1480, height: 328 });
    const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture}">`).join("");
    await both.setContent(`<style>body { margin: 8px; display: flex; gap: 8px; background: #d5d9de } img { width: 482px }</style>${images}`);
    await both.screenshot({ path: process.env.LIANQIAO_SCREENSHOT });
});

test("markup of Matrix appears on each page once, and never as anything but text", async () => {
    const text = "hostile <img src=x onerror=alert(1)><b>bold</b>";
    await demo.says(text, "ann");
    for (const page of [feishu, dingtalk, wecom]) {
        const there = await message(page, "hostile");
        assert.equal(await there.count(), 1);
        assert.match(await there.locator(".body").textContent(), /onerror=alert\(1\)/);
        assert.equal(await page.locator(".message img, .message b").count(), 0);
    }
});

test("changes, reactions, answers and recalls of a page are seen there and in Matrix", async () => {
    const mine = await write(feishu, "十点开会");
    const first = await demo.heard(body("十点开会"), "the message");
    await mine.locator(".reply").click();
    const answer = await write(feishu, "我来");
    assert.match(await answer.locator(".quote").textContent(), /十点开会/);

    await message(feishu, "十点开会");
    const asked = feishu.locator(".message", { has: feishu.locator(".body", { hasText: "十点开会" }) });
    await asked.locator("[data-emoji=THUMBSUP]").click();
    await asked.locator("[data-emoji=THUMBSUP].mine").waitFor();
    const reacted = (event) => event.content["m.relates_to"]?.event_id === first.event_id && event.type === "m.reaction";
    await demo.heard(reacted, "the reaction");

    await asked.locator(".edit").click();
    await feishu.locator("#text").fill("十一点开会");
    await feishu.locator("#text").press("Enter");
    const changed = feishu.locator(".message", { has: feishu.locator(".body", { hasText: "十一点开会" }) });
    await changed.locator(".edited").waitFor();

    const regretted = await write(feishu, "说错了");
    await demo.heard(body("说错了"), "the words to be taken back");
    await regretted.locator(".recall").click();
    await feishu.locator(".message.recalled").waitFor();
    await demo.heard((event) => event.unsigned?.redacted_because, "the recall");
});

test("a page speaks both languages, has its people to choose from, and asks nobody but its simulator", async () => {
    const page = await demo.open("dingtalk", "cashier", "en");
    assert.match(await page.title(), /DingTalk · simulated/);
    assert.equal(await page.locator("#write > button").textContent(), "Send");
    await page.locator("#language").click();
    assert.equal(await page.locator("#write > button").textContent(), "发送");
    assert.match(await page.locator("#person").textContent(), /样例·王五/);
    await page.locator("#person").selectOption("wangwu");
    await message(page, "收到，来自钉钉");
    assert.deepEqual(new Set(page.asked), new Set([demo.pages.dingtalk]));
    await page.close();
});
