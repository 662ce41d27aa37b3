//! How a service wants the push of its notification to look.

use serde::Deserialize;

use crate::api_error::ApiError;
use crate::outbox::{ClickAction, PushLook, SecureAddress};

/// The field `push` of a request. A field that is `null` counts as absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewLook {
    image: Option<String>,
    icon: Option<String>,
    link: Option<String>,
    click_action: Option<String>,
    silent: Option<bool>,
}

impl NewLook {
    /// # Errors
    /// 400 for an address that is not `https://…` or is longer than 512 characters, and for an action with other characters than a
    /// name has.
    pub(super) fn check(self) -> Result<PushLook, ApiError> {
        let address = |name: &str, text: Option<String>| {
            let parse =
                |text: String| SecureAddress::parse(&text).ok_or_else(|| ApiError::field(name, SecureAddress::RULE));
            text.map(parse).transpose()
        };
        let action = |text: String| {
            ClickAction::parse(&text).ok_or_else(|| ApiError::field("push.clickAction", ClickAction::RULE))
        };
        Ok(PushLook {
            image: address("push.image", self.image)?,
            icon: address("push.icon", self.icon)?,
            link: address("push.link", self.link)?,
            click_action: self.click_action.map(action).transpose()?,
            silent: self.silent.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checked(look: Value) -> Result<PushLook, String> {
        serde_json::from_value::<NewLook>(look).unwrap().check().map_err(|error| error.to_string())
    }

    #[test]
    fn a_refusal_names_the_field_and_says_what_it_takes() {
        for (look, told) in [
            (json!({ "image": "http://cdn.example/a.png" }), "push.image must be an address"),
            (json!({ "icon": "icon.png" }), "push.icon must be an address"),
            (json!({ "link": "/orders/7" }), "push.link must be an address"),
            (json!({ "clickAction": "open order" }), "push.clickAction must be the name of an action"),
        ] {
            let refused = checked(look).unwrap_err();
            assert!(refused.starts_with(told) && refused.contains("such as "), "{refused}");
        }
    }

    #[test]
    fn nothing_chosen_is_a_usual_push() {
        let nulls = json!({ "image": null, "icon": null, "link": null, "clickAction": null, "silent": null });
        for usual in [json!({}), json!({ "silent": false }), nulls] {
            assert!(checked(usual).unwrap().is_default());
        }
        assert!(checked(json!({ "silent": true })).unwrap().silent);
    }
}
