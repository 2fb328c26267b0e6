//! Calls that read secrets.

use text_template::view::{Operand, Shape};

use crate::functions::vault::path::{Use, accepted};
use crate::lint::ApiPath;

use super::{EngineKind, Held, Problem, Read, Walk};

impl<'t> Walk<'t> {
    /// A call of `secrets`, which finds nothing at the empty path.
    pub(super) fn list(&mut self, path: Operand<'t>) {
        if let Shape::Text(written) = path.shape()
            && !written.is_empty()
            && let Err(fault) = accepted(written, Use::Any)
        {
            let problem = Problem::Path {
                function: "secrets",
                path: written,
                fault,
            };
            self.find(path.start(), problem);
        }
    }

    /// A call of `secret` or `pkiCert`.
    pub(super) fn read(
        &mut self,
        call: Operand<'t>,
        function: &'t str,
        arguments: &[Operand<'t>],
        is_piped: bool,
    ) -> Held {
        let Some((first, arguments)) = arguments.split_first() else {
            if !is_piped {
                self.find(call.start(), Problem::NoPath { function });
            }
            self.report.is_complete = false;
            return Held::Unknown;
        };
        let Shape::Text(written) = first.shape() else {
            // A path that is made when the template is rendered.
            self.report.is_complete = false;
            return Held::Unknown;
        };
        let (is_certificate, is_write) = (function == "pkiCert", !arguments.is_empty() || is_piped);
        let use_of_path = if is_write && !is_certificate {
            Use::Any
        } else {
            Use::Relative
        };
        if let Err(fault) = accepted(written, use_of_path) {
            let path = written;
            self.find(
                first.start(),
                Problem::Path {
                    function,
                    path,
                    fault,
                },
            );
            self.report.is_complete = false;
            return Held::Unknown;
        }
        let texts: Option<Vec<&str>> = arguments
            .iter()
            .map(|argument| match argument.shape() {
                Shape::Text(text) => Some(text),
                _ => None,
            })
            .collect();
        for argument in arguments {
            if let Shape::Text(text) = argument.shape()
                && !text.is_empty()
                && !text.contains('=')
            {
                self.find(argument.start(), Problem::NoPair { argument: text });
            }
        }
        let (api, read) = (ApiPath::new(written), self.report.reads.len());
        let path = api.as_str();
        if api.is_address() {
            self.find(call.start(), Problem::Address { path });
        }
        let engine = api.engine();
        if engine == EngineKind::Certificate && !is_certificate {
            let problem = if is_write {
                Problem::CertificateWrite { path, read }
            } else {
                Problem::CertificateRead { path }
            };
            self.find(call.start(), problem);
        }
        self.engines.push((engine, call.start()));
        self.report.reads.push(Read {
            path,
            arguments: texts.filter(|_| !is_piped),
            is_certificate,
            keys: Vec::new(),
        });
        if is_certificate {
            Held::Certificate(read)
        } else {
            Held::Secret(read)
        }
    }
}
