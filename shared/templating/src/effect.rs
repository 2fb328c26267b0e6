//! What a template does besides its own text. A pass only collects it: the caller applies it once
//! the pass is complete, so that half a render leaves no trace.

use std::fmt;

use text_template::CallError;
use text_template::buffer::append;
use zeroize::Zeroizing;

/// A file that a template wants written.
#[derive(PartialEq, Eq)]
pub struct FileWrite {
    /// The path as the template gives it.
    pub path: String,
    /// The owner by name or number; empty where it stays.
    pub user: String,
    /// The group by name or number; empty where it stays.
    pub group: String,
    /// The file's mode.
    pub mode: u32,
    /// The content goes behind what the file has, instead of in its place.
    pub append: bool,
    /// The bytes.
    pub content: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for FileWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileWrite")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A template that writes more files than this is a mistake.
const MOST_FILES: usize = 1000;

/// The files of a pass in the order of their first write, one entry a file.
#[derive(Default)]
pub(crate) struct Effects(pub(crate) Vec<FileWrite>);

impl Effects {
    /// Adds a write. What was written to the same path before is kept only by one that appends.
    pub(crate) fn add(&mut self, new: FileWrite, limit: usize) -> Result<(), CallError> {
        let others = self
            .0
            .iter()
            .map(|write| write.content.len())
            .sum::<usize>();
        if others.saturating_add(new.content.len()) > limit {
            return Err(CallError::new(format!(
                "the written files together take more than {limit} bytes"
            )));
        }
        let Some(old) = self.0.iter_mut().find(|old| old.path == new.path) else {
            if self.0.len() == MOST_FILES {
                return Err(CallError::new(format!(
                    "a template writes at most {MOST_FILES} files"
                )));
            }
            self.0.push(new);
            return Ok(());
        };
        if new.append {
            append(&mut old.content, &new.content);
            *old = FileWrite {
                append: old.append,
                content: std::mem::take(&mut old.content),
                ..new
            };
        } else {
            *old = new;
        }
        Ok(())
    }
}
