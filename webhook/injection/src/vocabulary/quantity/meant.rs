//! What a text that is not a quantity was meant to be.

use super::canonical;

/// What to write in its place: for memory both that are near, as `64Mi or 64M` for `64MB`.
pub(crate) fn meant(text: &str, is_cpu: bool) -> Option<String> {
    // Longer than any quantity that somebody means, and anybody's text.
    if text.len() > 40 {
        return None;
    }
    let text: String = text.split_whitespace().collect();
    let text = text.replace(',', ".").to_lowercase();
    let end = text.find(|it: char| !it.is_ascii_digit() && it != '.')?;
    let (number, unit) = text.split_at(end);
    let suffixes: &[&str] = match (is_cpu, unit) {
        (true, "m" | "mi" | "mcpu" | "millicpu" | "millicore" | "millicores" | "mcores") => &["m"],
        (true, "c" | "core" | "cores" | "cpu" | "cpus" | "vcpu" | "vcpus")
        | (false, "b" | "byte" | "bytes") => &[""],
        (false, "k" | "kb" | "kib" | "ki") => &["Ki", "k"],
        (false, "m" | "mb" | "mib" | "mi" | "meg" | "megs" | "megabytes") => &["Mi", "M"],
        (false, "g" | "gb" | "gib" | "gi" | "gig" | "gigs" | "gigabytes") => &["Gi", "G"],
        (false, "t" | "tb" | "tib" | "ti") => &["Ti", "T"],
        _ => return None,
    };
    let meant: Vec<String> = suffixes
        .iter()
        .map(|suffix| format!("{number}{suffix}"))
        .collect();
    let are_quantities = meant.iter().all(|it| canonical(it).is_ok());
    are_quantities.then(|| meant.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_as_people_write_them_become_those_of_kubernetes() {
        for (text, is_cpu, expected) in [
            ("64MB", false, Some("64Mi or 64M")),
            ("64 mib", false, Some("64Mi or 64M")),
            ("1,5GB", false, Some("1.5Gi or 1.5G")),
            ("1K", false, Some("1Ki or 1k")),
            ("2 TB", false, Some("2Ti or 2T")),
            ("100bytes", false, Some("100")),
            ("250 m", true, Some("250m")),
            ("2cores", true, Some("2")),
            ("lots", false, None),
            ("64", false, None),
            ("MB", false, None),
            ("50%", true, None),
        ] {
            assert_eq!(meant(text, is_cpu).as_deref(), expected, "{text}");
        }
        let long = |digits: usize| "1".repeat(digits) + "mb";
        assert!(meant(&long(38), false).is_some());
        assert_eq!(meant(&long(39), false), None);
    }
}
