//! The templates that come with the product, from `config/approvals`.

/// Their texts.
pub(crate) const SHIPPED: [&str; 5] = [
    include_str!("../../../config/approvals/leave.json"),
    include_str!("../../../config/approvals/expense.json"),
    include_str!("../../../config/approvals/contract.json"),
    include_str!("../../../config/approvals/external-contact.json"),
    include_str!("../../../config/approvals/permission-change.json"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Template, check};

    #[test]
    fn what_is_shipped_can_be_published() {
        for text in SHIPPED {
            let template: Template = serde_json::from_str(text).unwrap();
            assert_eq!(check(&template), [], "{}", template.id);
        }
    }
}
