//! The law in tables, and conversations on the stage.

mod cards;
mod choice;
mod decided_there;
mod delegations;
mod drafts;
mod edges;
mod elsewhere;
mod enclosures;
mod entries;
mod fields;
mod flows;
mod forms;
mod hands;
mod hostile;
mod large_forms;
mod law;
mod lists;
mod mail;
mod modes;
mod own_department;
mod pages;
mod paper;
pub(crate) mod partner;
mod partners;
mod partners_asked;
mod partners_ends;
mod partners_handing;
mod partners_leaving;
mod partners_records;
mod partners_trust;
mod races;
mod secrets;
mod talk;
mod ways_back;
mod wording;

use std::sync::Arc;

use people::{Chart, DepartmentPath, Person};
use ruma::OwnedUserId;

/// (number, localpart, name, department, title, heads it, roles)
const STAFF: [(&str, &str, &str, &str, &str, bool, &str); 8] = [
    ("1", "zhangsan", "张三", "总部/销售部", "专员", false, ""),
    ("2", "lisi", "李四", "总部/销售部", "销售部主管", true, ""),
    ("3", "wangwu", "王五", "总部", "财务总监", false, "cfo"),
    ("4", "zhaoliu", "赵六", "总部", "总经理", true, ""),
    ("5", "chuna", "出纳", "总部", "出纳", false, "cashier"),
    ("6", "admin", "管理员", "总部", "", false, "approval_admin"),
    ("7", "sunqi", "孙七", "总部/销售部", "专员", false, ""),
    ("8", "ann", "Ann", "总部/市场部", "", false, ""),
];

fn person(row: (&str, &str, &str, &str, &str, bool, &str)) -> Person {
    let (id, localpart, name, department, title, heads, role) = row;
    let department = DepartmentPath::parse(department).unwrap();
    let mut person = Person::new(id, name, department.clone());
    person.account = Some(OwnedUserId::try_from(format!("@{localpart}:test")).unwrap());
    person.title = title.to_owned();
    person.head_of.extend(heads.then_some(department));
    person.roles.extend((!role.is_empty()).then(|| role.to_owned()));
    if name == "Ann" {
        person.language = people::Language::En;
    }
    person
}

fn staff() -> Vec<Person> {
    STAFF.into_iter().map(person).collect()
}

/// The staff as a list that can be imported.
fn staff_list() -> String {
    let row = |row: (&str, &str, &str, &str, &str, bool, &str)| {
        let (id, localpart, name, department, title, heads, role) = row;
        let (head, language) = (if heads { "是" } else { "" }, if name == "Ann" { "en" } else { "" });
        format!("{id},{localpart},{name},{department},{title},{head},{role},{language}\n")
    };
    let rows: String = STAFF.into_iter().map(row).collect();
    format!("工号,账号,姓名,部门,职位,部门主管,角色,语言\n{rows}")
}

fn chart() -> Chart {
    Chart::new(318, staff().into_iter().map(Arc::new))
}
