//! Instants as RFC 3339, for whatever type holds them.
//!
//! One reader and one writer for all crates: each has its own idea of leap seconds, missing digits and large years.

/// A point in time, and the offset from UTC in which it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    pub(super) seconds: i64,
    /// Nanoseconds after them, below 10^9.
    pub(super) nanos: u32,
    /// Minutes that the local time is ahead of UTC.
    pub(super) offset: i16,
}

impl Instant {
    /// Returns an instant in UTC.
    pub(super) fn utc(seconds: i64, nanos: u32) -> Self {
        Self {
            seconds,
            nanos,
            offset: 0,
        }
    }

    /// Writes `2026-11-22T23:42:11.5+01:00`, or nothing if the local year isn't one of 0000 to 9999.
    pub(super) fn to_text(self) -> Option<String> {
        let local = self.seconds.checked_add(i64::from(self.offset) * 60)?;
        let (days, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = date_of(days)?;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if self.nanos > 0 {
            let digits = format!(".{:09}", self.nanos);
            text.push_str(digits.trim_end_matches('0'));
        }
        if self.offset == 0 {
            text.push('Z');
        } else {
            let sign = if self.offset < 0 { '-' } else { '+' };
            let minutes = self.offset.unsigned_abs();
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        Some(text)
    }

    /// Reads what RFC 3339 allows and a JavaScript `Date` understands: no leap second, at most nine digits of a second.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut rest = Rest(text.as_bytes());
        let year = rest.number(4)?;
        rest.one_of(b"-")?;
        let month = rest.number(2)?;
        rest.one_of(b"-")?;
        let day = rest.number(2)?;
        rest.one_of(b"Tt")?;
        let hour = rest.number(2)?;
        rest.one_of(b":")?;
        let minute = rest.number(2)?;
        rest.one_of(b":")?;
        let second = rest.number(2)?;
        let nanos = rest.fraction()?;
        let offset = rest.offset()?;
        let in_range = (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !in_range || !rest.0.is_empty() {
            return None;
        }
        let local = days_until(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
        Some(Self {
            seconds: local - offset * 60,
            nanos,
            offset: i16::try_from(offset).ok()?,
        })
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        bytes.contains(&first).then_some(first)
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 10 + i64::from(self.one_of(b"0123456789")? - b'0');
        }
        Some(number)
    }

    /// The digits behind a dot, as nanoseconds; no dot is none.
    fn fraction(&mut self) -> Option<u32> {
        if self.0.first() != Some(&b'.') {
            return Some(0);
        }
        self.0 = self.0.get(1..)?;
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        let mut nanos = u32::try_from(self.number(digits)?).ok()?;
        for _ in digits..9 {
            nanos *= 10;
        }
        Some(nanos)
    }

    /// `Z`, or hours and minutes, as minutes.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2)?;
        self.one_of(b":")?;
        let minutes = self.number(2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Days of 400 years, after which the calendar is the same again.
const ERA: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01. Counted from March, a leap day is the last of its year.
const EPOCH: i64 = 719_468;

/// Days from 1970-01-01 to a date.
fn days_until(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * ERA + year * 365 + year / 4 - year / 100 + day_of_year - EPOCH
}

/// The date so many days after 1970-01-01, if its year has four digits.
fn date_of(days: i64) -> Option<(i64, i64, i64)> {
    let days = days.checked_add(EPOCH)?;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    (0..=9999).contains(&year).then_some((year, month, day))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_are_written_and_read() {
        let cases = [
            (Instant::utc(0, 0), "1970-01-01T00:00:00Z"),
            (Instant::utc(-1, 999_000_000), "1969-12-31T23:59:59.999Z"),
            (Instant::utc(951_782_400, 1), "2000-02-29T00:00:00.000000001Z"),
            (Instant::utc(-62_167_219_200, 0), "0000-01-01T00:00:00Z"),
            (
                Instant::utc(253_402_300_799, 999_999_999),
                "9999-12-31T23:59:59.999999999Z",
            ),
            (
                Instant {
                    seconds: 1_700_000_000,
                    nanos: 500_000_000,
                    offset: -210,
                },
                "2023-11-14T18:43:20.5-03:30",
            ),
        ];
        for (instant, text) in cases {
            assert_eq!(instant.to_text().as_deref(), Some(text));
            assert_eq!(Instant::from_text(text), Some(instant), "{text}");
        }
    }

    #[test]
    fn every_day_of_ten_thousand_years_has_its_date() {
        let (first, last) = (days_until(0, 1, 1), days_until(9999, 12, 31));
        let mut expected = (0, 1, 1);

        for days in first..=last {
            assert_eq!(date_of(days), Some(expected));
            assert_eq!(days_until(expected.0, expected.1, expected.2), days);
            expected.2 += 1;
            if expected.2 > days_of_month(expected.0, expected.1) {
                expected = (expected.0, expected.1 + 1, 1);
            }
            if expected.1 > 12 {
                expected = (expected.0 + 1, 1, 1);
            }
        }

        assert_eq!(expected, (10_000, 1, 1));
    }

    #[test]
    fn years_of_other_than_four_digits_have_no_form() {
        assert_eq!(Instant::utc(253_402_300_800, 0).to_text(), None);
        assert_eq!(Instant::utc(-62_167_219_201, 0).to_text(), None);
        assert_eq!(Instant::utc(i64::MAX, 0).to_text(), None);
        assert_eq!(Instant::utc(i64::MIN, 0).to_text(), None);
    }

    #[test]
    fn what_is_nearly_right_is_refused() {
        for wrong in [
            "",
            "2023-11-14",
            "2023-11-14T18:43:20",
            "2023-11-14 18:43:20Z",
            "2023-11-14T18:43Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T23:59:60Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-01-00T00:00:00Z",
            "2023-1-1T00:00:00Z",
            "2023-01-01T00:00:00.Z",
            "2023-01-01T00:00:00.1234567890Z",
            "2023-01-01T00:00:00+1",
            "2023-01-01T00:00:00+24:00",
            "2023-01-01T00:00:00+01:60",
            "2023-01-01T00:00:00+0100",
            "2023-01-01T00:00:00Z ",
            "+002023-01-01T00:00:00Z",
            "٢023-01-01T00:00:00Z",
        ] {
            assert_eq!(Instant::from_text(wrong), None, "{wrong}");
        }
    }
}
