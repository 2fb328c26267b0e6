use proptest::prelude::*;

use super::*;

fn nanos(text: &str) -> i64 {
    text.parse::<GoDuration>().unwrap().as_nanos()
}

#[test]
fn reads_every_unit_sign_and_fraction() {
    assert_eq!(nanos("1m30s"), 90 * SECOND);
    assert_eq!(nanos("1.5h"), 5400 * SECOND);
    assert_eq!(nanos("-1s"), -SECOND);
    assert_eq!(nanos("+.5s"), SECOND / 2);
    assert_eq!(nanos("5.s"), 5 * SECOND);
    assert_eq!(nanos("1us"), 1_000);
    assert_eq!(nanos("1\u{b5}s"), 1_000);
    assert_eq!(nanos("1\u{3bc}s"), 1_000);
    assert_eq!(nanos("0.0000000001s"), 0);
    assert_eq!(nanos("0"), 0);
    assert_eq!(nanos("2562047h47m16.854775807s"), i64::MAX);
}

#[test]
fn says_what_is_wrong_in_the_words_that_users_know() {
    let message = |text: &str| text.parse::<GoDuration>().unwrap_err().to_string();
    assert_eq!(message("10"), "time: missing unit in duration \"10\"");
    assert_eq!(message(""), "time: invalid duration \"\"");
    assert_eq!(message(".s"), "time: invalid duration \".s\"");
    assert_eq!(
        message("1 s"),
        "time: unknown unit \" s\" in duration \"1 s\""
    );
    assert_eq!(
        message("1h-1m"),
        "time: unknown unit \"h-\" in duration \"1h-1m\""
    );
    assert_eq!(message("2562048h"), "time: invalid duration \"2562048h\"");
    assert_eq!(
        message("9223372036854775808ns"),
        "time: invalid duration \"9223372036854775808ns\""
    );
}

#[test]
fn prints_as_go_prints() {
    for text in [
        "0s", "1ns", "1\u{b5}s", "300ms", "1.5s", "1m0s", "1h30m0s", "-2m0.25s",
    ] {
        assert_eq!(text.parse::<GoDuration>().unwrap().to_string(), text);
    }
}

#[test]
fn configuration_durations_may_be_days_or_bare_seconds() {
    let seconds = |text: &str| GoDuration::parse_seconds(text).map(GoDuration::as_nanos);
    assert_eq!(seconds("10"), Ok(10 * SECOND));
    assert_eq!(seconds("+5"), Ok(5 * SECOND));
    assert_eq!(seconds("5d"), Ok(432_000 * SECOND));
    assert_eq!(seconds(""), Ok(0));
    assert_eq!(seconds("1m"), Ok(60 * SECOND));
    assert!(seconds("1d12h").is_err());
    assert!(seconds("1.5").is_err());
    assert!(matches!(
        seconds("9999999999"),
        Err(DurationError::TooLong(_))
    ));
}

#[test]
fn json_takes_text_or_seconds() {
    let read = |json: &str| serde_json::from_str::<GoDuration>(json).unwrap();
    assert_eq!(read("\"1m\""), read("60"));
    assert!(serde_json::from_str::<GoDuration>("true").is_err());
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(nanoseconds: i64) {
        let duration = GoDuration::from_nanos(nanoseconds);
        // Go cannot read back its own smallest value: the magnitude does not fit.
        prop_assume!(nanoseconds != i64::MIN);
        prop_assert_eq!(duration.to_string().parse::<GoDuration>(), Ok(duration));
    }

    #[test]
    fn no_text_panics(text: String) {
        let _ = text.parse::<GoDuration>();
        let _ = GoDuration::parse_seconds(&text);
    }
}
