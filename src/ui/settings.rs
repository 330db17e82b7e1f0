//! The page of settings: what they are and where that comes from, and a form that changes those that can be changed while
//! NOPAR serves. For who may administer, and nobody else: it names directories and other registries.
//! Knows nothing of how it looks, nor of how settings come to hold.

use super::admin::NOT_NEAR;
use super::calls::see_other;
use super::form::Form;
use super::sign_in::to_sign_in;
use super::{Ui, Visit, not_allowed, notice};
use crate::api::Body;
use crate::config::{Config, Field, Kind, Origin, SettingView, Unfit};
use crate::reply::Reply;
use crate::settings::{Changed, Unchanged};
use crate::trail::{Deed, Line, Outcome};
use crate::web::{SettingField, SettingRow, SettingsPage};
use http::StatusCode;
use log::error;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Its path.
const PAGE: &str = "/-/settings";

/// What the settings are called, in the order of the page, and what is to be known of them beside their meaning.
const LABELS: [(&str, &str, &str); 10] = [
    ("upstream.url", "Parent registry", "NOPAR's token for a registry goes to no other one."),
    ("upstream.auto_forward", "Forward requests", ""),
    ("upstream.ignore_cert", "Ignore invalid certificates", ""),
    ("server.hostname", "Hostname", "Needs a restart."),
    ("server.port", "Port", "Needs a restart."),
    ("server.base_url", "Base URL", ""),
    ("upstream.proxy_url", "Proxy", ""),
    ("upstream.user_agent", "User agent", ""),
    ("cache.meta_ttl", "Time to live", "Of what is fetched or confirmed from then on."),
    ("log.level", "Log level", ""),
];

const IGNORED: &str = "NOPAR was started with --ignore-saved-settings: what was saved before is left out. The next save \
                       replaces it.";

/// Why somebody may not, where users have accounts.
const NO_ADMIN: &str = "settings are seen and changed by administrators (NOPAR_ADMINS)";

/// What stands in the fields beside what is saved.
#[derive(Default)]
struct Typed {
    values: HashMap<&'static str, String>,
    errors: HashMap<&'static str, String>,
    error: Option<String>,
}

impl Ui {
    pub(super) async fn settings(&self, visit: &Visit<'_>, body: &mut dyn Body) -> Reply {
        if !self.may_administer(visit) {
            if visit.acts() {
                let why = "who may not administer";
                line(visit, Outcome::Refused).with("why", why).write();
            } else if !self.access.is_open() && visit.caller.user().is_none() {
                return to_sign_in(visit, PAGE);
            }
            return not_allowed(if self.access.is_open() { NOT_NEAR } else { NO_ADMIN });
        }
        if !visit.acts() {
            return self.settings_page(visit, &Typed::default(), StatusCode::OK);
        }
        let form = match self.form(visit, body).await {
            Ok(form) => form,
            Err(reply) => return reply,
        };
        let typed = typed(&form);
        match self.change(visit, typed.clone()).await {
            Ok(()) => see_other(visit, &notice::telling(PAGE, "saved")),
            Err(unchanged) => {
                let (status, errors, error) = told(unchanged);
                if let Some(why) = &error {
                    error!("settings: {why}");
                    line(visit, Outcome::Failed).with("why", why).write();
                }
                self.settings_page(visit, &Typed { values: typed, errors, error }, status)
            }
        }
    }

    /// Has what is typed hold; each setting that is another one then is a line on the trail.
    async fn change(
        &self,
        visit: &Visit<'_>,
        typed: HashMap<&'static str, String>,
    ) -> Result<(), Unchanged> {
        let settings = Arc::clone(&self.settings);
        let (who, from) = (visit.caller.user().map(str::to_owned), visit.from);
        let change = move || {
            let tell = |changed: &[Changed]| {
                for Changed { key, value } in changed {
                    let line = line_of(who.as_deref(), from, Outcome::Ok);
                    line.with("setting", key).with("value", value).write();
                }
            };
            settings.change(&|key| typed.get(key).map(String::as_str), &tell)
        };
        let changed = spawn_blocking(change).await;
        changed.unwrap_or_else(|panic| Err(Unchanged::NoPlace(std::io::Error::other(panic))))
    }

    fn settings_page(&self, visit: &Visit<'_>, typed: &Typed, status: StatusCode) -> Reply {
        let (config, waiting) = (self.settings.now(), self.settings.waiting());
        let fields: Vec<SettingField> =
            config.fields().iter().map(|field| shown(field, &config, typed, &waiting)).collect();
        let is_other = |view: &SettingView| !fields.iter().any(|field| field.key == view.key);
        let rows = config.settings().into_iter().filter(is_other).map(row).collect();
        let mut warnings = config.warnings.clone();
        warnings.extend(config.ignores_saved().then(|| IGNORED.to_owned()));
        if !waiting.is_empty() {
            let labels: Vec<&str> = waiting.iter().map(|key| label(key).0).collect();
            warnings.push(format!("{}: another one holds until a restart.", labels.join(", ")));
        }
        let page = SettingsPage {
            frame: self.frame(visit).here("settings"),
            csrf: &self.csrf(visit),
            error: typed.error.as_deref(),
            warnings: &warnings,
            file: &config.saved_in().display().to_string(),
            fields,
            rows,
        };
        page.reply(status)
    }
}

/// What is typed, of the settings that there are; spaces around it are none of it.
fn typed(form: &Form) -> HashMap<&'static str, String> {
    let keys = LABELS.iter().map(|(key, _, _)| *key);
    keys.filter_map(|key| Some((key, form.field(key)?.to_owned()))).collect()
}

fn label(key: &str) -> (&'static str, &'static str) {
    let found = LABELS.iter().find(|(one, _, _)| *one == key);
    found.map_or(("", ""), |(_, label, more)| (label, more))
}

fn shown(field: &Field, config: &Config, typed: &Typed, waiting: &[&str]) -> SettingField {
    let (label, more) = label(field.key);
    let saved = typed.values.get(field.key).unwrap_or(&field.saved);
    let from = match config.origin(field.key) {
        Origin::Saved => "this page".to_owned(),
        origin => from(origin, field.env),
    };
    let value = if field.value.is_empty() { "empty" } else { &field.value };
    SettingField {
        key: field.key,
        label,
        doc: format!("{} {more}", field.doc.replace('\n', " ")).trim_end().to_owned(),
        typed: saved.clone(),
        choices: match field.kind {
            Kind::Text => &[],
            Kind::OneOf(choices) => choices,
        },
        otherwise: field.otherwise.clone(),
        is: format!("Is {value} ({from}); {}.", field.env),
        error: typed.errors.get(field.key).cloned(),
        waits: waiting.contains(&field.key),
    }
}

fn row(view: SettingView) -> SettingRow {
    let from = from(view.origin, view.env);
    SettingRow { key: view.key.into_owned(), value: view.value, doc: view.doc, from }
}

fn from(origin: Origin, env: &str) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::File => "file".to_owned(),
        Origin::Environment => env.to_owned(),
        Origin::Saved => "this page".to_owned(),
    }
}

/// What is told of it beside the fields, and above them.
fn told(unchanged: Unchanged) -> (StatusCode, HashMap<&'static str, String>, Option<String>) {
    let failed = |why: String| {
        let told = format!("nothing was changed: {why}");
        (StatusCode::INTERNAL_SERVER_ERROR, HashMap::new(), Some(told))
    };
    match unchanged {
        Unchanged::Unfit(unfit) => {
            let (of_fields, others): (Vec<Unfit>, _) =
                unfit.into_iter().partition(|unfit| unfit.key.is_some());
            let error =
                others.into_iter().map(|unfit| unfit.problem).reduce(|all, one| all + "; " + &one);
            let of_field = |unfit: Unfit| Some((unfit.key?, unfit.problem));
            let errors = of_fields.into_iter().filter_map(of_field).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, errors, error)
        }
        Unchanged::Unsaved(error) => failed(error.to_string()),
        Unchanged::NoPlace(error) => failed(error.to_string()),
    }
}

fn line(visit: &Visit<'_>, outcome: Outcome) -> Line {
    line_of(visit.caller.user(), visit.from, outcome)
}

fn line_of(who: Option<&str>, from: Option<IpAddr>, outcome: Outcome) -> Line {
    Line::of(Deed::Settings, outcome, who, from.map(|from| from.to_string()).as_deref())
}
