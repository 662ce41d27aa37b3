//! The sections of the documents that a failed check names.

pub(super) const DEPLOYING: &str = "docs/OPERATIONS.md#deploying";
pub(super) const OPERATOR_ERRORS: &str = "docs/OPERATIONS.md#operatorerrors-rings";
pub(super) const FUNCTION_FAILS: &str = "docs/OPERATIONS.md#a-function-fails";
pub(super) const USERS_GET_401: &str = "docs/OPERATIONS.md#users-get-401";
pub(super) const USERS_GET_429: &str = "docs/OPERATIONS.md#users-get-429";
pub(super) const WEBSOCKETS: &str = "docs/OPERATIONS.md#websockets";
pub(super) const ORIGINS: &str = "docs/DEPLOY_CHECK.md#create";
pub(super) const SMOKE: &str = "docs/DEPLOY_CHECK.md#smoke";
pub(super) const ROUTE_NAMES: &str = "docs/DEPLOY_CHECK.md#send-a-routes-name-as-a-message";

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn anchors(page: &str) -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        let text = std::fs::read_to_string(path).unwrap();
        let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
        let kept = |heading: &str| {
            heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-')).collect::<String>()
        };
        headings.map(|heading| kept(heading).to_lowercase().replace(' ', "-")).collect()
    }

    #[test]
    fn each_section_is_in_the_documents() {
        for section in [
            DEPLOYING,
            OPERATOR_ERRORS,
            FUNCTION_FAILS,
            USERS_GET_401,
            USERS_GET_429,
            WEBSOCKETS,
            ORIGINS,
            SMOKE,
            ROUTE_NAMES,
        ] {
            let (page, anchor) = section.split_once('#').unwrap();
            assert!(anchors(page).iter().any(|there| there == anchor), "{section}: {:?}", anchors(page));
        }
    }
}
