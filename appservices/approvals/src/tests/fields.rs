//! Fields of forms: what is typed for them, what is calculated, and what templates may not say.

use jiff::civil::date;
use kit::texts::{Lang, Texts};
use serde_json::{Value as Json, json};

use super::chart;
use crate::template::{
    File, Form, Reader, Template, Value, add_file, brief, calculate, check, missing, parse_value, read_line,
    said_again,
};

fn template(form: Json) -> Template {
    serde_json::from_value(json!({
        "v": 1, "id": "x", "version": 1, "name": {"zh": "X"}, "aliases": ["x"], "form": form,
        "flow": [{"id": "n1", "type": "approve", "mode": "and", "who": {"dept_head": 1}}],
    }))
    .unwrap()
}

/// Reads what is typed for the only field.
fn typed(field: Json, text: &str) -> Result<String, &'static str> {
    let (template, chart) = (template(json!([field])), chart());
    let calendar = workdays::WorkCalendar::default();
    let reader = Reader { today: date(2026, 11, 5), chart: &chart, calendar: &calendar };
    let value = parse_value(&template.form[0], text, reader).map_err(|error| error.problem)?;
    Ok(brief(&template.form[0], &value, &chart))
}

#[test]
fn days_are_counted_in_the_language_of_whoever_reads_them() {
    let field = json!({"id": "dates", "type": "date_range"});
    let kept = typed(field.clone(), "2026-11-10 2026-11-12").unwrap();
    assert_eq!(kept, "2026-11-10 – 2026-11-12 (3d)", "in no language");
    let one = typed(field.clone(), "2026-11-10 2026-11-10").unwrap();
    let template = template(json!([field]));
    let texts = Texts::with(&[crate::TEXTS]);
    // (the language, one day, three days)
    for (lang, single, several) in
        [(Lang::Zh, "1天", "3天"), (Lang::En, "1 day", "3 days"), (Lang::Both, "1天 / 1 day", "3天 / 3 days")]
    {
        let said =
            |kept: &str| said_again(&template.form[0], kept, &|key, values| texts.fill(lang, key, values));
        assert_eq!(said(&kept), format!("2026-11-10 – 2026-11-12 ({several})"));
        assert_eq!(said(&one), format!("2026-11-10 ({single})"));
        assert_eq!(said("-"), "-");
    }
}

#[test]
fn a_day_with_a_time_and_a_department_are_read_as_people_write_them() {
    let when = || json!({"id": "when", "type": "datetime"});
    for (text, expected) in [
        ("明天 9:30", Ok("2026-11-06 09:30")),
        ("11-10 14:00", Ok("2026-11-10 14:00")),
        ("2026-11-10T14:00", Ok("2026-11-10 14:00")),
        ("11-10", Err("form.moment")),
        ("11-10 25:00", Err("form.moment")),
        ("11-10 9:5", Err("form.moment")),
        ("2026-11-04 10:00", Err("form.past")),
    ] {
        assert_eq!(typed(when(), text), expected.map(str::to_owned), "{text}");
    }
    let where_ = || json!({"id": "dept", "type": "department"});
    for (text, expected) in [
        ("销售部", Ok("总部/销售部")),
        ("总部/市场部", Ok("总部/市场部")),
        ("总部", Ok("总部")),
        ("月球", Err("form.no_department")),
    ] {
        assert_eq!(typed(where_(), text), expected.map(str::to_owned), "{text}");
    }
}

#[test]
fn money_below_nothing_has_one_sign() {
    let template = template(json!([{"id": "amount", "type": "amount"}]));
    for (minor, expected) in [
        (-5, "-¥0.05"),
        (-12_345, "-¥123.45"),
        (-123_456_789, "-¥1,234,567.89"),
        (0, "¥0.00"),
        (100_000, "¥1,000.00"),
    ] {
        assert_eq!(brief(&template.form[0], &Value::Number(minor), &chart()), expected, "{minor}");
    }
}

fn list() -> Json {
    json!({"id": "items", "type": "list", "required": true, "columns": [
        {"id": "what", "type": "text", "label": {"zh": "名称"}, "required": true},
        {"id": "price", "type": "amount", "label": {"zh": "单价"}, "required": true},
        {"id": "note", "type": "text", "label": {"zh": "备注"}},
    ]})
}

#[test]
fn lines_of_a_list_are_read_and_shown_and_bounded() {
    assert_eq!(
        typed(list(), "交通 120; \"两晚 酒店\" 980.50 含早餐\n餐饮 80").unwrap(),
        "(3) 交通 ¥120.00；两晚 酒店 ¥980.50 含早餐；餐饮 ¥80.00"
    );
    for (text, problem) in
        [("交通", "form.row"), ("交通 abc", "form.amount"), (" ; ", "form.required"), ("", "form.required")]
    {
        assert_eq!(typed(list(), text), Err(problem), "{text}");
    }
    assert!(typed(list(), &"a 1;".repeat(200)).is_ok());
    assert_eq!(typed(list(), &"a 1;".repeat(201)), Err("form.lines"));
    assert_eq!(typed(list(), &"a 1;".repeat(20_000)), Err("form.long"));
}

#[test]
fn what_is_calculated_follows_the_form() {
    let template = template(json!([
        list(),
        {"id": "count", "type": "number"},
        {"id": "days", "type": "date_range"},
        {"id": "total", "type": "formula", "currency": "CNY", "formula": "(sum(items.price) + 1000) * 1.06"},
        {"id": "each", "type": "formula", "formula": "sum(items.price) / count", "required": true},
        {"id": "allowance", "type": "formula", "formula": "days.days * 100 - 0.5"},
    ]));
    assert_eq!(check(&template), []);
    let line = |price| Form::from([("price".to_owned(), Value::Number(price))]);
    let mut form = Form::from([("items".to_owned(), Value::Lines(vec![line(12_345), line(1)]))]);
    calculate(&template, &mut form);
    assert_eq!(form.get("total"), Some(&Value::Number(14_147)), "13346 * 1.06 = 14146.76");
    assert_eq!(form.get("each"), None, "count is open");
    assert!(missing(&template, &form).is_empty(), "what is calculated is not asked for");
    form.insert("count".to_owned(), Value::Number(0));
    calculate(&template, &mut form);
    assert_eq!(form.get("each"), None, "nothing is divided by nothing");
    form.insert("count".to_owned(), Value::Number(4));
    calculate(&template, &mut form);
    assert_eq!(form.get("each"), Some(&Value::Number(3_087)), "3086.5 goes up");
    form.insert("items".to_owned(), Value::Lines(vec![line(i64::MAX), line(i64::MAX)]));
    calculate(&template, &mut form);
    assert_eq!(form.get("total"), None, "what is too large is none");
}

#[test]
fn templates_with_formulas_and_lists_that_cannot_be_are_not_published() {
    for form in [
        json!([{"id": "f", "type": "formula"}]),
        json!([{"id": "f", "type": "formula", "formula": "1 +"}]),
        json!([{"id": "f", "type": "formula", "formula": "f + 1"}]),
        json!([{"id": "f", "type": "formula", "formula": "1 2"}]),
        json!([{"id": "f", "type": "formula", "formula": "1.1234567"}]),
        json!([{"id": "f", "type": "formula", "formula": "nobody * 2"}]),
        json!([{"id": "t", "type": "text"}, {"id": "f", "type": "formula", "formula": "t * 2"}]),
        json!([{"id": "f", "type": "formula", "formula": "(".repeat(100)}]),
        json!([{"id": "f", "type": "formula", "formula": "1+".repeat(400)}]),
        json!([{"id": "n", "type": "number", "formula": "1"}]),
        json!([{"id": "l", "type": "list"}]),
        json!([{"id": "n", "type": "number", "columns": [{"id": "a", "type": "text"}]}]),
        json!([{"id": "l", "type": "list", "columns": [{"id": "a", "type": "attachment"}]}]),
        json!([{"id": "l", "type": "list", "columns": [{"id": "a", "type": "text"}, {"id": "a", "type": "text"}]}]),
        json!([{"id": "l", "type": "list", "columns": [{"id": "a", "type": "single"}]}]),
    ] {
        assert!(!check(&template(form.clone())).is_empty(), "{form}");
    }
}

#[test]
fn pictures_go_to_fields_of_pictures_and_files_do_not() {
    let template = template(json!([
        {"id": "photo", "type": "image", "max": 1}, {"id": "files", "type": "attachment"},
    ]));
    let file = |name: &str, mimetype: &str| File {
        name: name.to_owned(),
        mxc: "mxc://test/1".to_owned(),
        event: "$e".to_owned(),
        sha256: String::new(),
        mimetype: mimetype.to_owned(),
    };
    let mut form = Form::new();
    for (name, mimetype) in [("a.pdf", "application/pdf"), ("b.jpg", "image/jpeg"), ("c.jpg", "image/jpeg")] {
        add_file(&template, &mut form, file(name, mimetype)).unwrap();
    }
    let names = |id: &str| match &form[id] {
        Value::Files(files) => files.iter().map(|file| file.name.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (names("photo"), names("files")),
        (vec!["b.jpg".to_owned()], vec!["a.pdf".to_owned(), "c.jpg".to_owned()])
    );
    let only = self::template(json!([{"id": "photo", "type": "image"}]));
    let refused = add_file(&only, &mut Form::new(), file("a.pdf", "application/pdf")).unwrap_err();
    assert_eq!((refused.field.as_str(), refused.problem), ("photo", "form.image"));
}

#[test]
fn a_line_fills_days_with_times_and_leaves_lists_to_be_asked_for() {
    let template = template(json!([
        {"id": "when", "type": "datetime", "required": true}, list(), {"id": "why", "type": "text"},
    ]));
    let (chart, calendar) = (chart(), workdays::WorkCalendar::default());
    let reader = Reader { today: date(2026, 11, 5), chart: &chart, calendar: &calendar };
    let form = read_line(&template, "明天 9:30 出差 回来", reader).unwrap();
    assert_eq!(form["when"], Value::Moment("2026-11-06 09:30".to_owned()));
    assert_eq!(form["why"], Value::Text("出差 回来".to_owned()));
    assert_eq!(
        missing(&template, &form).iter().map(|field| field.id.as_str()).collect::<Vec<_>>(),
        ["items"]
    );
}

#[test]
fn what_nobody_means_is_refused_in_every_kind_of_field() {
    let long = "9".repeat(5_000);
    let texts = [
        "",
        " ",
        "\u{0}",
        "-",
        "--",
        "::",
        ";;;;",
        "9999-12-31 23:59 x",
        "-9999-01-01 00:00",
        "32767-12-31",
        "2026-02-30",
        "2026-11-10 24:00",
        "2026-11-10 １２:００",
        "11-10 \u{202e}14:00",
        "総部//",
        "/",
        "../..",
        "🏖️",
        long.as_str(),
    ];
    let refused = [
        (json!({"id": "f", "type": "datetime"}), "form.moment"),
        (json!({"id": "f", "type": "department"}), "form.no_department"),
        (json!({"id": "f", "type": "date"}), "form.date"),
        (json!({"id": "f", "type": "number"}), "form.number"),
        (json!({"id": "f", "type": "formula", "formula": "1"}), "form.formula"),
        (json!({"id": "f", "type": "image"}), "form.file"),
    ];
    for (field, problem) in refused {
        for text in texts {
            assert_eq!(typed(field.clone(), text), Err(problem), "{field} {text:?}");
        }
    }
    let columns = json!([{"id": "a", "type": "datetime", "required": true}, {"id": "b", "type": "department", "required": true}]);
    for text in texts {
        let read = typed(json!({"id": "f", "type": "list", "columns": columns}), text);
        let problems = ["form.required", "form.row", "form.moment", "form.no_department"];
        assert!(read.as_ref().is_err_and(|problem| problems.contains(problem)), "{text:?} {read:?}");
    }
    let read =
        typed(json!({"id": "f", "type": "list", "columns": columns}), "11-10 14:00 销售部; 明天 9:00 月球");
    assert_eq!(read, Err("form.no_department"), "one line that is wrong refuses all");
}
