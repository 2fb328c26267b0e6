//! The names that every process has for its own descriptors.

use std::path::Path;

/// The number of the descriptor that this path names, see `proc_pid_fd(5)`.
pub(crate) fn number(path: &Path) -> Option<u32> {
    match path.to_str()? {
        "/dev/stdin" => Some(0),
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        path => {
            let number = path
                .strip_prefix("/dev/fd/")
                .or_else(|| path.strip_prefix("/proc/self/fd/"))?;
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            number.parse().ok().filter(|_| is_number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_have_several_names_and_other_files_have_no_number() {
        for (path, expected) in [
            ("/dev/stdin", Some(0)),
            ("/dev/stdout", Some(1)),
            ("/dev/stderr", Some(2)),
            ("/dev/fd/63", Some(63)),
            ("/proc/self/fd/2", Some(2)),
            ("/dev/fd/+2", None),
            ("/dev/fd/", None),
            ("/dev/null", None),
            ("/proc/1/fd/2", None),
            ("dev/stdout", None),
        ] {
            assert_eq!(number(Path::new(path)), expected, "{path}");
        }
    }
}
