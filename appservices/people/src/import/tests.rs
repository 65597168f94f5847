use std::collections::BTreeMap;

use ruma::server_name;

use super::*;
use crate::{Chart, DepartmentPath, DepartmentVisibility, PersonId};

const LIST: &str = "工号,姓名,部门,职位,部门主管,账号,角色\n\
    1,李四,总部/销售部,经理,是,lisi,\n\
    2,张三,总部/销售部,专员,否,zhangsan,\n\
    3,王五,总部,财务总监,是,wangwu,cfo\n";

fn planned(text: &str, chart: &Chart, full: bool) -> Plan {
    let taken: BTreeMap<String, PersonId> = chart
        .people()
        .filter_map(|person| Some((person.account.as_ref()?.localpart().to_owned(), person.id.clone())))
        .collect();
    let list = read(text, Encoding::Utf8).unwrap();
    plan(&list, chart, &taken, server_name!("corp.example"), full)
}

fn staff() -> Chart {
    planned(LIST, &Chart::default(), false).onto(&Chart::default(), 1)
}

#[test]
fn a_list_makes_people_departments_and_heads() {
    let chart = staff();
    let sales = DepartmentPath::parse("总部 > 销售部").unwrap();
    assert_eq!(chart.department(&sales).unwrap().heads, [PersonId("1".into())]);
    assert_eq!(chart.in_role("cfo"), [PersonId("3".into())]);
    assert_eq!(chart.by_account(ruma::user_id!("@zhangsan:corp.example")).unwrap().name, "张三");
}

#[test]
fn the_same_list_twice_changes_nothing() {
    let chart = staff();
    let plan = planned(LIST, &chart, true);
    assert_eq!((plan.changes.len(), plan.unchanged, plan.errors.len()), (0, 3, 0));
}

#[test]
fn encodings_and_separators_are_found() {
    let (gb, _, _) = encoding_rs::GB18030.encode(LIST);
    assert_eq!(decode(&gb).unwrap(), (LIST.to_owned(), Encoding::Gb18030));
    let with_mark = ["\u{feff}", LIST].concat();
    assert_eq!(decode(with_mark.as_bytes()).unwrap(), (LIST.to_owned(), Encoding::Utf8));
    assert!(decode(b"\xff\xff\xff").is_err());
    for separator in [';', '\t'] {
        let list = read(&LIST.replace(',', &separator.to_string()), Encoding::Utf8).unwrap();
        assert_eq!((list.separator, list.rows.len()), (separator, 3));
    }
}

#[test]
fn a_bad_row_stops_no_other() {
    // (row, column, rule)
    let cases = [
        ("1.2E+10,甲,总部,,,,", Column::Number, Rule::RewrittenNumber),
        (",甲,总部,,,,", Column::Number, Rule::Required),
        ("9,,总部,,,,", Column::Name, Rule::Required),
        ("9,甲,,,,,", Column::Department, Rule::Required),
        ("9,甲,总部,,,Ä ,", Column::Localpart, Rule::Localpart),
        ("9,甲,总部,,,_feishu_1,", Column::Localpart, Rule::Localpart),
        ("9,甲,总部,,,lisi,", Column::Localpart, Rule::Taken),
        ("2,甲,总部,,,,", Column::Number, Rule::Twice),
    ];
    for (row, column, rule) in cases {
        let plan = planned(&format!("{LIST}{row}\n"), &Chart::default(), false);
        let found: Vec<_> = plan.errors.iter().map(|error| (error.line, error.column, error.rule)).collect();
        assert_eq!(found, [(5, column, rule)], "{row}");
        assert_eq!(plan.count(Kind::New), 3, "{row}");
    }
}

#[test]
fn formulas_stay_text_and_the_result_file_defuses_them() {
    let text = format!("{LIST}4,=cmd|' /C calc'!A0,总部,,,u4,\n");
    let list = read(&text, Encoding::Utf8).unwrap();
    let plan = planned(&text, &Chart::default(), false);
    assert!(plan.changes.iter().any(|change| change.after.name == "=cmd|' /C calc'!A0"));
    let result = plan.result_file(&list, &|key, _| key.to_owned());
    assert!(result.contains(",'=cmd|' /C calc'!A0,"), "{result}");
    assert!(result.starts_with("工号,姓名,部门,职位,部门主管,账号,角色,结果,原因\n"), "{result}");
    assert!(result.contains("org.import.new"), "{result}");
}

#[test]
fn a_missing_column_names_itself() {
    match read("工号,部门\n1,总部\n", Encoding::Utf8).unwrap_err() {
        crate::PeopleError::MissingColumns(missing) => assert_eq!(missing, "姓名"),
        error => panic!("{error}"),
    }
}

#[test]
fn only_a_full_list_makes_leavers_and_many_need_a_second_administrator() {
    let chart = staff();
    let shorter = LIST.lines().take(3).collect::<Vec<_>>().join("\n");
    assert_eq!(planned(&shorter, &chart, false).count(Kind::Left), 0);
    let plan = planned(&shorter, &chart, true);
    assert_eq!(plan.count(Kind::Left), 1);
    assert_eq!(plan.needs_second, Some((1, 33)));
}

#[test]
fn who_is_in_a_broken_row_does_not_leave() {
    let chart = staff();
    let broken = LIST.replace("2,张三,总部/销售部", "2,张三,");
    let plan = planned(&broken, &chart, true);
    assert_eq!((plan.count(Kind::Left), plan.errors.len()), (0, 1));
}

#[test]
fn who_has_no_account_gets_their_name_in_pinyin_once() {
    let text = "工号,姓名,部门\n1,张三,总部\n2,张三,总部\n3,吕布,总部\n4,Ann Lee,总部\n5,★,总部\n";
    let plan = planned(text, &Chart::default(), false);
    let made: Vec<_> = plan
        .changes
        .iter()
        .map(|change| change.after.account.as_ref().unwrap().localpart().to_owned())
        .collect();
    assert_eq!(made, ["zhangsan", "zhangsan2", "lvbu", "annlee", "u5"]);
}

#[test]
fn managers_must_exist_and_nobody_is_their_own() {
    let text = "工号,姓名,部门,上级工号\n1,甲,总部,2\n2,乙,总部,1\n3,丙,总部,77\n4,丁,总部,\n";
    let plan = planned(text, &Chart::default(), false);
    let found: Vec<_> = plan.errors.iter().map(|error| (error.line, error.rule)).collect();
    assert_eq!(found, [(2, Rule::Circle), (3, Rule::Circle), (4, Rule::UnknownManager)]);
    assert_eq!(plan.count(Kind::New), 1);
}

#[test]
fn a_move_is_a_move_and_a_headless_department_is_named() {
    let chart = staff();
    let plan = planned("工号,姓名,部门\n2,张三,总部/市场部\n", &chart, false);
    assert_eq!(plan.count(Kind::Moved), 1);
    assert_eq!(plan.headless, [DepartmentPath::parse("总部/市场部").unwrap()]);
}

#[test]
fn the_sample_imports_without_errors_and_nobody_is_without_a_head() {
    let plan = planned(include_str!("../../../../config/sample/staff.csv"), &Chart::default(), true);
    assert_eq!((plan.errors.as_slice(), plan.count(Kind::New), plan.headless.len()), (&[][..], 7, 0));
}

#[test]
fn many_of_one_name_get_a_localpart_each() {
    let rows: String = (0..300).map(|n| format!("{n},张伟,总部\n")).collect();
    let plan = planned(&format!("工号,姓名,部门\n{rows}"), &Chart::default(), false);
    let made: std::collections::BTreeSet<_> =
        plan.changes.iter().map(|change| change.after.account.as_ref().unwrap().localpart()).collect();
    assert_eq!((made.len(), made.contains("zhangwei300")), (300, true));
}

#[test]
fn half_rows_and_broken_quotes_are_told_of_and_lose_nobody() {
    // (what follows the good rows, how many rows are in error)
    for (rows, errors) in
        [("9\n", 1), ("9,甲\n", 1), ("9,甲,总部\n", 0), ("9,甲,总部,,,,,,,,\n", 0), ("\"9,甲,总部\n", 1)]
    {
        let plan = planned(&format!("{LIST}{rows}"), &Chart::default(), false);
        let lines: std::collections::BTreeSet<u64> = plan.errors.iter().map(|error| error.line).collect();
        assert_eq!(lines.len(), errors, "{rows}: {:?}", plan.errors);
        assert!(plan.count(Kind::New) >= 3, "{rows}");
    }
    for nothing in ["", "\n\n", "工号\u{0}姓名"] {
        assert!(read(nothing, Encoding::Utf8).is_err(), "{nothing:?}");
    }
    assert!(decode(&vec![b'a'; crate::limits::STAFF_LIST_BYTES_MAX + 1]).is_err());
}

#[test]
fn errors_are_told_in_the_words_of_the_table() {
    let text = "工号,姓名,部门,部门主管\n1.2E+10,甲,总部,\n2,乙,总部/销售部,\n";
    let list = read(text, Encoding::Utf8).unwrap();
    let plan = planned(text, &staff(), true);
    let say = |key: &str, values: &[(&str, &str)]| format!("{key}{values:?}");
    let steps = BTreeMap::from([(DepartmentPath::parse("总部/销售部").unwrap(), 2)]);
    let summary = plan.summary(&list, Telling { say: &say, steps: &steps, others: "丁" });
    for line in [
        r#"E402 E402[("row", "2"), ("col", "工号"), ("value", "1.2E+10")]"#,
        r#"E404 E404[("path", "总部/销售部"), ("n", "2")]"#,
        r#"E403 E403[("n", "2"), ("pct", "66"), ("who", "丁")]"#,
    ] {
        assert!(summary.lines().any(|found| found == line), "{line}: {summary}");
    }
    let missing = read("工号,部门\n1,总部\n", Encoding::Utf8).unwrap_err().said(&say);
    assert_eq!(missing, r#"E401 E401[("cols", "姓名")]"#);
}

#[test]
fn a_list_hears_of_its_columns_as_it_heads_them_itself() {
    let say = |key: &str, values: &[(&str, &str)]| format!("{key}{values:?}");
    let steps = BTreeMap::new();
    // (headings, what the first and the last column are called, what the last two columns of the result are called)
    let cases = [
        ("Employee_No*,name,department,level", "Employee_No*", "level", "result,reason"),
        ("工号,姓名,部门,职级", "工号", "职级", "结果,原因"),
        ("工号,姓名,部门,level", "工号", "level", "结果,原因"),
    ];
    for (headings, number, level, added) in cases {
        let text = format!("{headings}\n1.2E+10,甲,总部,\n7,乙,总部,high\n");
        let list = read(&text, Encoding::Utf8).unwrap();
        let plan = planned(&text, &Chart::default(), false);
        let summary = plan.summary(&list, Telling { say: &say, steps: &steps, others: "" });
        for said in
            [format!(r#"E402 E402[("row", "2"), ("col", "{number}")"#), format!(r#"("col", "{level}")"#)]
        {
            assert!(summary.contains(&said), "{said}: {summary}");
        }
        let result = plan.result_file(&list, &say);
        assert!(result.starts_with(&format!("{headings},{added}\n")), "{result}");
        assert!(result.contains(&format!("{number}: ")), "{result}");
    }
    // (headings, what is missing)
    let missing = [
        ("employee_no,localpart", "name, department"),
        ("工号,账号", "姓名、部门"),
        ("No.,Who", "工号 (employee_no)、姓名 (name)、部门 (department)"),
    ];
    for (headings, names) in missing {
        let said = read(&format!("{headings}\n1,a\n"), Encoding::Utf8).unwrap_err().said(&say);
        assert_eq!(said, format!(r#"E401 E401[("cols", "{names}")]"#));
    }
}

#[test]
fn a_full_list_that_says_of_a_head_that_they_left_needs_a_second_administrator_too() {
    let others: String = (10..60).map(|n| format!("{n},员工{n},总部,否,u{n},\n")).collect();
    let list = |of_head: &str, of_member: &str| {
        format!(
            "工号,姓名,部门,部门主管,账号,状态\n1,李四,总部/销售部,是,lisi,{of_head}\n\
             2,张三,总部/销售部,否,zhangsan,{of_member}\n{others}"
        )
    };
    let chart = planned(&list("", ""), &Chart::default(), false).onto(&Chart::default(), 1);
    let member = planned(&list("", "离职"), &chart, true);
    assert_eq!((member.count(Kind::Left), member.needs_second), (1, None));
    let head = planned(&list("离职", ""), &chart, true);
    assert_eq!((head.count(Kind::Left), head.needs_second), (1, Some((1, 1))));
    assert_eq!(
        planned(&list("离职", ""), &chart, false).needs_second,
        None,
        "a list that is not full names who leaves"
    );
}

#[test]
fn what_somebody_headed_who_left_is_not_forgotten() {
    let chart = staff();
    let plan = planned("工号,姓名,部门,部门主管,状态\n1,李四,总部/销售部,,离职\n", &chart, false);
    let after = plan.onto(&chart, 2);
    let sales = DepartmentPath::parse("总部/销售部").unwrap();
    assert_eq!(after.department(&sales).unwrap().heads, []);
    assert_eq!(after.stand_ins(&sales), [PersonId("3".into())]);
    let again = planned("工号,姓名,部门,部门主管,状态\n1,李四,总部/销售部,,离职\n", &after, false);
    assert_eq!((again.changes.len(), again.unchanged), (0, 1));
}

#[test]
fn days_are_read_as_spreadsheets_write_them_and_who_works_here_has_not_left() {
    let list = |status: &str, joined: &str, left_on: &str| {
        format!(
            "工号,姓名,部门,英文名,入职日期,离职日期,状态\n1,李四,总部,Li Si,{joined},{left_on},{status}\n"
        )
    };
    // (as it is written, as it is kept)
    for (written, kept) in [("2026-11-05", "2026-11-05"), ("2026/1/5", "2026-01-05"), ("", "")] {
        let plan = planned(&list("离职", "2020.2.29", written), &Chart::default(), false);
        let person = &plan.changes[0].after;
        assert_eq!((person.joined.as_str(), person.left_on.as_str()), ("2020-02-29", kept));
        assert_eq!(person.english_name, "Li Si");
        let back = planned(&list("在职", "2020-02-29", written), &plan.onto(&Chart::default(), 1), false);
        assert_eq!(back.changes[0].after.left_on, "");
    }
    for wrong in ["2026-02-30", "05.11.26.1", "yesterday", "2026-11", "2026-11-05-1"] {
        let plan = planned(&list("", wrong, ""), &Chart::default(), false);
        let found: Vec<_> = plan.errors.iter().map(|error| (error.column, error.rule)).collect();
        assert_eq!(found, [(Column::Joined, Rule::Day)], "{wrong}");
    }
    let chart = planned(&list("", "", ""), &Chart::default(), false).onto(&Chart::default(), 1);
    assert_eq!(chart.called("li si").len(), 1);
    assert!(chart.called("").is_empty());
}

#[test]
fn codes_and_visibility_of_departments_are_kept_until_a_list_says_otherwise() {
    let sales = DepartmentPath::parse("总部/销售部").unwrap();
    let list = "工号,姓名,部门,部门编码,部门可见性\n1,甲,总部/销售部,D012,\n2,乙,总部/销售部,,保密\n3,丙,总部,D1,公开\n";
    let first = planned(list, &Chart::default(), false);
    assert_eq!((first.errors.as_slice(), first.notes.len()), (&[][..], 2));
    let chart = first.onto(&Chart::default(), 1);
    assert_eq!((chart.code_of(&sales), chart.visibility_of(&sales)), ("D012", DepartmentVisibility::Hidden));
    assert!(planned(list, &chart, false).notes.is_empty(), "the same list twice changes nothing");
    let other = planned("工号,姓名,部门\n1,甲,总部/销售部\n", &chart, false).onto(&chart, 2);
    assert_eq!(other.code_of(&sales), "D012", "a list without the column says nothing of it");
    let open = planned("工号,姓名,部门,dept_visibility\n1,甲,总部/销售部,public\n", &chart, false);
    let open = open.onto(&chart, 2);
    assert_eq!((open.code_of(&sales), open.visibility_of(&sales)), ("D012", DepartmentVisibility::Public));
    // (rows, the error of the second)
    for (rows, column, rule) in [
        ("1,甲,总部,D1,\n2,乙,总部,D2,\n", Column::DepartmentCode, Rule::Contradicts),
        ("1,甲,总部,D1,\n2,乙,总部/销售部,D1,\n", Column::DepartmentCode, Rule::CodeTaken),
        ("1,甲,总部,,公开\n2,乙,总部,,内部\n", Column::DepartmentVisibility, Rule::Contradicts),
        ("1,甲,总部,,\n2,乙,总部,,半开\n", Column::DepartmentVisibility, Rule::Word),
        ("1,甲,总部,,\n2,乙,总部,1.2E+10,\n", Column::DepartmentCode, Rule::RewrittenNumber),
    ] {
        let plan = planned(&format!("工号,姓名,部门,部门编码,部门可见性\n{rows}"), &Chart::default(), false);
        let found: Vec<_> = plan.errors.iter().map(|error| (error.line, error.column, error.rule)).collect();
        assert_eq!(found, [(3, column, rule)], "{rows}");
    }
}

#[test]
fn a_hidden_department_is_found_by_its_own_people_and_those_above() {
    let list = "工号,姓名,部门,部门主管,部门可见性\n1,甲,总部,是,\n2,乙,总部/投资部,是,保密\n3,丙,总部/投资部/一组,,\n\
        4,丁,总部/销售部,是,\n";
    let chart = planned(list, &Chart::default(), false).onto(&Chart::default(), 1);
    let finds = |id: &str, path: &str| {
        let me = chart.person(&PersonId(id.into())).unwrap();
        chart.finds(me, &DepartmentPath::parse(path).unwrap())
    };
    for path in ["总部/投资部", "总部/投资部/一组"] {
        assert_eq!(["1", "2", "3", "4"].map(|id| finds(id, path)), [true, true, true, false], "{path}");
    }
    assert!(finds("4", "总部") && finds("3", "总部/销售部"));
}

#[test]
fn an_id_at_another_platform_is_one_persons() {
    let list = |rows: &str| format!("工号,姓名,部门,飞书ID,状态\n{rows}");
    let chart = planned(&list("1,甲,总部,ou_1,\n2,乙,总部,ou_2,\n"), &Chart::default(), false);
    let chart = chart.onto(&Chart::default(), 1);
    // (rows, whether the list is full, the lines in error)
    let cases: [(&str, bool, &[u64]); 9] = [
        ("3,丙,总部,ou_3,\n4,丁,总部,ou_3,\n", false, &[2, 3]),
        ("3,丙,总部,ou_1,\n", false, &[2]),
        ("1,甲,总部,ou_1,\n3,丙,总部,ou_1,\n", false, &[3]),
        ("1,甲,总部,,\n3,丙,总部,ou_1,\n", false, &[]),
        ("1,甲,总部,ou_2,\n2,乙,总部,ou_1,\n", false, &[]),
        ("1,甲,总部,,离职\n3,丙,总部,ou_1,\n", false, &[]),
        ("3,丙,总部,ou_1,\n", true, &[]),
        // The first row is refused, so its person keeps what the second row names.
        ("1,甲,总部,ou_2,\n3,丙,总部,ou_1,\n", false, &[2, 3]),
        ("3,丙,总部,,\n4,丁,总部,,\n", false, &[]),
    ];
    for (rows, full, lines) in cases {
        let plan = planned(&list(rows), &chart, full);
        let found: Vec<_> = plan.errors.iter().map(|error| (error.line, error.column, error.rule)).collect();
        let wanted: Vec<_> = lines.iter().map(|line| (*line, Column::Feishu, Rule::Shared)).collect();
        assert_eq!(found, wanted, "{rows}");
    }
}

#[test]
fn a_number_that_a_spreadsheet_rewrote_is_refused_in_every_column_of_numbers() {
    // (column, what stands there, whether a spreadsheet wrote it)
    let cases = [
        ("上级工号", "1.00E+11", true),
        ("手机", "1.38E+10", true),
        ("钉钉ID", "1.61235E+14", true),
        ("企微ID", "2E+14", true),
        ("飞书ID", "12345e67", false),
        ("职位", "1.38E+10", false),
    ];
    for (heading, value, is_rewritten) in cases {
        let text = format!("工号,姓名,部门,{heading}\n1,甲,总部,{value}\n");
        let plan = planned(&text, &Chart::default(), false);
        let found: Vec<_> = plan.errors.iter().map(|error| (error.value.as_str(), error.rule)).collect();
        let wanted: Vec<_> = is_rewritten.then_some((value, Rule::RewrittenNumber)).into_iter().collect();
        assert_eq!(found, wanted, "{heading}");
    }
}
