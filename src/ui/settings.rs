//! The page of settings: what they are and where that comes from, and a form that changes those that can be changed while
//! NOPAR serves. For who may administer, and nobody else: it names directories and other registries.
//! Knows nothing of how it looks, nor of how settings come to hold.

mod typed;

use super::calls::see_other;
use super::sign_in::to_sign_in;
use super::{Ui, Visit, not_allowed, notice};
use crate::access::Access;
use crate::api::{Body, NOT_NEAR};
use crate::config::{Config, Field, Kind, Origin, SettingView};
use crate::reply::Reply;
use crate::settings::{Changed, Unchanged};
use crate::trail::{Deed, Line, Outcome};
use crate::web::{SettingField, SettingRow, SettingsPage};
use http::StatusCode;
use log::error;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use typed::{BASE_URL, Typed};

/// Its path.
const PAGE: &str = "/-/settings";

/// What the settings are called, in the order of the page, and what is to be known of them beside their meaning.
const LABELS: [(&str, &str, &str); 10] = [
    ("upstream.url", "Parent registry", "NOPAR's token for a registry goes to no other one."),
    ("upstream.auto_forward", "Forward requests", ""),
    (
        "upstream.ignore_cert",
        "Ignore invalid certificates",
        "With yes from here, NOPAR's token is shown to nobody.",
    ),
    ("server.hostname", "Hostname", "Needs a restart."),
    ("server.port", "Port", "Needs a restart."),
    ("server.base_url", "Base URL", ""),
    ("upstream.proxy_url", "Proxy", "NOPAR's token goes by no proxy that is set here."),
    ("upstream.user_agent", "User agent", ""),
    ("cache.meta_ttl", "Time to live", "Of what is fetched or confirmed from then on."),
    ("log.level", "Log level", ""),
];

const IGNORED: &str = "NOPAR was started with --ignore-saved-settings: what was saved before is left out. The next save \
                       replaces it; a file that makes no sense is put aside as registry.json.damaged-….";

/// Why somebody may not, where users have accounts.
const NO_ADMIN: &str = "settings are seen and changed by administrators (NOPAR_ADMINS)";

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
            return self.settings_page(visit, &Typed::default(), StatusCode::OK).await;
        }
        let form = match self.form(visit, body).await {
            Ok(form) => form,
            Err(reply) => return reply,
        };
        let typed = Typed::of(&form);
        let changed = match typed.asks(&self.settings.now(), visit.came_by.as_deref()) {
            Some(unchanged) => Err(unchanged),
            None => self.change(visit, typed.clone()).await,
        };
        let Err(unchanged) = changed else {
            return see_other(visit, &notice::telling(PAGE, "saved"));
        };
        let (status, typed) = typed.after(unchanged);
        if let Some(why) = typed.error.as_ref().filter(|_| status.is_server_error()) {
            error!("settings: {why}");
            line(visit, Outcome::Failed).with("why", why).write();
        }
        self.settings_page(visit, &typed, status).await
    }

    /// Has what is typed hold; each setting that is another one then is a line on the trail.
    async fn change(&self, visit: &Visit<'_>, typed: Typed) -> Result<(), Unchanged> {
        let settings = Arc::clone(&self.settings);
        let (who, from) = (visit.caller.user().map(str::to_owned), visit.from);
        let change = move || {
            let tell = |changed: &[Changed]| {
                for Changed { key, value } in changed {
                    let line = line_of(who.as_deref(), from, Outcome::Ok);
                    line.with("setting", key).with("value", value).write();
                }
            };
            settings.change(&|key| typed.get(key), typed.mark.as_deref(), &tell)
        };
        let changed = spawn_blocking(change).await;
        changed.unwrap_or_else(|panic| Err(Unchanged::NoPlace(std::io::Error::other(panic))))
    }

    async fn settings_page(&self, visit: &Visit<'_>, typed: &Typed, status: StatusCode) -> Reply {
        let config = typed.meanwhile.clone().unwrap_or_else(|| self.settings.now());
        let waiting = self.settings.waiting();
        let fields: Vec<SettingField> =
            config.fields().iter().map(|field| shown(field, &config, typed, &waiting)).collect();
        let is_other = |view: &SettingView| !fields.iter().any(|field| field.key == view.key);
        let rows = config
            .settings()
            .into_iter()
            .filter(is_other)
            .map(|view| row(view, &waiting))
            .collect();
        let mut warnings = config.warnings.clone();
        warnings.extend(self.strangers_aside().await);
        warnings.extend(config.ignores_saved().then(|| IGNORED.to_owned()));
        if !waiting.is_empty() {
            let named =
                |key: &&'static str| if label(key).0.is_empty() { *key } else { label(key).0 };
            let labels: Vec<&str> = waiting.iter().map(named).collect();
            warnings.push(format!("{}: another one holds until a restart.", labels.join(", ")));
        }
        let page = SettingsPage {
            frame: self.frame(visit).here("settings"),
            csrf: &self.csrf(visit),
            mark: &self.settings.mark(&config),
            error: typed.error.as_deref(),
            warnings: &warnings,
            file: &config.saved_in().display().to_string(),
            fields,
            rows,
        };
        page.reply(status)
    }

    /// What is odd about the names that rules use. Blocks.
    pub fn strangers(&self) -> Vec<String> {
        strangers(&self.access, &self.settings.now())
    }

    async fn strangers_aside(&self) -> Vec<String> {
        let (access, config) = (Arc::clone(&self.access), self.settings.now());
        spawn_blocking(move || strangers(&access, &config)).await.unwrap_or_default()
    }
}

fn strangers(access: &Access, config: &Config) -> Vec<String> {
    access.strangers(&config.access).unwrap_or_else(|denied| {
        error!("{denied}");
        Vec::new()
    })
}

fn label(key: &str) -> (&'static str, &'static str) {
    let found = LABELS.iter().find(|(one, _, _)| *one == key);
    found.map_or(("", ""), |(_, label, more)| (label, more))
}

fn shown(field: &Field, config: &Config, typed: &Typed, waiting: &[&str]) -> SettingField {
    let (label, more) = label(field.key);
    let saved = typed.get(field.key).unwrap_or(&field.saved);
    let from = match config.origin(field.key) {
        Origin::Saved => "this page".to_owned(),
        origin => from(origin, field.env),
    };
    let value = if field.value.is_empty() { "empty" } else { &field.value };
    SettingField {
        key: field.key,
        label,
        doc: format!("{} {more}", field.doc.replace('\n', " ")).trim_end().to_owned(),
        typed: saved.to_owned(),
        choices: match field.kind {
            Kind::Text => &[],
            Kind::OneOf(choices) => choices,
        },
        otherwise: field.otherwise.clone(),
        is: match config.origin(field.key) {
            // That is what `from` is.
            Origin::Environment => format!("Is {value} ({from})."),
            _ => format!("Is {value} ({from}); {}.", field.env),
        },
        error: typed.errors.get(field.key).cloned(),
        waits: waiting.contains(&field.key),
        confirmed: typed.confirmed.filter(|_| field.key == BASE_URL),
    }
}

fn row(view: SettingView, waiting: &[&str]) -> SettingRow {
    let mut from = from(view.origin, view.env);
    if waiting.contains(&&*view.key) {
        from += "; needs a restart";
    }
    SettingRow { key: view.key.into_owned(), env: view.env, value: view.value, doc: view.doc, from }
}

fn from(origin: Origin, env: &str) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::File => "file".to_owned(),
        Origin::Environment => env.to_owned(),
        Origin::Saved => "this page".to_owned(),
    }
}

fn line(visit: &Visit<'_>, outcome: Outcome) -> Line {
    line_of(visit.caller.user(), visit.from, outcome)
}

fn line_of(who: Option<&str>, from: Option<IpAddr>, outcome: Outcome) -> Line {
    Line::of(Deed::Settings, outcome, who, from.map(|from| from.to_string()).as_deref())
}
