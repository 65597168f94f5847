//! The columns of a staff list by their Chinese and English names.

/// A column that means something. Others are carried along and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Employee number; required.
    Number,
    /// Name; required.
    Name,
    /// Department path; required. Several are separated by `;` or `|`.
    Department,
    /// Title.
    Title,
    /// Level, a whole number.
    Level,
    /// Employee number of the person they report to.
    Manager,
    /// Whether they head their (first) department, or the paths that they head.
    Head,
    /// Telephone number.
    Phone,
    /// Mail address.
    Email,
    /// active, suspended or left.
    Status,
    /// Localpart of their account.
    Localpart,
    /// Roles, separated like departments.
    Roles,
    /// Id at DingTalk.
    Dingtalk,
    /// Id at Feishu.
    Feishu,
    /// Id at WeCom.
    Wecom,
    /// zh or en.
    Language,
    /// The zone they work in.
    Zone,
    /// Their name for those who read no Chinese.
    EnglishName,
    /// The day on which they came.
    Joined,
    /// The day on which they left.
    LeftOn,
    /// The code of their (first) department.
    DepartmentCode,
    /// Who finds their (first) department: public, internal or hidden.
    DepartmentVisibility,
}

impl Column {
    /// Every column.
    pub const ALL: [Self; 22] = [
        Self::Number,
        Self::Name,
        Self::Department,
        Self::Title,
        Self::Level,
        Self::Manager,
        Self::Head,
        Self::Phone,
        Self::Email,
        Self::Status,
        Self::Localpart,
        Self::Roles,
        Self::Dingtalk,
        Self::Feishu,
        Self::Wecom,
        Self::Language,
        Self::Zone,
        Self::EnglishName,
        Self::Joined,
        Self::LeftOn,
        Self::DepartmentCode,
        Self::DepartmentVisibility,
    ];

    /// The columns without which a list is refused (E401).
    pub const REQUIRED: [Self; 3] = [Self::Number, Self::Name, Self::Department];

    /// Its name in Chinese and in English.
    #[must_use]
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Number => ("工号", "employee_no"),
            Self::Name => ("姓名", "name"),
            Self::Department => ("部门", "department"),
            Self::Title => ("职位", "title"),
            Self::Level => ("职级", "level"),
            Self::Manager => ("上级工号", "manager"),
            Self::Head => ("部门主管", "head"),
            Self::Phone => ("手机", "phone"),
            Self::Email => ("邮箱", "email"),
            Self::Status => ("状态", "status"),
            Self::Localpart => ("账号", "localpart"),
            Self::Roles => ("角色", "roles"),
            Self::Dingtalk => ("钉钉ID", "dingtalk"),
            Self::Feishu => ("飞书ID", "feishu"),
            Self::Wecom => ("企微ID", "wecom"),
            Self::Language => ("语言", "lang"),
            Self::Zone => ("时区", "tz"),
            Self::EnglishName => ("英文名", "en_name"),
            Self::Joined => ("入职日期", "joined"),
            Self::LeftOn => ("离职日期", "left_on"),
            Self::DepartmentCode => ("部门编码", "dept_code"),
            Self::DepartmentVisibility => ("部门可见性", "dept_visibility"),
        }
    }

    /// The column with this heading. Case, spaces around it and a mark of being required do not matter.
    #[must_use]
    pub fn called(heading: &str) -> Option<Self> {
        let heading = heading.trim().trim_end_matches(['!', '！', '*']).trim();
        Self::ALL.into_iter().find(|column| {
            let (chinese, english) = column.names();
            heading.eq_ignore_ascii_case(chinese) || heading.eq_ignore_ascii_case(english)
        })
    }
}
