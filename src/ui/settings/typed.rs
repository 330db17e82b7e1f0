//! What somebody has typed into the page of settings, and what there is to say of it.
//! Knows nothing of who may change settings, nor of how they are saved.

use super::super::form::Form;
use super::LABELS;
use crate::base_url::BaseUrl;
use crate::config::{Config, Unfit};
use crate::settings::Unchanged;
use http::StatusCode;
use std::collections::HashMap;
use std::sync::Arc;

/// The key of the setting by which a slip can lock the page.
pub(super) const BASE_URL: &str = "server.base_url";

/// The hidden field that shows what was saved when the form was made.
const MARK: &str = "mark";

/// The box by which a base URL is confirmed that is not the one the form came by.
const CONFIRMED: &str = "other_address";

const MEANWHILE: &str = "nothing was saved: settings were changed meanwhile, by another page or another NOPAR. Beside them \
                         stands what is saved now; another save puts what the fields hold in its place";

/// What stands in the fields beside what is saved.
#[derive(Clone, Default)]
pub(super) struct Typed {
    values: HashMap<&'static str, String>,
    /// What was saved when the form was made; nothing if it does not say so.
    pub(super) mark: Option<String>,
    /// Whether another address was confirmed, where that is asked for.
    pub(super) confirmed: Option<bool>,
    /// What is wrong with fields.
    pub(super) errors: HashMap<&'static str, String>,
    /// What is wrong with no field.
    pub(super) error: Option<String>,
    /// What is saved now, if that is not what the form showed.
    pub(super) meanwhile: Option<Arc<Config>>,
}

impl Typed {
    /// Of the settings that there are; spaces around a value are none of it.
    pub(super) fn of(form: &Form) -> Typed {
        let keys = LABELS.iter().map(|(key, _, _)| *key);
        let values = keys.filter_map(|key| Some((key, form.field(key)?.to_owned()))).collect();
        let mark = form.field(MARK).map(str::to_owned);
        Typed { values, mark, confirmed: form.has(CONFIRMED).then_some(true), ..Typed::default() }
    }

    /// What is typed for a setting.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Why a base URL has to be confirmed: it leads elsewhere than to where the form `came_by`, and is not the one that
    /// there is `now`. By a slip nobody would reach the page again.
    pub(super) fn asks(&self, now: &Config, came_by: Option<&str>) -> Option<Unchanged> {
        let url = BaseUrl::parse(self.get(BASE_URL)?.trim()).ok()?;
        let is_known = now.server.base_url.as_ref() == Some(&url) || came_by == Some(url.origin());
        if is_known || self.confirmed.is_some() {
            return None;
        }
        let by = came_by.map(|by| format!(" ({by})")).unwrap_or_default();
        let problem = format!(
            "this is not the address that you come by{by}, and with it pages take forms from {} only: look whether \
             it leads here, and tick the box to save it",
            url.origin()
        );
        Some(Unchanged::Unfit(vec![Unfit { key: Some(BASE_URL), problem }]))
    }

    /// The same with why nothing has changed.
    pub(super) fn after(self, unchanged: Unchanged) -> (StatusCode, Typed) {
        let failed = |this: Typed, why: String| {
            let error = Some(format!("nothing was changed: {why}"));
            (StatusCode::INTERNAL_SERVER_ERROR, Typed { error, ..this })
        };
        match unchanged {
            Unchanged::Unfit(unfit) => (StatusCode::UNPROCESSABLE_ENTITY, self.with(unfit)),
            Unchanged::Meanwhile { now, changed } => {
                (StatusCode::CONFLICT, self.beside(now, &changed))
            }
            Unchanged::Unsaved(error) => failed(self, error.to_string()),
            Unchanged::NoPlace(error) => failed(self, error.to_string()),
        }
    }

    fn with(self, unfit: Vec<Unfit>) -> Typed {
        let (of_fields, others): (Vec<Unfit>, _) =
            unfit.into_iter().partition(|unfit| unfit.key.is_some());
        let error =
            others.into_iter().map(|unfit| unfit.problem).reduce(|all, one| all + "; " + &one);
        let of_field = |unfit: Unfit| Some((unfit.key?, unfit.problem));
        let errors: HashMap<_, _> = of_fields.into_iter().filter_map(of_field).collect();
        let is_asked = errors.contains_key(BASE_URL);
        let confirmed = self.confirmed.or_else(|| is_asked.then_some(false));
        Typed { errors, error, confirmed, ..self }
    }

    fn beside(self, now: Arc<Config>, changed: &[&'static str]) -> Typed {
        let fields = now.fields().into_iter().filter(|field| changed.contains(&field.key));
        let told = fields.map(|field| match field.saved.as_str() {
            "" => (field.key, "changed meanwhile: nothing is saved here now".to_owned()),
            saved => (field.key, format!("changed meanwhile: {saved} is saved now")),
        });
        let errors = told.collect();
        Typed { errors, error: Some(MEANWHILE.to_owned()), meanwhile: Some(now), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(body: &str) -> Typed {
        Typed::of(&Form::parse(body.as_bytes()))
    }

    #[test]
    fn a_base_url_that_leads_elsewhere_is_confirmed_first() {
        let now = Config::default();
        let asks = |body: &str, by: Option<&str>| typed(body).asks(&now, by).is_some();
        let here = Some("http://127.0.0.1:5984");
        let elsewhere = "server.base_url=+https%3A%2F%2Fnpm.example%2Fnpm+";
        assert!(asks(elsewhere, here) && asks(elsewhere, None));
        assert!(asks(elsewhere, Some("https://npm.example:8443")));
        assert!(!asks(elsewhere, Some("https://npm.example")));
        assert!(!asks(&format!("{elsewhere}&other_address=yes"), here));
        // Nothing, and what is no base URL, are not asked about.
        for body in ["", "server.base_url=", "server.base_url=x", "server.port=80"] {
            assert!(!asks(body, here), "{body}");
        }
        let mut holds = now.clone();
        holds.server.base_url = BaseUrl::parse("https://npm.example/npm").ok();
        assert!(typed(elsewhere).asks(&holds, here).is_none(), "it is the one that there is");
    }

    #[test]
    fn a_box_that_was_asked_for_stays() {
        let unfit =
            |key| Unchanged::Unfit(vec![Unfit { key: Some(key), problem: "no".to_owned() }]);
        let after = |body: &str, key| typed(body).after(unfit(key)).1.confirmed;
        assert_eq!(after("", BASE_URL), Some(false));
        assert_eq!(after("", "server.port"), None);
        assert_eq!(after("other_address=yes", "server.port"), Some(true));
    }
}
