//! One template of a dry run, and how it is shown.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use secret_files::{Reader, Target};
use templating::{Context, FileWrite, Outcome, Request, Template, TemplateError};
use vault_wire::visible;
use zeroize::Zeroizing;

use crate::config::{Environment, Output, Settings, TemplateSettings};
use crate::render;
use crate::store::Store;

/// What stands in place of a value.
const MASK: &str = "********";

/// A template and what became of it.
pub(super) struct Page {
    settings: TemplateSettings,
    template: Result<Template, String>,
    environment: Environment,
    shows_secrets: bool,
    wanted: BTreeSet<Request>,
    end: Option<Result<Shown, String>>,
}

/// What would be written.
struct Shown {
    text: Zeroizing<Vec<u8>>,
    files: Vec<FileWrite>,
}

impl Page {
    /// All templates.
    pub(super) fn all(settings: &Settings, reader: &Reader, shows_secrets: bool) -> Vec<Self> {
        let templates = settings.templates.iter();
        let parsed = render::parsed(&settings.templates, reader);
        let pages = templates.zip(parsed).map(|(template, parsed)| Self {
            settings: template.clone(),
            template: parsed,
            environment: settings.environment.clone(),
            shows_secrets,
            wanted: BTreeSet::new(),
            end: None,
        });
        pages.collect()
    }

    /// Renders with what is there, and has the store fetch what is not; `true` while that is awaited.
    pub(super) fn waits_after_pass(&mut self, store: &mut Store) -> bool {
        if self.end.is_none() {
            self.end = self.pass(store).transpose();
        }
        self.end.is_none()
    }

    fn pass(&mut self, store: &mut Store) -> Result<Option<Shown>, String> {
        let template = self.template.as_ref().map_err(String::clone)?;
        let render = self.render(template, store, None);
        let render = render.map_err(|error| error.to_string())?;
        match render.outcome {
            Outcome::Complete(text) => match self.settings.output.misfit(&text) {
                Some(reason) => Err(reason),
                None if self.shows_secrets => Ok(Some(Shown {
                    text,
                    files: render.effects,
                })),
                None => self.masked(template, store).map(Some),
            },
            Outcome::Waiting { missing } => {
                for request in missing {
                    if let Some(trouble) = store.trouble(&request)
                        && trouble.exhausted
                    {
                        let name = self.settings.output.name();
                        return Err(format!("{name}: {}", trouble.reason));
                    }
                    if self.wanted.insert(request.clone()) {
                        let name = render::name_of(&request, |path| template.mentions(path));
                        store.want(&request, &name, None);
                    }
                }
                Ok(None)
            }
        }
    }

    fn render(
        &self,
        template: &Template,
        store: &Store,
        mask: Option<&str>,
    ) -> Result<templating::Render, TemplateError> {
        let environment = |name: &str| self.environment.get(name).map(str::to_owned);
        template.render(&Context {
            sandbox: self.settings.sandbox.as_deref(),
            mask,
            ..Context::new(store, &environment)
        })
    }

    /// The same with masks for values, also in further files: their content is one, and so may be
    /// path, user and group.
    fn masked(&self, template: &Template, store: &Store) -> Result<Shown, String> {
        let render = self.render(template, store, Some(MASK));
        let render = render.map_err(|error| error.to_string())?;
        let text = match render.outcome {
            Outcome::Complete(text) => text,
            Outcome::Waiting { .. } => Zeroizing::default(),
        };
        let known = |name: String| {
            if template.mentions(&name) {
                name
            } else {
                MASK.to_owned()
            }
        };
        let files = render.effects.into_iter().map(|file| FileWrite {
            path: known(file.path),
            user: known(file.user),
            group: known(file.group),
            content: Zeroizing::new(MASK.as_bytes().to_vec()),
            ..file
        });
        Ok(Shown {
            text,
            files: files.collect(),
        })
    }

    /// Ends the wait.
    pub(super) fn give_up(&mut self, after: Duration) {
        let name = self.settings.output.name();
        self.end
            .get_or_insert_with(|| Err(format!("{name}: Vault has not answered within {after:?}")));
    }

    /// Why there is nothing to show.
    pub(super) fn failure(self) -> Option<String> {
        self.end?.err()
    }

    /// Shows what would be written.
    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(Ok(shown)) = &self.end else {
            return Ok(());
        };
        for file in &shown.files {
            let how = format!(
                "mode {:04o}{}{}{}",
                file.mode,
                owner("user", &file.user),
                owner("group", &file.group),
                if file.append { ", appended" } else { "" }
            );
            show(out, &file.path, &how, &file.content)?;
        }
        match &self.settings.output {
            Output::File(target) => {
                show(out, &target.path.display(), &of_file(target), &shown.text)
            }
            Output::Variable(name) => show(out, name, &"variable", &shown.text),
            Output::Elsewhere(_) => Ok(()),
        }
    }
}

/// Shows where the token would be written.
pub(super) fn show_sink(out: &mut dyn Write, target: &Target) -> io::Result<()> {
    let how = format!("{}, the token", of_file(target));
    show(out, &target.path.display(), &how, MASK.as_bytes())
}

fn show(
    out: &mut dyn Write,
    place: &dyn fmt::Display,
    how: &dyn fmt::Display,
    text: &[u8],
) -> io::Result<()> {
    writeln!(out, "==> {}", visible(&format!("{place} ({how})")))?;
    out.write_all(text)?;
    let ending = if text.is_empty() || text.ends_with(b"\n") {
        "\n"
    } else {
        "\n\n"
    };
    out.write_all(ending.as_bytes())
}

/// The mode and owner that the file would have. Without one of its own it keeps that of the file there.
fn of_file(target: &Target) -> String {
    let there = || Some(fs::metadata(&target.path).ok()?.permissions().mode() & 0o7777);
    let mode = target.mode.or_else(there).unwrap_or(0o644);
    let number = |id: Option<u32>| id.map(|id| id.to_string()).unwrap_or_default();
    let (user, group) = (number(target.uid), number(target.gid));
    format!(
        "mode {mode:04o}{}{}",
        owner("user", &user),
        owner("group", &group)
    )
}

fn owner(kind: &str, name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!(", {kind} {name}")
    }
}
